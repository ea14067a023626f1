"""Conversations about prices, models and what can be had: nothing is bought in them."""

from __future__ import annotations

from .conversation import do, must, row

NO_BUY = ("create_video",)

PRICES = (
    row(
        "price-tiktok",
        "What would a 10 second vertical video for TikTok cost me?",
        must("estimate_cost", seconds=10, size="9:16"),
        tells=("$0.50",),
        never=NO_BUY,
    ),
    row(
        "price-three",
        "How much are three 8 second clips with Veo 3.1 in 4K, upright?",
        must("estimate_cost", model="veo-3.1", size="9:16 4k", seconds=8, clips=3),
        tells=("$7.20",),
        never=NO_BUY,
    ),
    row(
        "price-half-minute",
        "Cheapest way to get 30 seconds of video?",
        must("estimate_cost", seconds=30),
        tells=("3 x 10|3 × 10|three 10|three clips", "$1.05"),
        never=NO_BUY,
    ),
    row(
        "price-minute",
        "I need a whole minute, 9:16. What does that come to?",
        must("estimate_cost", seconds=60, size="9:16"),
        tells=("x 15|× 15|15 s|15-second|15 second",),
        never=NO_BUY,
    ),
    row(
        "price-sound",
        "Is there anything with sound, 8 seconds? Prices please.",
        must("estimate_cost", seconds=8, audio=True),
        tells=("with sound|sound",),
        never=NO_BUY,
    ),
    row("price-sora", "What does Sora 2 cost?", must("estimate_cost", model="sora-2"), tells=("ended",), never=NO_BUY),
    row(
        "price-no-key",
        "What does a 5 second clip cost? I have not set up anything yet.",
        must("estimate_cost", seconds=5),
        tells=("free", "setup"),
        never=NO_BUY,
        keys=(),
    ),
    row(
        "price-square",
        "Can I get a square clip for Instagram, and for how much?",
        must("estimate_cost", size="1:1"),
        tells=(r"\$",),
        never=NO_BUY,
    ),
    row(
        "price-from-photo",
        "What would 5 seconds from my photo cat.png cost?",
        must("estimate_cost", seconds=5, image="file"),
        tells=(r"\$",),
        never=NO_BUY,
    ),
    row("price-left", "How much money is left for videos today?", do("get_spend"), tells=("$10.00",), never=NO_BUY),
    row("price-best", "Which model gives the best look for 8 seconds?", must("estimate_cost", seconds=8), tells=("veo-3.1",), never=NO_BUY),
    row("models-all", "Which models can I use?", must("list_sizes"), tells=(r"\$",), never=NO_BUY),
    row("models-no-key", "Which models can I use? I have no keys.", must("list_sizes"), tells=("sample", "setup"), never=NO_BUY, keys=()),
    row(
        "models-kling",
        "What sizes and lengths does Kling 3.0 Pro on Muvi do?",
        must("list_sizes", model="muvi:kling-3.0-pro"),
        tells=("9:16",),
        never=NO_BUY,
    ),
    row("models-veo", "There are several Veos, are there not? Which?", must("list_sizes", model="veo"), tells=("veo-3.1",), never=NO_BUY),
    row(
        "models-talking",
        "Which one is good for talking people?",
        must("list_sizes", model="talking people"),
        tells=("kling",),
        never=NO_BUY,
    ),
    row(
        "price-seedance",
        "What does Seedance 2.5 cost at AI/ML API?",
        must("estimate_cost", model="aimlapi:seedance-2.5"),
        tells=("price",),
        never=NO_BUY,
    ),
)
