"""A request as the caller made it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, cast

from sora_mcp.domain.money import Micros

MOST_TAKES = 10
"""Takes of one request."""
NAMED_OPTIONS = ("audio", "last_image", "references")
"""Options that are arguments of their own too, which mean the same."""
PICTURES = ("last_image", "references")
"""Options whose value is pictures."""
MOST_LISTED = 100
"""Addresses in one text that are told apart: many times what any model takes."""
FIRST_FRAME = "image"
"""The option of a job that is no option: the first frame, as the caller named it."""
EDITS = "edits"
"""The argument that names the video to edit; under this name a job remembers which it was."""
CONTINUES = "continues"
"""The argument that names the clip to go on from; under this name a job remembers which one its vendor continued."""
LOCAL = "local"
"""Whose the jobs of this machine's own user are, on stdio and at the command line."""


@dataclass(frozen=True)
class _Source:
    """A picture or a video that is sent with a prompt."""

    uri: str
    """`https://…`, or the bytes: `data:image/png;base64,…`."""
    is_sample: bool = field(default=False, kw_only=True)
    """Taken from a free sample clip, whose scene is not what its prompt asked for."""

    @property
    def is_url(self) -> bool:
        """True where the vendor fetches it: then nothing is known of it."""
        return not self.uri.startswith("data:")

    @functools.cached_property
    def sha256(self) -> str:
        """Of its address, or of its bytes as they are sent."""
        return hashlib.sha256(self.uri.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Image(_Source):
    """A first frame, measured from its header only."""

    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    job_id: str | None = None
    """The finished job that it was taken from."""
    origin: str | None = None
    """As the caller named it, unless that was its bytes."""


@dataclass(frozen=True)
class Clip(_Source):
    """A video that is to be edited or continued: its bytes, measured, or an address of which nothing is known."""

    bytes: int | None = None
    duration_s: float | None = None
    job_id: str | None = None
    """The finished job that made it."""
    is_continued: bool = False
    """Whether the vendor is to go on from it, instead of changing it."""


def read_uri(uri: str) -> Image:
    """Return the picture of an address, or of a `data:` URI as we write it, with its type and bytes."""
    head, comma, body = uri.partition(",")
    if not (comma and head.startswith("data:")):
        return Image(uri)
    return Image(uri, head.removeprefix("data:").partition(";")[0] or None, bytes=len(body.rstrip("=")) * 3 // 4)


def list_pictures(value: object) -> list[str]:
    """Return the pictures that an option names: addresses with blanks between are several, any other text is one.

    What stands behind MOST_LISTED addresses counts as one more.
    """
    if isinstance(value, str):
        words = value.split(maxsplit=MOST_LISTED)
        return words if all(word.casefold().startswith(("https://", "data:")) for word in words) else [value]
    texts = cast("list[object]", value) if isinstance(value, list | tuple) else []
    return [text for text in texts if isinstance(text, str)] if all(isinstance(text, str) for text in texts) else []


@dataclass(frozen=True)
class VideoRequest:
    """A video as the caller asked for it; None means that the caller left it open."""

    prompt: str
    model: str | None = None
    _: KW_ONLY
    size: str | None = None
    seconds: int | None = None
    image: str | Image | None = None
    """The first frame: as the caller named it, or, once it was read, measured."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The extras. Once they were read, the pictures among them are addresses and `data:` URIs, with blanks between."""
    arguments: frozenset[str] = frozenset()
    """Those of the options that the caller named as arguments of their own."""
    continues: str | None = None
    """The finished job that it goes on from; None once what it takes from there is filled in."""
    edits: str | Clip | None = None
    """The video to change by words: as the caller named it, or, once it was read, measured."""
    variations: int = 1
    """As many takes are made of it, at one price."""
    max_usd: Micros | None = None
    """The most that all of them may cost."""
    quote_id: str | None = None
    request_id: str | None = None

    def name_option(self, option: str) -> str:
        """Return what the caller knows the option as."""
        return option if option in self.arguments else f"options.{option}"

    @property
    def frame(self) -> Image | None:
        """The first frame that was read. TypeError while it is only named: nothing may be checked or bought without it."""
        if isinstance(self.image, str):
            raise TypeError("the first frame of this request was not read")
        return self.image

    @property
    def clip(self) -> Clip | None:
        """The video to edit that was read. TypeError while it is only named."""
        if isinstance(self.edits, str):
            raise TypeError("the video of this request was not read")
        return self.edits

    @property
    def is_fitted(self) -> bool:
        """True where the first frame will be cropped or padded (`options.fit`), so that its own size does not matter."""
        return self.frame is not None and not self.frame.is_url and self.options.get("fit") in ("crop", "pad")
