"""Ready-made values of the house's nouns, for tests to change with `replace`."""

from __future__ import annotations

from datetime import date
from typing import Any

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.domain import Clip, Image, Job, Offer
from sora_mcp.domain.money import Micros
from sora_mcp.vendors import EVERY


def a_job() -> Job:
    """A queued job of Muvi's Sora 2."""
    return Job(
        id="v_0123456789",
        principal="local",
        state="queued",
        vendor="muvi",
        model="muvi:sora-2",
        prompt="A paper boat drifts down a rainy street",
        size="1280x720",
        seconds=4,
        options={},
        with_image=False,
        warnings=(),
        micros=Micros(400_000),
        actual=None,
        charged="held",
        basis="$0.10/s x 4 s",
        source="https://developer.muvi.video/docs/models/video/openai/sora-2-text-to-video",
        checked=date(2026, 11, 20),
        confidence="listed",
        created_at=1_795_176_000.0,
        updated_at=1_795_176_000.0,
        expected_s=180,
        version=1,
    )


def name_inputs(offer: Offer, seconds: int | None = None) -> dict[str, Any]:
    """What a request needs at an offer that makes nothing from words alone: a first frame, or a video of so many seconds."""
    if offer.video is not None:
        lasts = None if seconds is None else min(seconds, offer.video.seconds[1])
        uri = "https://example.com/clip.mp4" if offer.video.urls else "data:video/mp4;base64,AAAA"
        return {"edits": Clip(uri, duration_s=lasts, is_continued=bool(offer.video.continues))}
    return {} if offer.text else {"image": Image("https://example.com/a.png")}


def find_offer(name: str) -> Offer:
    """Return the offer of this id."""
    found = Catalogue(EVERY).get(name)
    assert found is not None
    return found
