"""Offers of Google's Interactions API. https://ai.google.dev/gemini-api/docs/pricing

Veo is not sold: the Gemini API has it no more (its previews ended on 2026-10-22), and Google's own libraries refuse it there (google-genai
3.6.1, @google/genai 3.3.0). Neither seed nor negative prompt is a field. `extend` is not used: no page says whether the seconds that are
sent are a part of the result and billed again. Nor is `previous_interaction_id`: no page prices the video it repeats.

Google's Agent Platform (Vertex AI) is no vendor here: its calls need a project, a region and a token of one hour out of a signed
credentials file, its API keys reach no video model (https://cloud.google.com/vertex-ai/generative-ai/docs/start/express-mode), and by the
one dated source, litellm's price map, Veo 3.1 and fast ended there on 2026-11-17.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sora_mcp.domain import Ended, ImageRule, Link, Offer, Rate, Rule, VideoRule
from sora_mcp.domain.money import PER_USD, Micros, ceil, parse_amount, usd
from sora_mcp.vendors.shared.responses import NOT_AS_DOCUMENTED
from sora_mcp.vendors.shared.sizes import AUTO, LAST, OMNI_ENDS, combine_sizes

CHECKED = date(2026, 11, 30)
FRAME = ImageRule(urls=False)  # Google fetches no address but that of its own Files
SOURCE = "https://ai.google.dev/gemini-api/docs/pricing"
TOKENS = {"720p": 5_792, "360p": 1_931, "1080p": 8_688, "4k": 17_376}
"""Video tokens per second. 5,792 stands on Google's page; the others follow from the prices that https://inference.sh passes on
(2026-11-06: $0.0232, $0.0695, $0.1043 and $0.2085 at $12 per million), and 4k from the model card's 260,640 tokens for 15 s."""
VIDEO_TOKEN = {"gemini-omni-1.1-flash": Decimal("17.5"), "gemini-omni-1.2-flash": Decimal(12)}
"""Micros per token of video, from the price map of litellm 1.110.2, which cites Google's page (2026-11-30)."""
INPUT_TOKEN, OTHER_TOKEN = Decimal("1.5"), Decimal(9)
"""Micros per token of input, and of text and thinking."""
FEE = usd("0.02")
"""An estimate of ours for the prompt, the pictures and 2,000 tokens of thinking, so that the hold is not below the bill."""
EDITED_FROM = (1, 10)
"""Google edits what is shorter than 10 s; resellers say 15 s of 1.2 (2026-11-30)."""


def _offer(model: str, lengths: range, references: int, ends: Ended | None = None) -> Offer:
    """Return an offer. Two frames, or references, end after 10 s. https://developer.civitai.com/orchestration/recipes/gemini-omni"""
    longer = {"seconds": tuple(seconds for seconds in lengths if seconds > 10)}
    pictures = (*LAST, Rule("references", Link(references)), Rule("references", (), {"image": True}))
    short = (Rule("last_image", (), longer), Rule("references", (), longer)) if longer["seconds"] else ()
    return Offer(
        model=model,
        slug=model,
        rules=(Rule("size", combine_sizes(("16:9", "9:16"), tuple(TOKENS))), Rule("seconds", lengths), *pictures, *short),
        rates=tuple(Rate(ceil(VIDEO_TOKEN[model] * count), "second", {"resolution": size}, fee=FEE) for size, count in TOKENS.items()),
        source=SOURCE,
        checked=CHECKED,
        confidence="derived",
        image=FRAME,
        ends=ends,
        sound=True,
    )


def _edit(model: str, ends: Ended | None = None) -> Offer:
    """Return an offer that changes a video, at 720p: its seconds are billed as made, and as input of as many tokens."""
    return Offer(
        model=f"{model}-edit",
        slug=model,
        rules=(Rule("size", (AUTO,)), Rule("seconds", range(1, EDITED_FROM[1] + 1))),
        rates=(Rate(ceil((VIDEO_TOKEN[model] + INPUT_TOKEN) * TOKENS["720p"]), "second", fee=FEE),),
        source=SOURCE,
        checked=CHECKED,
        confidence="derived",
        text=False,
        video=VideoRule(EDITED_FROM, most_bytes=14_000_000, urls=False),  # in base64 below 20 MB
        ends=ends,
        sound=True,
    )


OFFERS = (
    # Six references: https://inference.sh/apps/google/gemini-omni-1-2-flash (2026-11-06). Of 1.1 Google's notebook recommends five.
    _offer("gemini-omni-1.2-flash", range(3, 16), 6),
    _offer("gemini-omni-1.1-flash", range(3, 11), 5, OMNI_ENDS),
    _edit("gemini-omni-1.2-flash"),
)


def read_cost(body: dict[str, Any]) -> Micros | None:
    """Return the sum of the tokens that the answer counts; None where one of them has no known price."""
    try:
        made = {row["modality"]: Decimal(row["tokens"]) for row in body["usage"]["output_tokens_by_modality"]}
        told = [Decimal(body["usage"].get(name, 0)) for name in ("total_input_tokens", "total_thought_tokens")]
        video = made.pop("video") * VIDEO_TOKEN[body["model"]]
    except NOT_AS_DOCUMENTED:
        return None
    total = video + INPUT_TOKEN * told[0] + OTHER_TOKEN * (told[1] + made.pop("text", Decimal(0)))
    return None if made else parse_amount(total, per_usd=PER_USD)
