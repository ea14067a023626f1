"""Offers, with their rules and rates."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from sora_mcp.domain.money import Micros
from sora_mcp.domain.pause import Pause

Scalar = str | int | float | bool
Confidence = Literal[
    "listed",  # the vendor's own page, or what a dated source quotes of it
    "live",  # the vendor's own answer, now
    "configured",  # the user's price file
    "derived",  # a sum of ours, of numbers that stand there
]
Per = Literal["second", "video"]
NOTHING = Micros(0)
USUAL_SHAPES = ("16:9", "9:16")
RESOLUTION = re.compile(r"(?<!\S)([0-9]+)([pPkK])(?!\S)")
STALE = timedelta(days=90)
"""A price that nobody looked up for longer needs a person's yes each time."""


@dataclass(frozen=True)
class Size:
    """A picture's format as one offer sells it.

    `text` is `1280x720` where the pixels are documented, else `16:9`, `16:9 720p`, `720p`, or `auto` where the first frame decides: in
    one spelling, whatever the vendor's own is.
    """

    text: str
    ratio: str | None = None
    resolution: str | None = None
    """As the vendor writes it: `720P`, `4k`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _spell_resolution(self.text))

    @functools.cached_property
    def plain_resolution(self) -> str:
        """The resolution as people write it; empty where no page names one."""
        return _spell_resolution(self.resolution or "")

    @functools.cached_property
    def pixels(self) -> tuple[int, int] | None:
        """Width and height, where the vendor documents them."""
        width, x, height = self.text.partition("x")
        return (int(width), int(height)) if x and width.isdecimal() and height.isdecimal() else None


@functools.lru_cache(maxsize=1024)
def _spell_resolution(text: str) -> str:
    """Return a size with its resolution as people write it: `720p`, `4K`."""
    return RESOLUTION.sub(lambda found: found[1] + ("p" if found[2] in "pP" else "K"), text)


@dataclass(frozen=True)
class Text:
    """Any text of at most `most` characters."""

    most: int


@dataclass(frozen=True)
class Link:
    """One to `most` pictures with blanks between them, each in a form that the offer's `image` takes."""

    most: int = 1


Allowed = tuple[Scalar, ...] | tuple[Size, ...] | range | Text | Link
When = Mapping[str, Scalar | tuple[Scalar, ...]]


@dataclass(frozen=True)
class Rule:
    """The values that one parameter may have, where `when` holds. A parameter without a rule is not sold."""

    param: str
    """`size`, `seconds`, or the name of an option."""
    allowed: Allowed
    when: When = field(default_factory=dict[str, Scalar | tuple[Scalar, ...]])
    default: Scalar | None = None
    """Of an option: the value sent when the caller says nothing; None sends nothing."""

    @functools.cached_property
    def typed_values(self) -> frozenset[tuple[type, Scalar]]:
        """Return the values that are listed one by one, with their types: True is not 1, and 4.0 is not 4."""
        values = self.allowed if isinstance(self.allowed, tuple) else ()
        return frozenset((type(plain), plain) for plain in (v.text if isinstance(v, Size) else v for v in values))


@dataclass(frozen=True)
class Rate:
    """A price row: `micros` per second or per video, `times` a factor, where `when` holds, since a day."""

    micros: Micros
    per: Per
    when: When = field(default_factory=dict[str, Scalar | tuple[Scalar, ...]])
    times: str = "1"
    since: date | None = None
    picture: Micros = NOTHING
    """Besides, for every picture that is sent, beyond those that are free."""
    free_pictures: int = 0
    fee: Micros = NOTHING
    """Besides, once for every video."""
    least: Micros = NOTHING
    """No video costs less."""
    whole: Micros = NOTHING
    """The sum is rounded up to whole ones of these, such as a vendor's credits."""


