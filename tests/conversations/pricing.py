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
)
