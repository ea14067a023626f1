"""People who compare models before they buy: which is the best within their money, and what all of them cost at one length."""

from __future__ import annotations

from .script import Talk, call, talk

COMPARING: tuple[Talk, ...] = (
    talk(
        "the best that five dollars buy: 8 seconds, upright, with sound",
        call(
            "estimate_cost",
            "\nOthers, cheapest first, 8 s, with sound:\n",
            "\nbyteplus:seedance-2.0 (best look, say sellers): 480p $0.57, 720p $1.22, 1080p $3.03, all need approval\n",
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
            "Best look within that, say sellers: byteplus:seedance-2.0 $0.35 (5 s, with sound, 480p, needs approval), at 720p $0.77, ",
            refused=True,
            prompt="A harbour",
            model="fal:kling-3.0-4k",
            seconds=5,
            max_usd=2,
        ),
        call("create_video", never=("Best look",), refused=True, prompt="A harbour", model="best", seconds=8, max_usd=0.4),
        keys=("fal", "byteplus"),
    ),
    talk(
        "which is the cheapest? (of models of which each makes another shortest clip)",
        call(
            "estimate_cost",
            "\nCompared with seconds=6, cheapest first:\nmuvi:hailuo-2.3-standard, may have sound, 768p: $0.21\n",
            "\nmuvi:kling-text2video-v3, may have sound, resolution unknown: $0.45\n",
            "\nmuvi:veo-3.1 (best look, say sellers), without sound: 720p $1.20, 1080p $1.20, ",
        ),
        call("estimate_cost", "\nOthers, cheapest first, 5 s", never=("Compared with",), seconds=5),
        keys=("muvi",),
    ),
    talk(
        "three takes, of which each alone would need no approval",
        call(
            "estimate_cost",
            "on muvi:wan-2.7: $2.25 ($0.75 each).",
            "\nmuvi:seedance-2.0-fast (drafts, say sellers), 720p: $3.00 ($1.00)\nmuvi:seedance-2.0 (best look), 720p: $3.60 ($1.20)\n",
            "Above $2.00 a call, or $4.00 within an hour, needs approval; with variations=3 the sum of all 3 counts.",
            never=("as variations", "each clip needs"),
            size="720p",
            clips=3,
            seconds=5,
        ),
        call("estimate_cost", never=("variations",), size="720p", clips=12, seconds=2),
        keys=("muvi",),
    ),
    talk(
        "an upright clip with sound (of a vendor that has few models, each named once)",
        call(
            "estimate_cost",
            "\nreplicate:seedance-2.0 (best look, say sellers): 480p $0.64, 720p $1.44, 1080p $3.60 (only 1080p needs approval)\n",
            seconds=8,
            audio=True,
            size="portrait",
        ),
        keys=("replicate",),
    ),
    talk(
        "three clips that go on from each other (of which the vendor charges the first frames)",
        call(
            "estimate_cost",
            "It covers all 3 for 60 min, with any prompts; one that goes on from another costs $0.11 and is asked about: pass",
            model="xai:grok-imagine-video-1.5-lite",
            seconds=5,
            clips=3,
        ),
        call(
            "estimate_cost",
            "the user runs `",
            " within 15 min. Then pass it as quote.",
            model="xai:grok-imagine-video-1.5-lite",
            seconds=10,
        ),
        keys=("xai",),
        env={"SORA_MCP_CONFIRM_ABOVE_USD": "0.05"},
    ),
)