@dataclass(frozen=True)
class ImageRule:
    """The first frames that a vendor takes."""

    urls: bool = True
    data: bool = True
    types: tuple[str, ...] = ("image/jpeg", "image/png", "image/webp")
    most_bytes: int = 10_000_000
    exact: bool = False
    """The picture must have the video's own width and height."""
    sides: tuple[int, int] | None = None
    """The least and the most that width and height may be."""
    most_stretch: float | None = None
    """How many times as long as the shorter side the longer one may be."""


@dataclass(frozen=True)
class VideoRule:
    """The videos that a vendor changes or continues: MP4 files, and where `urls` says so addresses that it fetches."""

    seconds: tuple[float, float]
    """The least and the most that one may last."""
    most_bytes: int = 16_000_000
    urls: bool = True
    continues: str = ""
    """The model of this vendor whose clips it goes on from, by as many seconds as the caller says; empty where it changes a video."""


@dataclass(frozen=True)
class Ended:
    """The end of a model at its maker, past or announced."""

    what: str
    by: str
    on: date
    source: str
    successor: str = ""
    """What its maker names in its place."""

    def describe(self, seller: str) -> str:
        """Return who ended it, and what the vendor with this title, which still sells it, may do, as a clause."""
        return f"{self.by} ended {self.what} on {self.on}; {seller} may refuse it"

    def announce(self) -> str:
        """Return who will end it and when, as a clause."""
        return f"{self.by} ends {self.what} on {self.on}" + (f"; {self.successor} follows it" if self.successor else "")


