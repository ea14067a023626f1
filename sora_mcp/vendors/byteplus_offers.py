"""Offers of BytePlus ModelArk: Seedance from its maker. https://docs.byteplus.com/en/docs/ModelArk/1544106

Videos are billed in tokens, of width x height x 24 / 1024 a second, and of one frame more: 5 s of 1080p were billed 245,025
tokens (2026-08-29). The dollars per million are the page's, as three programs carry them that agree (2026-07-31 to 2026-10-02).
Neither a negative prompt nor, for Seedance 2, a seed is a field. Edits and extensions of 2.0 and 2.5 are not offered: they bill the seconds
of the video that is sent as well, with a minimum that no source states in full.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sora_mcp.domain import ImageRule, Offer, Rate, Rule, Size
from sora_mcp.domain.money import PER_USD, Micros, ceil, parse_amount
from sora_mcp.vendors.shared.families import SEEDANCE_1_PIXELS, SEEDANCE_PIXELS, list_pixels
from sora_mcp.vendors.shared.responses import NOT_AS_DOCUMENTED
from sora_mcp.vendors.shared.sizes import AUDIO, LAST, SEED, allow_references, split_sizes

CHECKED = date(2026, 10, 2)
PRICES = "https://docs.byteplus.com/en/docs/ModelArk/1544106"
FRAMES_A_SECOND, PIXELS_A_TOKEN = 24, 1024
FRAME = ImageRule(sides=(300, 6000), most_stretch=2.5)
CAMERA = (Rule("camera_fixed", (True, False)), Rule("camera_fixed", (), {"image": True}))
MARK = Rule("watermark", (True, False))
PER_MILLION: dict[str, dict[str, str]] = {
    "dreamina-seedance-2-5-260628": {"720p": "10.7", "480p": "10.7", "1080p": "11.7"},
    "dreamina-seedance-2-0-260128": {"720p": "7", "480p": "7", "1080p": "7.7", "4k": "4"},
    "dreamina-seedance-2-0-fast-260128": {"720p": "5.6", "480p": "5.6"},
    "dreamina-seedance-2-0-mini-260615": {"720p": "3.5", "480p": "3.5"},
    "seedance-1-5-pro-251215": {"720p": "2.4", "480p": "2.4", "1080p": "2.4"},
    "seedance-1-0-pro-250528": {"1080p": "2.5", "720p": "2.5", "480p": "2.5"},
    "seedance-1-0-pro-fast-251015": {"1080p": "1", "720p": "1", "480p": "1"},
}
"""Dollars per million tokens, with sound. Only 1.5 charges half of it for silence."""
SILENT = {"seedance-1-5-pro-251215": Decimal("0.5")}


def _offer(model: str, slug: str, pixels: dict[str, str], lengths: range, *more: Rule) -> Offer:
    """Return an offer. With a first frame, the frame decides the ratio; each hold counts the ratio with the most pixels."""
    sizes = list_pixels(pixels, *PER_MILLION[slug])
    frames = tuple(Size(text, None, text) for text in PER_MILLION[slug])
    return Offer(
        model=model,
        slug=slug,
        rules=(*split_sizes(sizes, frames), Rule("seconds", lengths), *more, MARK),
        rates=tuple(_make_rates(slug, sizes)),
        source=PRICES,
        checked=CHECKED,
        confidence="derived",
        image=FRAME,
        expected_s=180,
        sound=None if AUDIO in more else False,
    )


def _make_rates(slug: str, sizes: tuple[Size, ...]) -> list[Rate]:
    """Return a rate per second and a fee of one frame, by resolution, and by sound where that has a price."""
    rates: list[Rate] = []
    for resolution, price in PER_MILLION[slug].items():
        frame = Decimal(max(_count_pixels(size) for size in sizes if size.resolution == resolution)) / PIXELS_A_TOKEN
        sounds = {True: Decimal(1), False: SILENT[slug]} if slug in SILENT else {None: Decimal(1)}
        for sound, factor in sounds.items():
            when = {"resolution": resolution} | ({} if sound is None else {"audio": sound})
            a_frame = frame * Decimal(price) * factor  # in micros: dollars per million tokens are micros per token
            rates.append(Rate(ceil(a_frame * FRAMES_A_SECOND), "second", when, fee=ceil(a_frame)))
    return rates


def _count_pixels(size: Size) -> int:
    width, height = size.pixels or (0, 0)
    return width * height


TWO = (AUDIO, *LAST)
OFFERS = (
    # Lengths, resolutions, 9 and 30 references, no seed and no fixed camera for 2.x: two programs that check them (2026-07 and 2026-10)
    _offer("seedance-2.0", "dreamina-seedance-2-0-260128", SEEDANCE_PIXELS, range(4, 16), *TWO, *allow_references(9)),
    _offer(
        "seedance-2.5",
        "dreamina-seedance-2-5-260628",
        SEEDANCE_PIXELS | {"480p": "854x480 480x854 640x640 752x560 560x752 992x432"},
        range(4, 31),
        *(*TWO, *allow_references(30)),
    ),
    _offer("seedance-2.0-fast", "dreamina-seedance-2-0-fast-260128", SEEDANCE_PIXELS, range(4, 16), *TWO, *allow_references(9)),
    _offer("seedance-2.0-mini", "dreamina-seedance-2-0-mini-260615", SEEDANCE_PIXELS, range(4, 16), *TWO, *allow_references(9)),
    _offer("seedance-1.5-pro", "seedance-1-5-pro-251215", SEEDANCE_PIXELS, range(4, 13), *TWO, SEED, *CAMERA),
    _offer("seedance-1-pro", "seedance-1-0-pro-250528", SEEDANCE_1_PIXELS, range(2, 13), *LAST, SEED, *CAMERA),
    _offer("seedance-1-pro-fast", "seedance-1-0-pro-fast-251015", SEEDANCE_1_PIXELS, range(2, 13), SEED, *CAMERA),
)


def read_cost(body: dict[str, Any]) -> Micros | None:
    """Return what the counted tokens cost; None where the answer does not say what they were spent on."""
    try:
        slug = body["model"]
        price = Decimal(PER_MILLION[slug][body["resolution"]]) * (SILENT[slug] if slug in SILENT and not body["generate_audio"] else 1)
        return parse_amount(body["usage"]["completion_tokens"] * price, per_usd=PER_USD)
    except NOT_AS_DOCUMENTED:
        return None
