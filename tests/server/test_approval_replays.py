"""One yes is one purchase at most, whatever is sent again, in whatever way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import pytest
from mcp import Client, MCPError
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.types import INVALID_PARAMS

from sora_mcp.config.settings import Settings, load
from sora_mcp.domain import QUOTE_GOOD_FOR_S
from sora_mcp.domain.errors import NeedsConfirmation, Refused
from sora_mcp.store import Store
from tests.each import each
from tests.played.rig import TODAY, environment
from tests.stored import CAPS, NOON, purchase

from .forms import ABOVE, NO, YES, Person, Shop, asked, buy, code, quote_of, send, shop

pytestmark = pytest.mark.slow

TRIES = 200
"""What a real server does with a thousand of them, stands in test_approval_lines.py."""
AT_ONCE = 20
INVALID_STATE = (INVALID_PARAMS, "Invalid or expired requestState", {"reason": "invalid_request_state"})


async def refused(client: Client, **sent: Any) -> tuple[int, str, Any]:
    """The protocol error of one call."""
    with pytest.raises(MCPError) as error:
        await send(client, **sent)
    return error.value.error.code, error.value.error.message, error.value.error.data


@contextmanager
def signed_in(subject: str) -> Any:
    """Requests of this token's owner."""
    token = auth_context_var.set(AuthenticatedUser(AccessToken(token="t", client_id="c", scopes=[], subject=subject)))
    try:
        yield
    finally:
        auth_context_var.reset(token)


async def tried(client: Client, ends: Counter[str], **sent: Any) -> None:
    try:
        ends[code(await send(client, **sent))] += 1
    except MCPError as error:
        ends[str(error.error.code)] += 1


async def flood(at: Shop, tries: int, sent: Callable[[int], dict[str, Any]]) -> Counter[str]:
    """So many calls, a few at a time, over several connections; how each ended."""
    ends: Counter[str] = Counter()

    async def one(first: int) -> None:
        async with at.client(NO, "auto") as client:
            for number in range(first, tries, AT_ONCE):
                await tried(client, ends, **sent(number))

    async with anyio.create_task_group() as tasks:
        for first in range(AT_ONCE):
            tasks.start_soon(one, first)
    return ends


async def test_the_same_yes_many_times_at_once_is_one_purchase(at: Shop) -> None:
    async with at.client(None, "auto") as client:
        state = (await asked(client)).request_state
        ends = await flood(at, TRIES, lambda _: {"state": state, "answer": YES})
        assert (sum(ends.values()), len(await at.jobs()), len(at.rig.posts)) == (TRIES, 1, 1)


