"""Every error knows its code, its sentence and what became of the money."""

from __future__ import annotations

from sora_mcp.domain import errors
from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import BrokenRules, NeedsConfirmation, OutcomeUnknown, PriceUnknown, SoraError, VendorError
from tests.each import each


def test_every_kind_has_its_code_and_says_that_nothing_was_charged() -> None:
    codes: tuple[tuple[type[SoraError], str], ...] = (
        *((errors.UnknownModel, "unknown_model"), (errors.MissingKey, "missing_key"), (errors.PriceUnknown, "price_unknown")),
        *((errors.OverBudget, "over_budget"), (errors.RequestIdConflict, "request_id_conflict"), (errors.NotFound, "not_found")),
        *((errors.NotFinished, "not_finished"), (errors.MissingMediaExtra, "missing_media_extra")),
        *((errors.StorageError, "storage_error"), (errors.Unforeseen, "internal")),
    )
    assert [(kind, kind("x").its_code, kind("x").charged) for kind, _ in codes] == [(kind, code, "no") for kind, code in codes]


def test_broken_rules_are_one_sentence_each_and_have_the_code_of_the_first() -> None:
    error = BrokenRules(
        (
            BrokenRule("size", "4:3", "16:9 or 9:16", "invalid_size"),
            BrokenRule("prompt", None, "a text that says what to show", "invalid_prompt"),
        ),
        subject="muvi:sora-2",
        fixes=(Fix("size", "16:9", None),),
    )
    assert str(error) == "muvi:sora-2: size must be 16:9 or 9:16, not '4:3'. muvi:sora-2: prompt must be a text that says what to show."
    assert (error.its_code, error.fixes) == ("invalid_size", (Fix("size", "16:9"),))


def test_broken_rules_need_no_subject() -> None:
    assert BrokenRules((BrokenRule("cursor", "x", "one of ours", "invalid_argument"),)).message == "cursor must be one of ours, not 'x'."


def test_an_error_keeps_what_it_is_given() -> None:
    needs = NeedsConfirmation("A person has to agree.", quote_id="q_1")
    assert (needs.its_code, needs.quote_id, needs.charged) == ("needs_confirmation", "q_1", "no")
    assert (OutcomeUnknown("x").its_code, OutcomeUnknown("x").charged) == ("vendor_unavailable", "unknown"), "the money is open"
    assert (SoraError("x", job_id="v_1").its_code, SoraError("x", job_id="v_1").job_id) == ("internal", "v_1")
    assert PriceUnknown("x", fixes=(Fix("model", "muvi:wan-2.6", None),)).fixes == (Fix("model", "muvi:wan-2.6", None),)


@each("charged", ["no", "yes", "unknown"])
def test_a_vendors_no_keeps_its_words_apart_from_ours(charged: errors.Charged) -> None:
    error = VendorError("vendor_rejected", "Muvi refuses this request.", vendor_message="bad", charged=charged, retry_after_s=3.0)
    said = (error.its_code, error.message, error.vendor_message, error.charged, error.retry_after_s)
    assert said == ("vendor_rejected", "Muvi refuses this request.", "bad", charged, 3.0)