@dataclass(frozen=True)
class Offer:
    """One model as one vendor sells it. Its id is `vendor:model`."""

    model: str
    """Ours: what stands after the colon."""
    slug: str
    """The vendor's: the model's name or path for text to video, or for image to video when `text` is False."""
    rules: tuple[Rule, ...]
    rates: tuple[Rate, ...]
    """Empty: no source states a price."""
    source: str
    checked: date
    image_slug: str | None = None
    """The vendor's name or path when there is a first frame; None is the same as `slug`."""
    option_slugs: Mapping[str, str] = field(default_factory=dict[str, str])
    """The vendor's name or path when an option is given, such as `last_image`; the first that is given counts, before `image_slug`."""
    confidence: Confidence = "listed"
    text: bool = True
    """Can be made from words alone."""
    image: ImageRule | None = None
    video: VideoRule | None = None
    """The videos that it changes or continues. Such an offer makes none from words or from a picture."""
    prompt_max: int | None = None
    prompt_in_utf16: bool = False
    """Whether `prompt_max` counts UTF-16 units, of which an emoji has two, instead of characters."""
    prompt_with_image: bool = True
    """Whether the vendor documents a prompt beside a first frame."""
    expected_s: int = 120
    """How long one usually takes."""
    ends: Ended | None = None
    """Its announced end; from that day on the catalogue has it as `ended`."""
    ended: Ended | None = None
    sound: bool | None = None
    """Whether its clips have sound, where no option decides; None is "not documented"."""
    wants_form: bool = False
    """Whether the vendor takes the order as a form only."""
    vendor: str = ""
    """The name of the vendor that sells it: `Vendor` fills it in."""
    written: Offer | None = None
    """The offer with its dated price, where a live one took its place."""
    missing: Mapping[str, date] = field(default_factory=dict[str, date])
    """The vendor's names or paths of it that the vendor said within a day it does not have, or not now, and when."""
    overcharge: Pause | None = None
    """The last clip for which its vendor charged more than was quoted, while that model is paused; its own, where it is paused itself."""

    @functools.cached_property
    def id(self) -> str:
        """`vendor:model`."""
        return f"{self.vendor}:{self.model}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it may be called by: its id, the bare model, and the vendor's own name."""
        return self.id, self.model, f"{self.vendor}:{self.slug}".casefold()

    def expect(self, price: Micros) -> Micros:
        """Return what a clip of this price will probably cost: more than that where its vendor last charged more than was quoted."""
        return price if self.overcharge is None else self.overcharge.expect(price)

    @property
    def keeps_length(self) -> bool:
        """True where the result is as long as the video that it changes, so that nobody chooses its length."""
        return self.video is not None and not self.video.continues

    @functools.cached_property
    def modes(self) -> Mapping[str, str]:
        """The vendor's names or paths of it, each with what it is for, in words."""
        taken = ("edits", self.video), ("words", self.text and self.video is None), ("a first frame", self.image and self.video is None)
        found = dict[str, list[str]]()
        for words, is_sold in taken:
            if is_sold:
                found.setdefault(self.find_slug((), with_image=words == "a first frame"), []).append(words)
        for option, slug in self.option_slugs.items():
            found.setdefault(slug, []).append(option)
        return {slug: f"with {' or '.join(words)}" for slug, words in found.items()}

    def find_slug(self, options: Collection[str], *, with_image: bool) -> str:
        """Return the vendor's name or path for a clip with these options, with or without a first frame."""
        by_option = next((slug for option, slug in self.option_slugs.items() if option in options), None)
        return by_option or (with_image and self.image_slug) or self.slug

    @functools.cached_property
    def absent_on(self) -> date | None:
        """The day on which the vendor said that it does not have it, or not now, in any mode; None where a mode is left."""
        return max(self.missing.values()) if self.missing and self.missing.keys() >= self.modes.keys() else None

    @functools.cached_property
    def sizes_by_frame(self) -> Mapping[bool | None, tuple[Size, ...]]:
        """The sizes with a first frame (True), without one (False), and all of them (None): those of a usual shape first, as the first is
        taken where nothing says which."""

        def select(image: bool | None) -> tuple[Size, ...]:
            limits = [rule.typed_values for rule in self.conditional_rules if rule.param == "size" and rule.when == {"image": image}]
            legal = [size for size in self.sizes if all((str, size.text) in limit for limit in limits)]
            return tuple(sorted(legal, key=lambda size: size.ratio is not None and size.ratio not in USUAL_SHAPES))

        return {image: select(image) for image in (True, False, None)}

    @functools.cached_property
    def seconds_by_frame(self) -> Mapping[bool, tuple[int, ...]]:
        """The lengths with a first frame (True), and without one (False)."""

        def select(image: bool) -> tuple[int, ...]:
            limits = [rule.typed_values for rule in self.conditional_rules if rule.param == "seconds" and rule.when == {"image": image}]
            return tuple(seconds for seconds in self.seconds if all((int, seconds) in limit for limit in limits))

        return {image: select(image) for image in (True, False)}

    @functools.cached_property
    def sizes(self) -> tuple[Size, ...]:
        """Every size that is sold, in the offer's own order."""
        return tuple(value for value in self._list_values("size") if isinstance(value, Size))

    @functools.cached_property
    def seconds(self) -> tuple[int, ...]:
        """Every length that is sold, shortest first."""
        return tuple(sorted(value for value in self._list_values("seconds") if isinstance(value, int)))

    @functools.cached_property
    def options(self) -> tuple[Rule, ...]:
        """The rules of the vendor's extras."""
        return tuple(rule for rule in self.rules if rule.param not in ("size", "seconds") and not rule.when)

    @functools.cached_property
    def priced_by(self) -> frozenset[str]:
        """The facts of an order that its price depends on, beside its length."""
        return frozenset(name for rate in self.rates for name in rate.when)

    @functools.cached_property
    def conditional_rules(self) -> tuple[Rule, ...]:
        """The rules that only hold beside certain values of others."""
        return tuple(rule for rule in self.rules if rule.when)

    def _list_values(self, param: str) -> Iterator[object]:
        """Yield the values of the rules without a condition."""
        for rule in self.rules:
            if rule.param == param and not rule.when and not isinstance(rule.allowed, Text | Link):
                yield from rule.allowed


@dataclass(frozen=True)
class OwnModel:
    """A model that only the user knows, as the price file describes it."""

    sizes: tuple[str, ...] = ()
    seconds: tuple[int, ...] = ()
    image: bool = False
    form: bool = False
    """Whether its server takes multipart/form-data: vLLM-Omni takes nothing else, LiteLLM's proxy no picture otherwise."""