async def test_many_tries_after_the_same_request_is_no_longer_the_same_job_buy_nothing(at: Shop) -> None:
    async with at.client(None, "auto") as client:
        state = (await asked(client)).request_state
        assert code(await send(client, state=state, answer=YES)) == "submitting"
        [job] = await at.jobs()
        assert (await at.rig.until(job, "completed")).state == "completed"
        at.clock.at += 601
        changes: list[dict[str, Any]] = [{}, {"request_id": "b"}, {"prompt": "A whale"}, {"quote": "q_1"}, {"seconds": 8}]
        ends = await flood(at, TRIES, lambda number: {"state": state, "answer": YES, **changes[number % 5]})
        assert ends == {"needs_confirmation": TRIES // 5, str(INVALID_PARAMS): TRIES * 4 // 5}
        assert len(await at.jobs()) == 1


async def test_naming_a_quote_many_times_is_no_yes(at: Shop) -> None:
    async with Client(at.server, mode="legacy") as client:
        quote = quote_of(await buy(client))
        ends = Counter([code(await buy(client, quote=quote)) for _ in range(TRIES // 5)])
        assert (ends, await at.jobs()) == ({"needs_confirmation": TRIES // 5}, [])


@each("change", [{"prompt": "A whale"}, {"seconds": 8}, {"request_id": "b"}, {"max_usd": 3}, {"model": "muvi:sora-2-pro"}])
async def test_a_yes_is_good_for_no_other_arguments(change: dict[str, Any], at: Shop) -> None:
    async with at.client(None, "auto") as client:
        state = (await asked(client)).request_state
        assert await refused(client, state=state, answer=YES, **change) == INVALID_STATE
        assert await at.jobs() == []


@each("state", ["", "q_0123456789", "v1.AAAA", "\ud800"])
async def test_a_state_that_is_not_ours_is_a_protocol_error(state: str, at: Shop) -> None:
    async with at.client(None, "auto") as client:
        question = await asked(client)
        sealed = question.request_state or ""
        assert await refused(client, state=state, answer=YES) == INVALID_STATE
        assert await refused(client, state=f"{sealed[:-1]}{'A' if sealed[-1] != 'A' else 'B'}", answer=YES) == INVALID_STATE
        assert await at.jobs() == []


async def test_a_yes_is_good_for_nobody_else(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        with signed_in("ann"):
            async with at.client(None, "auto") as client:
                state = (await asked(client)).request_state
        with signed_in("eve"):
            async with at.client(None, "auto") as client:
                assert await refused(client, state=state, answer=YES) == INVALID_STATE
                assert await refused(client, state=state, answer=NO) == INVALID_STATE
        assert await at.jobs() == []
        with signed_in("ann"):
            async with at.client(None, "auto") as client:
                assert code(await send(client, state=state, answer=YES)) == "submitting"


async def test_a_no_cannot_be_taken_back(at: Shop) -> None:
    async with at.client(None, "auto") as client:
        state = (await asked(client)).request_state
        assert code(await send(client, state=state, answer=NO)) == "declined"
        assert code(await send(client, state=state, answer=YES)) == "declined"
        assert await at.jobs() == []


async def test_a_no_after_a_yes_says_what_the_yes_made(at: Shop) -> None:
    async with at.client(None, "auto") as client:
        state = (await asked(client)).request_state
        await send(client, state=state, answer=YES)
        late = await send(client, state=state, answer=NO)
        (job,) = await at.jobs()
        assert late.model_dump()["structured_content"]["error"] == {
            "code": "declined",
            "message": f"The user declined, but an earlier yes to the same question created {job}.",
            "charged": "no",
            "job_id": job,
        }


async def test_a_yes_after_its_time_buys_nothing(at: Shop) -> None:
    async with at.client(None, "auto") as client:
        state = (await asked(client)).request_state
        at.clock.at += QUOTE_GOOD_FOR_S
        late = await send(client, state=state, answer=YES)
        assert (code(late), await at.jobs()) == ("needs_confirmation", [])


@pytest.mark.fault("S48")
async def test_a_yes_to_a_price_that_changed_buys_nothing(tmp_path: Path) -> None:
    async with shop(tmp_path) as at, at.client(None, "auto") as client:
        state = (await asked(client)).request_state
        at.rig.service.availability.written = dearer(at, tmp_path).catalogue
        at.rig.service.availability.forget()
        late = await send(client, state=state, answer=YES)
        assert (code(late), await at.jobs()) == ("needs_confirmation", [])
        assert "is for other arguments or another price. muvi:sora-2 costs $1.20, " in str(late)


async def test_two_questions_at_once_and_two_yeses_are_one_purchase(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        people = [Person(YES) for _ in range(10)]

        async def one(person: Person) -> None:
            async with at.client(person, "legacy") as client:
                await buy(client)

        async with anyio.create_task_group() as tasks:
            for person in people:
                tasks.start_soon(one, person)
        assert len(await at.jobs()) == 1


def test_a_yes_in_a_form_is_written_down_only_with_its_purchase(store: Store) -> None:
    wish = purchase(fingerprint="f", confirm=True)
    with pytest.raises(NeedsConfirmation) as asking:
        store.reservations.reserve.sync(wish, CAPS)
    quote = asking.value.quote_id
    with pytest.raises(Refused):
        store.reservations.reserve.sync(replace(wish, agreed=quote), replace(CAPS, daily=type(CAPS.daily)(1)))
    assert store.approvals.get.sync(quote).approved_at is None
    job = store.reservations.reserve.sync(replace(wish, agreed=quote), CAPS)
    said = store.approvals.get.sync(quote)
    assert (said.approved_at, said.used_by) == (NOON, job.id)


def test_a_yes_names_its_own_quote_and_not_the_callers(store: Store) -> None:
    wish = purchase(fingerprint="f", confirm=True)
    with pytest.raises(NeedsConfirmation) as asking:
        store.reservations.reserve.sync(wish, CAPS)
    with pytest.raises(NeedsConfirmation):
        store.reservations.reserve.sync(replace(wish, agreed="q_another", quote_id=asking.value.quote_id), CAPS)
    assert store.reservations.reserve.sync(replace(wish, agreed=asking.value.quote_id, quote_id="q_another"), CAPS).state == "submitting"


def test_another_principals_no_ends_no_quote(store: Store) -> None:
    with pytest.raises(NeedsConfirmation) as asking:
        store.reservations.reserve.sync(purchase(fingerprint="f", confirm=True), CAPS)
    assert store.approvals.decline.sync(asking.value.quote_id, "eve") is None
    assert store.approvals.approve.sync(asking.value.quote_id).approved_at == NOON


def dearer(at: Shop, folder: Path) -> Settings:
    """The same, at three times the price."""
    prices = '["muvi:sora-2"]\nper_second = "0.30"\n'
    env = environment(folder, {"muvi": at.rig.wire.address}, (at.rig.wire.host,), prices=prices, CONFIRM_ABOVE_USD=ABOVE)
    return load(env, today=TODAY, config=folder / "none.toml")
