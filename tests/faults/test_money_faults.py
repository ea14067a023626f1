"""Faults of the paid call, of prices and of budgets that need a test of their own."""

from __future__ import annotations

import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import trustme
from mcp.types import INVALID_PARAMS

from sora_mcp.domain import Call, Reply
from sora_mcp.domain.errors import OverBudget, PriceUnknown
from sora_mcp.domain.money import SETTLED, Micros, usd
from sora_mcp.net import client as http_client
from sora_mcp.store import Store
from sora_mcp.store.records import Caps
from sora_mcp.vendors import fal
from sora_mcp.vendors.reading import read_quote
from tests.each import each
from tests.faults.checks import ENDS, sound
from tests.faults.servers import WISH, settings, talking
from tests.faults.submit_rows import HTML
from tests.played import MuleRun, Muvi, played
from tests.played.rig import rig
from tests.played.stdio import chat
from tests.server.test_approval_lines import YES, calls, env_at, lines
from tests.stored import begun, no, purchase
from tests.waiting import eventually

pytestmark = pytest.mark.slow

TRIES = 40
"""Each of them may hold the whole budget: one that kept it would let no other begin."""


# The paid call

CERTIFICATES = (("127.0.0.1", 1, "completed", 1), ("127.0.0.1", -1, "failed", 0), ("other.example", 1, "failed", 0))


@pytest.mark.fault("S03")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's own store of authorities is asked")
@pytest.mark.parametrize(("name", "days", "state", "creates"), CERTIFICATES, ids=["good", "expired", "of another name"])
async def test_s03_only_a_living_certificate_of_this_name_is_talked_to(
    name: str, days: int, state: str, creates: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    authority, server = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name, not_after=datetime.now(UTC) + timedelta(days=days)).configure_cert(server)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    known = ssl.get_default_verify_paths()._replace(openssl_cafile=str(tmp_path / "ca.pem"))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: known)
    monkeypatch.setattr(http_client, "load_certificates", lambda: httpx2.create_ssl_context(trust_env=False))
    async with played(Muvi(), tls=server) as wire, rig(Muvi(), tmp_path, own=False, MUVI_BASE_URL=wire.address) as at:
        wire.app.__dict__["cdn"] = at.cdn.address
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, len(wire.made), len(wire.heard) > 0) == (state, creates, state == "completed")
        if state == "failed":
            said = "Muvi could not be reached, so nothing was sent: the certificate of "
            assert (job.charged, job.error is not None and job.error.message.startswith(said), at.held()) == ("no", True, 0)


@pytest.mark.fault("S07")
async def test_s07_a_vendor_that_hangs_keeps_no_caller_waiting(tmp_path: Path) -> None:
    async with talking(Muvi(), tmp_path) as (wire, spoken):
        wire.arm("submit", "hang")
        job = await spoken.call("create_video", prompt="a boat", **WISH)
        assert await eventually(lambda: wire.made != [])
        news = await spoken.call("get_video_status", job_id=job["job_id"], wait_seconds=0)
        assert (job["state"], news["state"], news["charged"]) == ("submitting", "submitting", "held")


@pytest.mark.fault("S12")
async def test_s12_a_login_page_is_not_repeated(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "instead", **HTML, taken=True)
        job = await at.until((await at.bought(seconds=4)).id, *ENDS)
        assert (job.state, "Sign in" in repr(job), "Sign in" in caplog.text) == ("unknown", False, False)
        await sound(at, tmp_path, job, caplog)


@pytest.mark.fault("S49")
async def test_s49_a_question_ends_with_the_process_that_asked(tmp_path: Path) -> None:
    async with played(Muvi()) as wire:
        async with lines(env_at(wire, tmp_path)) as client:
            (question,) = await calls(client, 1)
        async with lines(env_at(wire, tmp_path)) as client:
            (late,) = await calls(client, 1, requestState=question["requestState"], inputResponses={"approval": YES})
            (again,) = await calls(client, 2)
        assert (late["code"], "requestState" in again, wire.accepted) == (INVALID_PARAMS, True, 0)


