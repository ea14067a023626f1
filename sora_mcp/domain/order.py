"""An order, and its price."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sora_mcp.domain.money import Micros
from sora_mcp.domain.offer import STALE, Confidence, Offer, Scalar, Size
from sora_mcp.domain.request import CONTINUES, EDITS, FIRST_FRAME, PICTURES, Clip, Image

Facts = Mapping[str, Scalar | None]
QUOTE_GOOD_FOR_S = 15 * 60
"""How long a price may be agreed to, and how long a price that a vendor named counts."""


@dataclass(frozen=True)
class Order:
    """A request as one offer takes it: every field filled in, every value in the vendor's own range."""

    offer: Offer
    prompt: str
    size: Size
    seconds: int
    image: Image | None
    options: Mapping[str, Scalar]
    """Only what the offer sells, with its defaults; `variation` is not among them."""
    clip: Clip | None = None
    """The video to edit or to continue."""
    why: str | None = None
    """Why it is this offer, as a sentence, where the caller left that open."""
    warnings: tuple[str, ...] = ()
    """Remarks on the video that stay true when it is finished."""

    @property
    def slug(self) -> str:
        """The vendor's name or path of the model, which may differ with a first frame or an option."""
        return self.offer.find_slug(self.options, with_image=self.image is not None)

    @property
    def missing(self) -> date | None:
        """The day on which the vendor said that it does not have this mode of the model, or not now; None where it did not."""
        return self.offer.missing.get(self.slug)

    @property
    def pictures(self) -> int:
        """The number of pictures that are sent: the first frame, and those that options name."""
        return (self.image is not None) + sum(len(str(self.options.get(name, "")).split()) for name in PICTURES)

    @property
    def sound(self) -> bool | None:
        """True or False where it is known that the video will have sound, or none; else None."""
        audio = self.options.get("audio")
        return audio if isinstance(audio, bool) else self.offer.sound

    @property
    def stored_options(self) -> Mapping[str, Scalar]:
        """The options as a job remembers them, with the name of the first frame, and of the video that is sent: addresses of pictures,
        but not megabytes of their bytes, which the paid call has."""
        options = {name: _shorten(str(value)) if name in PICTURES else value for name, value in self.options.items()}
        origin = None if self.image is None else self.image.origin
        if self.clip is not None:
            return {**options, CONTINUES if self.clip.is_continued else EDITS: self.clip.job_id or _shorten(self.clip.uri)}
        return options if origin is None else {**options, FIRST_FRAME: origin}

    @functools.cached_property
    def facts(self) -> Facts:
        """The values that rules and rates may depend on."""
        return {
            "size": self.size.text,
            "ratio": self.size.ratio,
            "resolution": self.size.resolution,
            "seconds": self.seconds,
            "image": self.image is not None,
            **({"referenced": True} if self.options.get("references") else {}),
            **self.options,
        }


@dataclass(frozen=True)
class Quote:
    """The price of an order, with its basis and source."""

    micros: Micros
    basis: str
    source: str
    checked: date
    confidence: Confidence

    def describe_doubt(self, today: date, whose: str = "Its") -> str:
        """Return why a person has to agree to the price however low it is, as a sentence; empty where it is stated and fresh."""
        if self.confidence == "derived":
            return f"{whose} price is our own calculation."
        return f"{whose} price was last checked on {self.checked}." if today - self.checked > STALE else ""

    def name_doubt(self) -> str:
        """Return the same as the end of a clause, of a price about which there is a doubt."""
        return "our own calculation" if self.confidence == "derived" else f"a price last checked on {self.checked}"


def _shorten(pictures: str) -> str:
    """Return the addresses, and in place of every picture that is sent the hash of its `data:` URI."""
    images = [Image(uri) for uri in pictures.split()]
    return " ".join(image.uri if image.is_url else f"sha256:{image.sha256[:16]}" for image in images)
