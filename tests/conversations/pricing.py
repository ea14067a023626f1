"""Conversations about prices: which model is named first, what is above a cap, what a longer clip costs in parts."""

from __future__ import annotations

from .script import call, talk

MUTED = "5 s, 480p on minimax:minimax-h3-max: $0.25; no page says whether it has sound: edit_video mute takes it out, free."

PRICING = (
    talk(
        "a cat, and make sure that there is no sound (where no model with a key is surely silent)",
        call("estimate_cost", MUTED, "With another key: 2 s", "No key for BytePlus", never=("Not now", "Cheapest first"), audio=False),
        call("estimate_cost", "2 clips of 5 s, 480p on minimax:minimax-h3-max: $0.50; no page", audio=False, seconds=5, clips=2),
        call("create_video", MUTED, never=("nearest", "minimax-h3:"), refused=True, prompt="A cat", audio=False),
        call(
            "create_video",
            "no page says whether its clips have sound; edit_video takes it out for free (mute). With audio left out: 5 s, 480p, $0.25.",
            refused=True,
            prompt="A cat",
            audio=False,
            model="minimax:minimax-h3-max",
        ),
        call(
            "estimate_cost",
            "each clip has sound, which edit_video takes out for free (mute). With audio left out: 4 s, with sound, 768p, $0.32.",
            refused=True,
            audio=False,
            model="minimax:minimax-h3",
        ),
        call("estimate_cost", f"None of them is surely silent: {MUTED}", refused=True, audio=False, model="minimax"),
        keys=("minimax",),
    ),
    talk(
        "10 seconds in 1080p with sound, at the best three (where the best look is above the limit of a clip)",
        call(
            "estimate_cost",
            "Best look: fal:seedance-2.0 $6.82, above your limit of $5.00 per clip.",
            never=("1080p from",),
            seconds=10,
            size="1080p",
            audio=True,
        ),
        keys=("fal",),
    ),
    talk(
        "the best look, with little left of the day",
        call("estimate_cost", "Best look: fal:seedance-2.0 $0.67, above the $0.50 that you have left.", seconds=5),
        keys=("fal",),
        env={"SORA_MCP_DAILY_USD": "0.50"},
    ),
    talk(
        "5 seconds, upright for TikTok (and what is 1080p?)",
        call(
            "estimate_cost",
            "At 9:16 1080p from $0.25 on fal:seedance-1-pro-fast, $3.41 on fal:seedance-2.0.",
            never=("or at 9:16",),
            seconds=5,
            size="9:16",
        ),
        keys=("fal",),
    ),
    talk(
        "four cheap clips of 4 seconds (of which nobody said whether they should have sound)",
        call("estimate_cost", "$0.40 (", "; without sound (audio=false) $0.21.", seconds=4, clips=4),
        call("estimate_cost", "$0.40 (", never=("audio=false",), seconds=4, clips=4, audio=True),
        call("estimate_cost", "replicate:seedance-1.5-pro: $0.21", never=("audio=false",), seconds=4, clips=4, audio=False),
        keys=("replicate",),
    ),
)
