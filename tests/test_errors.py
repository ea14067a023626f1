"""Every error knows its code, its sentence and what became of the money."""

from __future__ import annotations

from sora_mcp.domain import errors
from sora_mcp.domain.errors import BrokenRule, BrokenRules, Fix, NeedsConfirmation, OutcomeUnknown, PriceUnknown, SoraError, VendorError
from tests.each import each


def test_every_kind_has_its_code_and_says_that_nothing_was_charged() -> None:
    kinds = [
        errors.UnknownModel,
        errors.MissingKey,
        errors.PriceUnknown,
        errors.OverBudget,
        errors.RequestIdConflict,
        errors.NotFound,
        errors.NotFinished,
        errors.MissingMediaExtra,
        errors.StorageError,
        errors.Unforeseen,
    ]
    assert [(kind("x").its_code, kind("x").charged) for kind in kinds] == [
        ("unknown_model", "no"),
        ("missing_key", "no"),
        ("price_unknown", "no"),
        ("over_budget", "no"),
        ("request_id_conflict", "no"),
        ("not_found", "no"),
        ("not_finished", "no"),
        ("missing_media_extra", "no"),
        ("storage_error", "no"),
        ("internal", "no"),
    ]


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


def test_a_confirmation_names_its_quote() -> None:
    error = NeedsConfirmation("A person has to agree.", quote_id="q_1")
    assert (error.its_code, error.quote_id, error.charged) == ("needs_confirmation", "q_1", "no")


@each("charged", ["no", "yes", "unknown"])
def test_a_vendors_no_keeps_its_words_apart_from_ours(charged: errors.Charged) -> None:
    error = VendorError("vendor_rejected", "Muvi refuses this request.", vendor_message="bad", charged=charged, retry_after_s=3.0)
    assert (error.its_code, error.message, error.vendor_message, error.charged, error.retry_after_s) == (
        "vendor_rejected",
        "Muvi refuses this request.",
        "bad",
        charged,
        3.0,
    )


def test_an_answer_that_did_not_come_leaves_the_money_open() -> None:
    assert (OutcomeUnknown("x").its_code, OutcomeUnknown("x").charged) == ("vendor_unavailable", "unknown")


def test_an_error_of_ours_is_internal_unless_it_says_otherwise() -> None:
    assert (SoraError("x", job_id="v_1").its_code, SoraError("x", job_id="v_1").job_id) == ("internal", "v_1")


def test_a_refusal_may_carry_fixes() -> None:
    assert PriceUnknown("x", fixes=(Fix("model", "muvi:wan-2.6", None),)).fixes == (Fix("model", "muvi:wan-2.6", None),)
