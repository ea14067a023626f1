"""Check and measure the video that a request wants edited."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sora_mcp.domain import CONTINUES, EDITS, Clip, Offer, VideoRequest
from sora_mcp.domain.broken_rule import BrokenRule

SPARE_S = 0.05
"""What a file lasts longer than the seconds that were ordered counts for nothing."""


ANY_CLIP, ANY_FILE = "https://example.com/clip.mp4", "data:video/mp4;base64,"
"""Stand for any video to edit where only the price counts: one at a link, and one that is sent."""


def name_clip(offer: Offer, seconds: object) -> Clip | None:
    """Return any video to continue, or of so many seconds to edit; None at an offer that takes none."""
    if offer.video is None:
        return None
    if offer.video.continues:
        return Clip(ANY_CLIP, is_continued=True)
    return Clip(
        ANY_CLIP if offer.video.urls else ANY_FILE, duration_s=min(seconds, offer.video.seconds[1]) if type(seconds) is int else None
    )


def is_any(clip: Clip) -> bool:
    """Return whether this stands for any video."""
    return clip.uri in (ANY_CLIP, ANY_FILE)


def check_clip(request: VideoRequest, offer: Offer) -> Iterator[BrokenRule]:
    """Yield what is wrong with the video to edit or to continue. No wording asks to leave it out: that would make another video."""
    clip, rule = request.clip, offer.video
    argument = CONTINUES if clip is not None and clip.is_continued else EDITS
    if rule is None:
        if clip is not None:
            yield BrokenRule(EDITS, None, "asked of a model that edits videos: this one only makes new ones", "invalid_argument")
    elif rule.continues and (clip is None or not clip.is_continued):
        yield BrokenRule(CONTINUES, None, "given: this model goes on from a finished clip", "invalid_argument")
    elif clip is None:
        yield BrokenRule(EDITS, None, "given: this model changes a video", "invalid_argument")
    elif clip.is_url and not rule.urls:
        yield BrokenRule(argument, None, "a finished job or a file: this vendor fetches no links", "invalid_argument")
    elif clip.duration_s is not None and not rule.seconds[0] <= clip.duration_s <= rule.seconds[1]:
        cut = " (edit_video trims it for free)" if clip.duration_s > rule.seconds[1] else ""
        allowed = f"{rule.seconds[0]} to {rule.seconds[1]} s long{cut}"
        yield BrokenRule(argument, f"{clip.duration_s:.3g} s", allowed, "invalid_argument")
    elif clip.bytes is not None and clip.bytes > rule.most_bytes:
        yield BrokenRule(argument, f"{clip.bytes} bytes", f"at most {rule.most_bytes} bytes", "invalid_argument")
    elif offer.keeps_length and request.seconds is not None:
        length = measure_clip(clip, offer)
        if (type(request.seconds), request.seconds) != (int, length):
            yield BrokenRule("seconds", request.seconds, f"{length}, the length of the video", "invalid_seconds")


def measure_clip(clip: Clip, offer: Offer) -> int:
    """Return the seconds that are paid for: begun ones count, and of a video at an address the most that the offer takes."""
    return offer.seconds[-1] if clip.duration_s is None else max(math.ceil(clip.duration_s - SPARE_S), 1)
