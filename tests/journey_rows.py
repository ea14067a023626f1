"""Every documented size and length of the first seven offers: what goes over the wire, and what it costs. Written out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.played.rig import PROMPT

URL = "https://pictures.example/boat.png"


@dataclass(frozen=True)
class Row:
    """One purchase: what is asked for, the vendor's own words for it, the price in micros."""

    size: str
    seconds: int
    words: dict[str, Any]
    micros: int


@dataclass(frozen=True)
class Sold:
    """One offer: its path, what its body is beside a row's words, for text and for a first frame, and its rows."""

    model: str
    path: str
    rows: tuple[Row, ...]
    text: dict[str, Any]
    image: dict[str, Any]
    """With `IMAGE` where the picture goes."""
    image_path: str = ""
    nested: bool = False
    """The words go under `input`."""

    @property
    def vendor(self) -> str:
        """Who sells it."""
        return self.model.partition(":")[0]

    def body(self, row: Row, image: str | None) -> dict[str, Any]:
        """The whole body of the one POST."""
        around = self.text if image is None else {name: image if value == "IMAGE" else value for name, value in self.image.items()}
        if not self.nested:
            return {**around, **row.words}
        inside = {name: value for name, value in around.items() if name != "model"}
        return {"model": around["model"], "input": {**inside, **row.words}}


def muvi(size: str, seconds: int, ratio: str, duration: str, resolution: str, micros: int) -> Row:
    return Row(size, seconds, {"aspect_ratio": ratio, "duration": duration} | ({"resolution": resolution} if resolution else {}), micros)


def mulerun(size: str, seconds: str, micros: int) -> Row:
    return Row(size, int(seconds), {"size": size, "seconds": seconds}, micros)


def aimlapi(size: str, ratio: str, resolution: str, duration: int, micros: int) -> Row:
    return Row(size, duration, {"aspect_ratio": ratio, "resolution": resolution, "duration": duration}, micros)


def pixazo(size: str, seconds: int, micros: int) -> Row:
    return Row(size, seconds, {"size": size, "seconds": seconds}, micros)


