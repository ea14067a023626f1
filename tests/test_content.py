"""Words with which a filter says no, and words that only look like them."""

from __future__ import annotations

import itertools
from typing import Any

from sora_mcp.domain import Call, Reply
from sora_mcp.vendors import EVERY
from sora_mcp.vendors.refusals import read_refusal
from sora_mcp.vendors.shared.moderation import classify_failure

PROMPT = "A sensitive moderation meeting about a content policy that is no longer available, found by the safety system"
SENT = {"model": "veo-3.1", "input": {"prompt": PROMPT, "negative_prompt": "nsfw, blurry things"}}
VENDORS = {vendor.name: vendor for vendor in EVERY}
KEYED = sorted(name for name, vendor in VENDORS.items() if vendor.keys)


def code(name: str, status: int, body: Any) -> str | None:
    no = read_refusal(VENDORS[name], Reply(Call("POST", "/x", SENT), status, body))
    return no.its_code if no else None


REFUSING = (
    *("moderation_blocked", "Your prompt was moderated.", "content_policy_violation", "ContentPolicyViolation", "SAFETY.INPUT.TEXT"),
    *("It violates our content policies.", "Rejected by our safety system", "blocked for safety", "NSFW content detected"),
    *("InputTextSensitiveContentDetected.PrivacyInformation", "The input may contain sensitive information."),
    *("Prompt contains restricted content", "Input data may contain inappropriate content."),
)
OTHER = (
    *("safety_tolerance must be a number", "enable_safety_checker: extra fields not permitted", "Model names are case-sensitive."),
    *("Paths are case sensitive.", "insensitive", "The length must be moderate.", "Internal error", ""),
)


def test_words_of_a_filter_are_a_refusal_of_the_content_and_names_of_parameters_are_not() -> None:
    for words, meant in [*((words, "content_refused") for words in REFUSING), *((words, "vendor_rejected") for words in OTHER)]:
        assert classify_failure("x", words) == meant, words
        assert {code(name, 400, {"message": words}) for name in KEYED} == {meant}, words
    for nothing in (None, 7, ["moderation"], {"moderation": 1}, True):
        assert classify_failure(nothing) == "vendor_rejected", nothing


ECHOES: tuple[dict[str, Any], ...] = (
    {"detail": [{"loc": ["body", "duration"], "msg": "bad", "type": "value_error", "input": {"prompt": PROMPT}}]},
    {"message": "seconds is wrong", "prompt": PROMPT},
    {"message": "seconds is wrong", "prompt": PROMPT[:-20] + "…"},
    {"message": "seconds is wrong", "request": {"params": {"text": PROMPT}}},
    {"message": "seconds is wrong", "Body": [PROMPT.upper()]},
    {"message": f"seconds is wrong in {SENT!r}"},
    {"message": "seconds is wrong", "received": [{"nested": PROMPT}]},
)


def test_what_a_refusal_repeats_of_the_order_is_not_the_vendors_word() -> None:
    for status, body in itertools.product((400, 422), ECHOES):
        assert {code(name, status, body) for name in KEYED} == {"vendor_rejected"}, (status, body)
        for why, meant in (("It is no longer available.", "model_retired"), ("The content policy forbids it.", "content_refused")):
            assert {code(name, status, {**body, "why": why}) for name in KEYED} == {meant}, (status, body)


def test_a_status_that_says_something_else_keeps_its_meaning() -> None:
    for status in (401, 402, 404, 409, 429, 500, 503):
        plain = {name: code(name, status, {"message": "no"}) for name in KEYED}
        assert {name: code(name, status, {"message": "blocked by moderation"}) for name in KEYED} == plain, status


def test_a_key_that_is_refused_is_told_from_content_that_is() -> None:
    assert code("muvi", 403, {"message": "no"}) == "vendor_auth"
    assert code("muvi", 403, {"message": "blocked by moderation"}) == "content_refused"


def test_a_prompt_of_one_word_or_of_blanks_takes_nothing_away() -> None:
    for prompt in (" ", "policy", ""):
        sent = Call("POST", "/x", {"prompt": prompt})
        no = read_refusal(VENDORS["muvi"], Reply(sent, 400, {"message": "It violates our content policy."}))
        assert no is not None and no.its_code == "content_refused"


def test_a_deep_answer_is_looked_at_whole() -> None:
    body: Any = "blocked by moderation"
    for _ in range(5_000):
        body = {"error": [body]}
    assert code("muvi", 400, body) == "content_refused"
