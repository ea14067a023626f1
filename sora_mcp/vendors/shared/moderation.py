"""Words with which vendors' content filters refuse, whatever the status."""

from __future__ import annotations

import re
from typing import Literal

WORDS = (
    r"moderation",  # xAI's and OpenRouter's pages; OpenAI's code `moderation_blocked`, which gateways pass on
    r"\bmoderated\b",  # states of Black Forest Labs, whose models others resell
    r"content[ _-]?polic(?:y|ies)",  # OpenAI's code `content_policy_violation`, and fal's
    r"\bsafety\b",  # Runway's codes `SAFETY.…`; "our safety system" at OpenAI. `safety_filter` is a parameter and no such word
    r"(?<!case[ -])\bsensitive\b",  # "contains sensitive content" at MiniMax; names are case sensitive
    r"sensitivecontent",  # BytePlus' code `InputTextSensitiveContentDetected`
    r"(?:restricted|prohibited|inappropriate) content",  # MuleRun's page; Google's reason; Alibaba's words
    r"risk control",  # Kling's platform
    r"\bnsfw\b",  # common among resellers
)
FILTERED = "|".join(WORDS)


def is_filtered(text: str) -> bool:
    """Return whether a vendor's message blames the content."""
    return re.search(FILTERED, text, re.IGNORECASE) is not None


def classify_failure(*words: object) -> Literal["content_refused", "vendor_rejected"]:
    """Return the error code for a failed job's own code and message. Values that are not text are ignored."""
    return "content_refused" if any(isinstance(text, str) and is_filtered(text) for text in words) else "vendor_rejected"
