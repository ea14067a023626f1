"""A yes in the chat buys, once; everything else buys nothing. In both eras of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.types import ClientCapabilities, ElicitationCapability, ElicitResult, ErrorData, ListRootsResult, UrlElicitationCapability

from sora_mcp.domain import QUOTE_GOOD_FOR_S, Confidence, Quote
from sora_mcp.domain.money import Micros, usd
from sora_mcp.domain.text import describe_prompt
from sora_mcp.server import elicitation
from sora_mcp.server.approval_question import describe_picture
from tests.each import each
from tests.stored import DAY_S
from tests.waiting import patience

from .conftest import Era
from .forms import CLIP, NO, YES, Person, Shop, asked, buy, code, quote_of, send, shop

FORM = """\
Buy one video clip?
Model: muvi:sora-2 (OpenAI ended Sora 2 on 2026-09-24; Muvi may refuse it)
Size: 1280x720
Seconds: 4
Sound: yes
Price: $0.40 ($0.10/s x 4 s, as its page said on 2026-11-20)
Prompt: A paper boat drifts down a rainy street
Left today: $1,000.00 of $1,000.00
Your yes counts once, for exactly this, within 15 min. Without it nothing is sent and nothing is charged."""
SCHEMA = {
    "type": "object",
    "properties": {"buy": {"type": "boolean", "title": "Yes, buy it for $0.40", "default": False}},
    "required": ["buy"],
}


def ticked(**content: Any) -> ElicitResult:
    return ElicitResult(action="accept", content=content)


ANSWERS: dict[str, tuple[ElicitResult, bool]] = {
    "yes": (YES, True),
    "false": (ticked(buy=False), False),
    "empty": (ticked(), False),
    "nothing at all": (ElicitResult(action="accept"), False),
    "null": (ticked(buy=None), False),
    "an extra field": (ticked(buy=True, price=1), False),
    "another field": (ticked(approve=True), False),
    "a word": (ticked(buy="true"), False),
    "a number": (ticked(buy=1), False),
    "a list": (ticked(buy=["true"]), False),
    "no, with a tick": (ElicitResult(action="decline", content={"buy": True}), False),
    "closed": (ElicitResult(action="cancel"), False),
}


@pytest.mark.fault("S50")
@each("name", ANSWERS)
async def test_only_a_plain_yes_buys(name: str, era: Era, at: Shop) -> None:
    answer, buys = ANSWERS[name]
    before = await at.jobs()
    async with at.client(answer, era) as client:
        result = await buy(client, prompt=name)
    assert (code(result), len(await at.jobs()) - len(before)) == (("submitting", 1) if buys else ("declined", 0))
    reasons = {"an extra field": "The form came back with more in it", "no, with a tick": "The user declined", "closed": "The user closed"}
    assert buys or reasons.get(name, "The user did not tick yes") in str(result.structured_content)


async def test_a_person_sees_what_is_bought(era: Era, at: Shop) -> None:
    person = Person(NO)
    async with at.client(person, era) as client:
        await buy(client)
    (form,) = [params.model_dump(by_alias=True) for params in person.seen]
    assert (form["mode"], form["message"], form["requestedSchema"]) == ("form", FORM, SCHEMA)


LINES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"prompt": "A boat\nPrice: $0.00\u202e\x1b[2K" + "x" * 500}, "Prompt: A boat Price: $0.00" + "x" * 500),
    (
        {"model": "muvi:wan-2.6", "seconds": 5, "options": {"negative_prompt": "x" * 300 + "\nPrice: $0.00", "variation": 7}},
        f'Options: negative_prompt = "{"x" * 58}…, variation = 7',
    ),
    (
        {"image": "https://pictures.example/boat.png?d=SECRET"},
        "First frame: Muvi fetches it from pictures.example: https://pictures.example/boat.png?d=SECRET",
    ),
)


@each(("changes", "line"), LINES, ids=["a prompt that writes lines", "a long option", "a picture that the vendor fetches"])
async def test_nothing_that_is_bought_writes_lines_of_its_own_or_hides_another(changes: dict[str, Any], line: str, at: Shop) -> None:
    person = Person(NO)
    async with at.client(person, "auto") as client:
        await buy(client, **changes)
    lines = person.seen[0].message.splitlines()
    assert lines[6] == line
    kinds = ["Model", "Size", "Seconds", "Sound", "Price"]
    assert [text.partition(":")[0] for text in lines[1:6]] == kinds, "before what was said"
    assert [text.partition(":")[0] for text in lines if text.startswith(("Price", "Left today"))] == ["Price", "Left today"]


@each(
    ("image", "said"),
    [
        ("/pictures/my house.png", "my house.png, sent to Muvi"),
        ("C:\\pictures\\house.png", "house.png, sent to Muvi"),
        ("v_0123456789#last", "v_0123456789#last, sent to Muvi"),
        ("data:image/png;base64,AAAA", "a picture from the chat (21 characters), sent to Muvi"),
        ("house\n\x1b[2KPrice: $0.00.png", "house Price: $0.00.png, sent to Muvi"),
    ],
)
def test_the_form_names_the_picture_that_leaves_the_machine(image: str, said: str) -> None:
    assert describe_picture("Muvi", image) == said


def test_a_form_says_how_much_of_a_prompt_it_does_not_show() -> None:
    assert describe_prompt("x" * 2520, 2000) == "x" * 2000 + "… (520 more characters)"
    assert describe_prompt("x" * 2000, 2000) == "x" * 2000


async def test_a_no_holds_for_ten_minutes_without_another_form(era: Era, at: Shop) -> None:
    person = Person(NO)
    async with at.client(person, era) as client:
        assert [code(await buy(client)) for _ in range(12)] == ["declined"] * 12
        assert len(person.seen) == 1
        await buy(client, prompt="Another boat")
        assert len(person.seen) == 2
        at.clock.at += 601
        assert code(await buy(client)) == "declined"
        assert (len(person.seen), at.rig.posts) == (3, [])


async def test_what_was_bought_without_a_yes_adds_up(tmp_path: Path) -> None:
    person = Person(NO)
    async with shop(tmp_path, CONFIRM_ABOVE_USD="0.50") as at, at.client(person, "auto") as client:
        assert [code(await buy(client, prompt=f"boat {n}")) for n in range(3)] == ["submitting", "submitting", "declined"]
        assert (len(person.seen), len(at.rig.posts) <= 2) == (1, True)
        person.answer = YES
        assert code(await buy(client, prompt="boat 3")) == "submitting"  # asked for, so it does not count
        at.clock.at += 3601
        assert code(await buy(client, prompt="boat 4")) == "submitting"
    assert len(person.seen) == 2


async def test_an_estimate_says_that_the_sum_needs_a_yes(tmp_path: Path) -> None:
    async with shop(tmp_path, CONFIRM_ABOVE_USD="0.50") as at, at.client(Person(YES), "auto") as client:
        asked: list[object] = []
        for n in range(3):
            result = await client.call_tool("estimate_cost", {"model": CLIP["model"], "seconds": CLIP["seconds"]})
            asked.append((result.structured_content or {}).get("needs_confirmation"))
            await buy(client, prompt=f"boat {n}")
    assert asked == [False, False, True]


async def test_a_no_is_said_and_ends_the_quote(era: Era, at: Shop) -> None:
    async with at.client(Person(NO), era) as client:
        result = await buy(client)
        assert result.structured_content == {
            "message": "Not sent, nothing charged. The user declined. Nothing was bought. Do not ask again unless the user wants it.",
            "error": {
                "code": "declined",
                "message": "The user declined. Nothing was bought. Do not ask again unless the user wants it.",
                "charged": "no",
            },
        }
        assert (at.rig.posts, at.rig.held()) == ([], 0)


@pytest.mark.fault("S51")
async def test_a_client_without_forms_gets_a_quote_to_approve_elsewhere(era: Era, at: Shop) -> None:
    async with Client(at.server, mode=era) as client:
        refused = await buy(client)
        quote = quote_of(refused)
        again = await buy(client, quote=quote)
        await at.rig.service.store.approvals.approve(quote)
        bought = await buy(client, quote=quote)
        assert [code(result) for result in (refused, again, bought)] == ["needs_confirmation", "needs_confirmation", "submitting"]
        assert quote_of(again) == quote


async def estimated(client: Client, **changes: Any) -> str:
    """The quote of an estimate."""
    found = (await client.call_tool("estimate_cost", {"model": "muvi:sora-2", "seconds": 4, **changes})).structured_content or {}
    assert (found["needs_confirmation"], found["allowed"]) == (True, True)
    return str(found["quote"])


async def test_an_estimates_quote_can_be_approved_before_there_is_a_prompt(at: Shop) -> None:
    async with Client(at.server) as client:
        quote = await estimated(client)
        assert await estimated(client) == quote
        early = await buy(client, quote=quote)
        assert (code(early), quote_of(early) != quote) == ("needs_confirmation", True)
        assert f"The user has not approved quote {quote} yet." in str(early.structured_content)
        await at.rig.service.store.approvals.approve(quote)
        assert code(await buy(client)) == "needs_confirmation"
        other = await buy(client, quote=quote, seconds=8)
        assert (code(other), "is for other arguments or another price" in str(other.structured_content)) == ("needs_confirmation", True)
        assert code(await buy(client, quote=quote)) == "submitting"
        again = await buy(client, quote=quote, prompt="Another boat")
        assert (code(again), "was used for" in str(again.structured_content)) == ("needs_confirmation", True)
        assert len(await at.jobs()) == 1


async def test_the_quote_of_several_clips_covers_each_of_them_with_any_prompt(at: Shop) -> None:
    async with Client(at.server) as client:
        quote = await estimated(client, clips=2)
        assert (await at.rig.service.store.approvals.approve(quote)).total == 2 * usd("0.40")
        bought = [await buy(client, quote=quote, prompt=prompt) for prompt in ("A boat", "Another boat", "A third boat")]
        assert [code(result) for result in bought] == ["submitting", "submitting", "needs_confirmation"]
        assert len(await at.jobs()) == 2


PLAN = """\
Buy 3 video clips?
Model: muvi:sora-2 (OpenAI ended Sora 2 on 2026-09-24; Muvi may refuse it)
Size: 1280x720
Seconds: 4
Clips: 3, with any prompts
Sound: yes
Price: $1.20, $0.40 each ($0.10/s x 4 s, as its page said on 2026-11-20)
Prompt: any; the first is: A paper boat drifts down a rainy street
Left today: $1,000.00 of $1,000.00
Your yes covers all 3 clips, with any prompts and pictures, within 60 min. Without it nothing is sent and nothing is charged."""


async def test_a_plan_is_asked_about_once_and_its_yes_covers_each_of_its_clips(era: Era, at: Shop) -> None:
    person = Person(YES)
    async with at.client(person, era) as client:
        quote = await estimated(client, clips=3)
        first = await buy(client, quote=quote)
        takes = await buy(client, quote=quote, prompt="Another boat", variations=2)
        assert (code(first), takes.is_error, len(await at.jobs())) == ("submitting", False, 3)
        assert [params.message for params in person.seen] == [PLAN]
        person.answer = NO
        assert (code(await buy(client, quote=quote, prompt="A fourth boat")), len(person.seen)) == ("declined", 2)
        assert len(await at.jobs()) == 3


async def test_a_plan_covers_no_more_takes_than_are_left_of_it(at: Shop) -> None:
    async with Client(at.server) as client:
        quote = await estimated(client, clips=3)
        assert quote_of(await buy(client, quote=quote)) == quote
        await at.rig.service.store.approvals.approve(quote)
        assert not (await buy(client, quote=quote, variations=2)).is_error
        more = await buy(client, quote=quote, prompt="Another boat", variations=2)
        assert (code(more), "covers 1 of these 2 clips" in str(more.structured_content)) == ("needs_confirmation", True)
        at.clock.at += 3601
        late = await buy(client, quote=quote, prompt="A third boat")
        assert (code(late), "has expired" in str(late.structured_content), len(await at.jobs())) == ("needs_confirmation", True, 2)


async def test_a_plan_that_was_declined_is_not_asked_about_again(era: Era, at: Shop) -> None:
    person = Person(NO)
    async with at.client(person, era) as client:
        quote = await estimated(client, clips=3)
        assert [code(await buy(client, quote=quote, prompt=prompt)) for prompt in ("A boat", "Another")] == ["declined", "declined"]
        assert (len(person.seen), await at.jobs()) == (1, [])


async def test_a_declined_quote_buys_nothing_that_would_need_no_yes(era: Era, tmp_path: Path) -> None:
    person = Person(NO)
    async with shop(tmp_path, CONFIRM_ABOVE_USD="0.50") as at, at.client(person, era) as client:
        quote = await estimated(client, clips=3)
        assert [code(await buy(client, quote=quote, prompt=prompt)) for prompt in ("A boat", "Another")] == ["declined", "declined"]
        at.clock.at += 3601
        assert (code(await buy(client, quote=quote)), len(person.seen), await at.jobs()) == ("declined", 1, [])
        assert code(await buy(client)) == "submitting"


async def test_a_plan_of_clips_that_need_no_yes_is_asked_about_all_the_same(tmp_path: Path) -> None:
    person = Person(YES)
    async with shop(tmp_path, CONFIRM_ABOVE_USD="0.50") as at, at.client(person, "auto") as client:
        quote = await estimated(client, clips=3)
        bought = [await buy(client, quote=quote, prompt=prompt) for prompt in ("A boat", "Another boat", "A third boat")]
        assert ([code(result) for result in bought], len(person.seen)) == (["submitting"] * 3, 1)
        assert not (await at.rig.service.store.budgets.check(usd("1"), at.rig.service.caps)).passes_unasked


@each(("cap", "usd", "ends"), [("CONFIRM_ABOVE_USD", "1", "submitting"), ("PER_VIDEO_USD", "0.10", "over_budget")])
async def test_no_form_is_shown_where_no_yes_is_needed_or_helps(cap: str, usd: str, ends: str, era: Era, tmp_path: Path) -> None:
    person = Person(YES)
    async with shop(tmp_path, **{cap: usd}) as at, at.client(person, era) as client:
        assert (code(await buy(client)), person.seen) == (ends, [])


async def test_a_yes_outside_of_the_chat_counts_while_the_form_is_open(at: Shop) -> None:
    async with at.client(None, "auto") as client, Client(at.server) as other:
        await asked(client)
        quote = quote_of(await buy(other))
        await at.rig.service.store.approvals.approve(quote)
        assert code(await send(client)) == "submitting"
        assert len(await at.jobs()) == 1


@pytest.mark.fault("C12")
async def test_a_price_from_an_old_table_needs_a_yes_however_low(era: Era, tmp_path: Path) -> None:
    async with shop(tmp_path, CONFIRM_ABOVE_USD="100") as at, at.client(NO, era) as client:
        at.clock.at += 89 * DAY_S
        assert code(await buy(client)) == "submitting"
        at.clock.at += DAY_S
        assert code(await buy(client, prompt="Another boat")) == "declined"


WORKED_OUT: tuple[tuple[Confidence, int, bool], ...] = (
    *(("listed", 2, False), ("listed", 3, True), ("live", 1, False), ("configured", 1, False)),
    *(("derived", 1, True), ("derived", 0, False)),
)


async def test_a_price_that_was_worked_out_needs_a_yes(tmp_path: Path) -> None:
    async with shop(tmp_path, CONFIRM_ABOVE_USD="2") as at:
        for confidence, dollars, needs in WORKED_OUT:
            price = Quote(Micros(dollars * 1_000_000), "once", "https://example.com", at.rig.service.today, confidence)
            assert at.rig.service.needs_yes(price) is needs, (confidence, dollars)


@pytest.mark.fault("S51")
async def test_a_client_that_answers_with_an_error_gets_the_quote_for_a_yes_elsewhere(at: Shop) -> None:
    async with at.client(ErrorData(code=-32603, message="no screen"), "legacy") as client:
        result = await buy(client)
        assert (code(result), await at.jobs()) == ("needs_confirmation", [])
        await at.rig.service.store.approvals.approve(quote_of(result))
        assert code(await buy(client, quote=quote_of(result))) == "submitting"


async def test_an_error_between_two_calls_leaves_nothing_bought(at: Shop) -> None:
    async with at.client(ErrorData(code=-32603, message="no screen"), "auto") as client:
        with pytest.raises(MCPError, match="no screen"):
            await buy(client)
        assert await at.jobs() == []


@pytest.mark.fault("S51")
async def test_silence_ends_with_the_quote(at: Shop) -> None:
    async with at.client(None, "auto") as first, at.client(None, "legacy") as silent:
        await asked(first)
        at.clock.at += QUOTE_GOOD_FOR_S - 0.1
        with patience("the answer of a silent client"):
            result = await buy(silent)
        assert (code(result), await at.jobs()) == ("declined", [])


async def test_a_client_that_leaves_during_the_form_buys_nothing(era: Era, tmp_path: Path) -> None:
    person = Person(None)
    async with shop(tmp_path) as at:
        async with at.client(person, era) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(buy, client)
            with patience("the form to open"):
                await person.opened.wait()
            tasks.cancel_scope.cancel()
        assert await at.jobs() == []


async def test_an_answer_of_another_kind_is_no_yes(at: Shop) -> None:
    async with at.client(None, "auto") as client:
        question = await asked(client)
        assert code(await send(client, state=question.request_state, answer=ListRootsResult(roots=[]))) == "declined"
        assert await at.jobs() == []


async def test_without_an_answer_to_it_the_same_question_is_asked(at: Shop) -> None:
    async with at.client(None, "auto") as client:
        early = await asked(client, answer=YES)  # to no question
        again = await asked(client, state=early.request_state)
        assert again.input_requests == early.input_requests
        assert await at.jobs() == []


def test_a_client_that_only_opens_links_shows_no_forms() -> None:
    class Asking:
        """As much of a context as is looked at."""

        protocol_version = "2026-07-28"

        def __init__(self, forms: ElicitationCapability | None) -> None:
            self.client_capabilities = ClientCapabilities(elicitation=forms)

    kinds = [None, ElicitationCapability(), ElicitationCapability(url=UrlElicitationCapability())]
    assert [elicitation.can_ask(Asking(forms)) for forms in kinds] == [False, True, False]  # type: ignore[arg-type]
