"""People who compare models before they buy: which is the best within their money, and what all of them cost at one length."""

from __future__ import annotations

from .script import Talk, call, talk

COMPARING: tuple[Talk, ...] = (
    talk(
        "the best that five dollars buy: 8 seconds, upright, with sound",
        call(
            "estimate_cost",
            "Best look: byteplus:seedance-2.0 $0.57 (8 s, with sound, 480p",
            ", at 720p $1.22, at 1080p $3.03",
            seconds=8,
            audio=True,
            size="portrait",
        ),
        call("estimate_cost", "At 1080p $3.20", "at 4k $4.80", model="fal:veo-3.1", seconds=8, size="portrait"),
        call("estimate_cost", "At 1080p $0.64", model="veo", seconds=8, size="portrait"),
        call("estimate_cost", never=("At 1080p",), model="fal:veo-3.1", seconds=8, size="portrait 720p"),
        keys=("fal", "byteplus"),
    ),
    talk(
        "as large as my own limit allows (where a size between was passed over, and one of another shape was named)",
        call(
            "create_video",
            'Fix: size="16:9 1080p" ($2.73, needs approval)',
            refused=True,
            prompt="A harbour",
            model="fal:seedance-2.0",
            size="16:9 4K",
            seconds=4,
            max_usd=3,
        ),
        call(
            "create_video",
            'Fix: size="2206x946" ($1.90, needs approval)',
            refused=True,
            prompt="A harbour",
            model="byteplus:seedance-2.0",
            size="21:9 4K",
            seconds=5,
            max_usd=3,
        ),
        call(
            "create_video",
            "Best look within that: byteplus:seedance-2.0 $0.35 (5 s, with sound, 480p, needs approval), at 720p $0.77, at 1080p $1.90.",
            refused=True,
            prompt="A harbour",
            model="fal:kling-3.0-4k",
            seconds=5,
            max_usd=2,
        ),
        call("create_video", never=("Best look",), refused=True, prompt="A harbour", model="best", seconds=8, max_usd=0.4),
        keys=("fal", "byteplus"),
    ),
)