# Prices

PARTLY = '["mulerun:sora-2-pro"]\nwhen = [{ size = "1280x720", per_second = "0.30" }]\n'


@pytest.mark.fault("C11")
@each(("prices", "size"), [("", "1280x720"), (PARTLY, "1792x1024")], ids=["no price at all", "none for this size"], at_once=8)
async def test_c11_what_has_no_price_is_not_bought(prices: str, size: str, tmp_path: Path) -> None:
    async with rig(MuleRun(), tmp_path, prices=prices) as at:
        with pytest.raises(PriceUnknown, match="mulerun:sora-2-pro has no published price"):
            await at.create(size=size, seconds=4)
        assert (at.wire.accepted, at.held(), (await at.service.jobs(principal="local")).jobs) == (0, 0, ())


@pytest.mark.fault("C11")
async def test_c11_what_has_a_price_beside_it_is_bought(tmp_path: Path) -> None:
    async with rig(MuleRun(), tmp_path, prices=PARTLY) as at:
        job = await at.until((await at.bought(size="1280x720", seconds=4)).id, *ENDS)
        assert (job.state, job.micros, len(at.posts)) == ("completed", usd("1.20"), 1)


@pytest.mark.fault("C21")
@each(("currency", "micros"), [("USD", 1_250_000), ("EUR", None), ("usd", None), (None, None)])
def test_c21_a_sum_in_another_currency_is_no_sum(currency: str | None, micros: int | None) -> None:
    body = {"estimate_type": "unit_price", "total_cost": 1.25, "currency": currency}
    assert read_quote(fal.VENDOR, Reply(Call("POST", "/v1/models/pricing/estimate"), 200, body)) == micros


# Budgets


@pytest.mark.fault("C06")
def test_c06_ends_without_a_video_leave_nothing_held(tmp_path: Path) -> None:
    store, boundless = Store(f"sqlite:///{tmp_path / 'sora.db'}", tmp_path), Caps(usd("1"), usd("1"), usd("1"), UTC)
    for number in range(TRIES):
        match number % 4:
            case 0:
                store.reservations.cancel_unsent.sync(store.reservations.reserve.sync(purchase("1"), boundless))
            case 1:
                store.outcomes.refuse.sync(begun(store, "1"), "t", no("no"))
            case 2:
                store.unclear.resolve.sync(store.outcomes.mark_unclear.sync(begun(store, "1"), "t", no("unknown")), no("no"))
            case _:
                with pytest.raises(OverBudget):
                    store.reservations.reserve.sync(purchase("1.000001"), boundless)
    budget = store.budgets.get.sync(boundless)
    assert (budget.day_spent, budget.day_left, budget.month_unsettled, store.jobs.count_live.sync()) == (Micros(0), usd("1"), SETTLED, 0)
    store.close()


@pytest.mark.fault("C23")
async def test_c23_caps_and_prices_are_those_of_the_start(tmp_path: Path) -> None:
    config = tmp_path / "config" / "sora-mcp" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("daily_usd = 0.50\n", "utf-8")
    async with played(Muvi()) as wire:
        env = settings(tmp_path, wire, DAILY_USD="")
        async with chat({**env, "XDG_CONFIG_HOME": str(tmp_path / "config")}) as spoken:
            first = await spoken.call("create_video", prompt="a boat", **WISH)
            config.write_text("daily_usd = 500\nconfirm_above_usd = 500\n", "utf-8")
            (tmp_path / "prices.toml").write_text('["muvi:sora-2"]\nper_second = "0.01"\n', "utf-8")
            second = await spoken.call("create_video", prompt="a kite", max_usd=500, **WISH)
            budget = (await spoken.call("list_videos"))["budget"]
            assert await eventually(lambda: len(wire.made) == 1)
        assert (first["micros"], second["error"]["code"], budget["day_limit_usd"], len(wire.made)) == (400_000, "over_budget", 0.5, 1)
