"""The colours of the scenes: chosen by hand, for each scene and light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Palette(NamedTuple):
    """Colours from the sky down: three of the sky, of the light, of what is far, near and nearest, and one that stands out."""

    top: str
    middle: str
    low: str
    light: str
    far: str
    near: str
    deep: str
    accent: str


def _read(colours: str) -> Palette:
    return Palette(*(f"#{colour}" for colour in colours.split()))


PALETTES: Mapping[str, Mapping[str, tuple[Palette, ...]]] = {
    "sea": {
        "day": (
            _read("2470b4 7fbfe4 e8f1ec fff8df 7c9fb6 2a86a0 0b3f5c f5efe2"),
            _read("1c74ab 78c8d8 fbe8cf fff1cc 7fa3ab 1f9c9f 06495a fff3e0"),
        ),
        "dusk": (
            _read("2a2f63 a8587f ffb068 ffe6b0 58406e a2607a 1a1b3c ffe3c2"),
            _read("21405f 7c8da0 f6bd92 ffe2bd 5b6a80 6f8298 13293f fff0dd"),
        ),
        "night": (
            _read("050a1a 0e2444 2f5a80 eef4ff 0c1b31 1a4468 030813 ffd79a"),
            _read("0a0a20 1f1f4a 4d4f86 f3eeff 14142f 33386e 06061a ffce8a"),
        ),
    },
    "forest": {
        "day": (
            _read("b9d6cf dfeadb f6f0d8 fffbe0 a3bfb0 4d7a62 10291f e8c46a"),
            _read("a9cbd6 d9e7dd fbf3d9 fff8dc 9dbab5 4b7b72 0d2a2c f0b86a"),
        ),
        "dusk": (
            _read("6a4a6b d98a6b ffd08a fff0c0 b9796e 5b3b4f 1b1322 ffd28a"),
            _read("3f5168 b98f84 ffcf9a ffeac6 8e7a7f 3f4557 12151f ffc98a"),
        ),
        "night": (_read("04101c 0b2a3c 2b5f70 e4f6ff 1d4655 0b2433 020a10 c8ff9a"),),
    },
    "city": {
        "day": (_read("3b82c6 9fd0ea fdeed6 fff4d6 a3bccd 4d7390 16314a e8825a"),),
        "dusk": (
            _read("2c2a5c a3567f ffa873 ffdca0 7b5480 3b2d58 150f28 ffb45a"),
            _read("223a5e 8f7a95 f9b98c ffdcb0 6f7190 343a5c 111427 ff8f6b"),
        ),
        "night": (
            _read("070a1e 1a1f4d 6a3a72 ffd39a 25265a 12132f 05060f ff5fa2"),
            _read("04101c 0b2c46 1f6a78 ffdca6 123a52 0a1e30 03080f 4de3d0"),
        ),
    },
    "space": {
        "night": (
            _read("02030a 0b0d26 2a1a4c ffe9c8 7a4a78 d99a6a 03040c 7fb4ff"),
            _read("01060c 06182a 0f3d4f eafcff 1f7f8f 4f8fb8 020509 8fffe0"),
            _read("060207 210a1c 5a1a3c ffe0d0 a83a5a c9744a 070208 ffb38a"),
        ),
    },
    "desert": {
        "day": (_read("3f8fc9 9fcfe2 fbe6c2 fff6d6 e9c08e d99a5b a85f35 fff0d0"),),
        "dusk": (
            _read("3a2c62 c25f72 ffb56e ffe9b8 c9705f a8483f 4a1d2c ffd9a0"),
            _read("24406a b2808a ffc58c ffe6b8 c98a6a 9c5a48 45242c ffe0b0"),
        ),
        "night": (_read("050a1f 15264f 4a5a8c f2f4ff 3f4a78 28305a 0d1026 ffd9a0"),),
    },
    "snow": {
        "day": (
            _read("3f83c4 a3cdea eef5fa fffdf2 b7cfe3 7fa3c6 2a4a6b ffb45f"),
            _read("5f97bf b8d4e3 f7efe6 fff6e6 c3d2df 8ba7c0 2d4659 ffb45f"),
        ),
        "dusk": (_read("2f3a74 b0719c ffc3a0 ffe6d0 a98bb4 6a5f98 252a52 ffb25f"),),
        "night": (
            _read("030a1a 0b2140 1f4a6a eaf4ff 36587f 1d3556 07101f ffb765"),
            _read("06081c 15204a 3a3f78 f0f0ff 464f86 262d5c 0a0d20 ffb765"),
        ),
    },
    "room": {
        "day": (
            _read("8fc4e4 cfe6ee fdf6e6 fff3d2 e7d3bb b98d68 4a3325 5f8a5a"),
            _read("9cc9d9 dcebe6 fff6e2 ffeec8 c9d0c2 8a8f7c 33382f d98a5a"),
        ),
        "dusk": (_read("5a4a7a d98a7a ffcb94 ffe0b0 a8786a 6f4a48 2a1a20 e8a55a"),),
        "night": (_read("070d22 14264a 2f4a78 ffd08a 3c3446 241f2f 0d0b13 ffb45f"),),
    },
    "abstract": {
        "day": (
            _read("f7e9dc f2c6b4 e88f8a fffaf2 d9657a 7a4a9a 2c2a6a ffc46a"),
            _read("e6f3ee a8dcd0 4fb0b8 fbfff8 2f83a8 2a4f94 1a2560 ffd07a"),
        ),
        "dusk": (
            _read("2b1a4a 7a2f72 e0607a ffd9b0 ff9a6a b03a7a 1c1038 ffcf7a"),
            _read("10243f 1f5f7a 5fb8a8 eaffe6 e8b06a c25a5a 0a1628 ffe09a"),
        ),
        "night": (
            _read("050716 141a4a 2f3fa8 cfe0ff 5f4ae0 1f8fc9 03040d 6fffe0"),
            _read("0a0410 2c0f3a 7a1f5a ffd6e6 c93a6a 4a2fa8 060209 ffa36a"),
        ),
    },
}
"""The palettes of each scene and light, of which the seed chooses one."""