MUVI_PRO = Sold(
    "muvi:sora-2-pro",
    "/v1/jobs/submit",
    (
        muvi("1280x720", 4, "16:9", "4", "720p", 1_200_000),
        muvi("1280x720", 8, "16:9", "8", "720p", 2_400_000),
        muvi("1280x720", 12, "16:9", "12", "720p", 3_600_000),
        muvi("720x1280", 4, "9:16", "4", "720p", 1_200_000),
        muvi("720x1280", 8, "9:16", "8", "720p", 2_400_000),
        muvi("720x1280", 12, "9:16", "12", "720p", 3_600_000),
        muvi("1792x1024", 4, "16:9", "4", "1080p", 2_004_000),
        muvi("1792x1024", 8, "16:9", "8", "1080p", 4_008_000),
        muvi("1792x1024", 12, "16:9", "12", "1080p", 6_012_000),
        muvi("1024x1792", 4, "9:16", "4", "1080p", 2_004_000),
        muvi("1024x1792", 8, "9:16", "8", "1080p", 4_008_000),
        muvi("1024x1792", 12, "9:16", "12", "1080p", 6_012_000),
    ),
    {"model": "openai/sora-2-pro/text-to-video", "prompt": PROMPT},
    {"model": "openai/sora-2-pro/image-to-video", "image_url": "IMAGE"},
    nested=True,
)
MUVI = Sold(
    "muvi:sora-2",
    "/v1/jobs/submit",
    (
        muvi("1280x720", 4, "16:9", "4", "", 400_000),
        muvi("1280x720", 8, "16:9", "8", "", 800_000),
        muvi("1280x720", 12, "16:9", "12", "", 1_200_000),
        muvi("720x1280", 4, "9:16", "4", "", 400_000),
        muvi("720x1280", 8, "9:16", "8", "", 800_000),
        muvi("720x1280", 12, "9:16", "12", "", 1_200_000),
    ),
    {"model": "openai/sora-2/text-to-video", "prompt": PROMPT},
    {"model": "openai/sora-2/image-to-video", "image_url": "IMAGE"},
    nested=True,
)
# MuleRun's prices are those of the test's own price file: no page states them.
MULERUN_PRO = Sold(
    "mulerun:sora-2-pro",
    "/vendors/openai/v1/sora-2-pro/generation",
    (
        mulerun("1280x720", "4", 1_200_000),
        mulerun("1280x720", "8", 2_400_000),
        mulerun("1280x720", "12", 3_600_000),
        mulerun("720x1280", "4", 1_200_000),
        mulerun("720x1280", "8", 2_400_000),
        mulerun("720x1280", "12", 3_600_000),
        mulerun("1792x1024", "4", 2_000_000),
        mulerun("1792x1024", "8", 4_000_000),
        mulerun("1792x1024", "12", 6_000_000),
        mulerun("1024x1792", "4", 2_000_000),
        mulerun("1024x1792", "8", 4_000_000),
        mulerun("1024x1792", "12", 6_000_000),
    ),
    {"prompt": PROMPT},
    {"prompt": PROMPT, "input_reference": "IMAGE"},
)
MULERUN = Sold(
    "mulerun:sora-2",
    "/vendors/openai/v1/sora/generation",
    (
        mulerun("1280x720", "4", 400_000),
        mulerun("1280x720", "8", 800_000),
        mulerun("1280x720", "12", 1_200_000),
        mulerun("720x1280", "4", 400_000),
        mulerun("720x1280", "8", 800_000),
        mulerun("720x1280", "12", 1_200_000),
    ),
    {"model": "sora-2", "prompt": PROMPT},
    {"model": "sora-2", "prompt": PROMPT, "image": "IMAGE"},
)
# The price of AI/ML's Sora 2 Pro is the price file's; that of Sora 2 is $0.13 a second.
AIMLAPI_PRO = Sold(
    "aimlapi:sora-2-pro",
    "/v2/video/generations",
    (
        aimlapi("1280x720", "16:9", "720p", 4, 1_560_000),
        aimlapi("1280x720", "16:9", "720p", 8, 3_120_000),
        aimlapi("1280x720", "16:9", "720p", 12, 4_680_000),
        aimlapi("720x1280", "9:16", "720p", 4, 1_560_000),
        aimlapi("720x1280", "9:16", "720p", 8, 3_120_000),
        aimlapi("720x1280", "9:16", "720p", 12, 4_680_000),
        aimlapi("1792x1024", "16:9", "1080p", 4, 2_600_000),
        aimlapi("1792x1024", "16:9", "1080p", 8, 5_200_000),
        aimlapi("1792x1024", "16:9", "1080p", 12, 7_800_000),
        aimlapi("1024x1792", "9:16", "1080p", 4, 2_600_000),
        aimlapi("1024x1792", "9:16", "1080p", 8, 5_200_000),
        aimlapi("1024x1792", "9:16", "1080p", 12, 7_800_000),
    ),
    {"model": "openai/sora-2-pro-t2v", "prompt": PROMPT},
    {"model": "openai/sora-2-pro-i2v", "prompt": PROMPT, "image_url": "IMAGE"},
)
AIMLAPI = Sold(
    "aimlapi:sora-2",
    "/v2/video/generations",
    (
        aimlapi("1280x720", "16:9", "720p", 4, 520_000),
        aimlapi("1280x720", "16:9", "720p", 8, 1_040_000),
        aimlapi("1280x720", "16:9", "720p", 12, 1_560_000),
        aimlapi("720x1280", "9:16", "720p", 4, 520_000),
        aimlapi("720x1280", "9:16", "720p", 8, 1_040_000),
        aimlapi("720x1280", "9:16", "720p", 12, 1_560_000),
    ),
    {"model": "openai/sora-2-t2v", "prompt": PROMPT},
    {"model": "openai/sora-2-i2v", "prompt": PROMPT, "image_url": "IMAGE"},
)
PIXAZO_PRO = Sold(
    "pixazo:sora-2-pro",
    "/sora-video/v1/video/generate",
    (
        pixazo("1280x720", 4, 1_500_000),
        pixazo("1280x720", 8, 3_000_000),
        pixazo("1280x720", 12, 4_500_000),
        pixazo("720x1280", 4, 1_500_000),
        pixazo("720x1280", 8, 3_000_000),
        pixazo("720x1280", 12, 4_500_000),
        pixazo("1792x1024", 4, 2_500_000),
        pixazo("1792x1024", 8, 5_000_000),
        pixazo("1792x1024", 12, 7_500_000),
        pixazo("1024x1792", 4, 2_500_000),
        pixazo("1024x1792", 8, 5_000_000),
        pixazo("1024x1792", 12, 7_500_000),
    ),
    {"model": "sora-2-pro", "prompt": PROMPT},
    {"model": "sora-2-pro", "prompt": PROMPT, "image": "IMAGE"},
    image_path="/sora-video/v1/video/i2v/generate",
)
SOLD = (MUVI_PRO, MUVI, MULERUN_PRO, MULERUN, AIMLAPI_PRO, AIMLAPI, PIXAZO_PRO)
