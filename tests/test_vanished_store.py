"""A store that vanished, was emptied, or lost spending is noticed before the next purchase, and a person can go on."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from sora_mcp.domain import VideoRequest
from sora_mcp.domain.errors import StorageError
from sora_mcp.domain.money import usd
from sora_mcp.domain.terminal_command import Program, started_as
from sora_mcp.store import Store

from .each import each
from .played.muvi import Muvi
from .played.rig import rig
from .stored import CAPS, NOON, Clock, empty_schema, purchase, spent
from .stored import reserve as buy

NEXT_MONTH = NOON + 20 * 86_400
BEHIND_POSIX = pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed on Windows")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@contextmanager
def opened(home: Path, clock: Clock | None = None) -> Generator[Store]:
    """A store of this home whose mark stands beside it."""
    with closing(Store(f"sqlite:///{home / 'sora.db'}", home, clock=clock or Clock(), marks=home.parent / "marks")) as store:
        yield store


def bought_and_closed(home: Path, *prices: str) -> None:
    with opened(home) as store:
        for price in prices:
            buy(store, price)


def mark_of(home: Path) -> Path:
    (mark,) = (home.parent / "marks").iterdir()
    return mark


@pytest.fixture
def refused(home: Path) -> Iterator[Store]:
    """A store that was deleted after $3.00 were set aside in it, opened anew."""
    bought_and_closed(home, "1.00", "2.00")
    (home / "sora.db").unlink()
    with opened(home) as store:
        yield store


def lose_file(file: Path) -> None:
    file.unlink()


def empty_file(file: Path) -> None:
    file.write_bytes(b"")


def empty_ledger(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn, conn:
        conn.execute("DELETE FROM ledger")
        conn.execute("DELETE FROM totals")


def restore_older(file: Path) -> None:
    """Put a copy in its place from before the last purchase."""
    with closing(sqlite3.connect(file)) as conn, conn:
        conn.execute("DELETE FROM ledger WHERE micros = 2000000")


@each(
    "harm, lost, why",
    [
        (lose_file, "3", r"is not the one in which \$3\.00 was set aside for videos in 2026-11"),
        (empty_file, "3", r"is not the one in which \$3\.00 was set aside"),
        (empty_ledger, "3", r"has lost \$3\.00 of what was set aside for videos in 2026-11"),
        (restore_older, "2", r"has lost \$2\.00"),
    ],
)
def test_a_store_without_this_months_spending_buys_nothing(harm: object, lost: str, why: str, tmp_path: Path) -> None:
    assert callable(harm)
    home = tmp_path / "home"
    bought_and_closed(home, "1.00", "2.00")
    harm(home / "sora.db")
    with opened(home) as store, started_as(Program(("/opt/sora-mcp",), ("--home", "/h"))):
        for attempt in (store.reservations.reserve, store.reservations.check):
            with pytest.raises(StorageError, match=why) as refusal:
                attempt.sync(purchase("0.10"), CAPS)
            assert refusal.value.charged == "no"
            assert refusal.value.message.endswith("To go on without it, run `/opt/sora-mcp forget --home /h` in a terminal.")
        loss = store.purchase_mark.find_loss.sync(CAPS.zone)
        assert loss is not None
        assert (loss.micros, store.jobs.count_live.sync()) == (usd(lost), 0 if harm in (lose_file, empty_file) else 2)


def test_a_refusal_sets_nothing_aside_and_changes_no_mark_and_what_is_free_is_made(refused: Store, home: Path) -> None:
    before = mark_of(home).read_bytes()
    with pytest.raises(StorageError):
        buy(refused)
    assert (spent(refused), mark_of(home).read_bytes()) == ((0, 0), before)
    assert buy(refused, "0").micros == 0


def test_after_a_persons_decision_it_buys_again_and_notices_the_next_loss(refused: Store, home: Path) -> None:
    refused.purchase_mark.forget.sync(CAPS.zone)
    buy(refused)
    refused.close()
    (home / "sora.db").unlink()
    with opened(home) as again, pytest.raises(StorageError, match=r"\$1\.00 was set aside"):
        buy(again)


def test_the_store_that_came_back_buys_again(home: Path) -> None:
    bought_and_closed(home, "1.00")
    (home / "sora.db").rename(home / "away")
    with opened(home) as store, pytest.raises(StorageError):
        buy(store)
    (home / "away").replace(home / "sora.db")
    bought_and_closed(home, "1.00")


def test_a_first_start_and_a_store_without_a_mark_buy(home: Path) -> None:
    bought_and_closed(home, "1.00")
    mark_of(home).unlink()  # of a version that knew none
    bought_and_closed(home, "1.00")


@each("damage", [b"", b"{", b"[]", b'{"store": "a", "month": "2026-11"}', b'{"store": 1, "month": "2026-11", "micros": 5}', b"\xff"])
def test_a_damaged_mark_is_no_mark(damage: bytes, tmp_path: Path) -> None:
    home = tmp_path / "home"
    bought_and_closed(home, "1.00")
    mark_of(home).write_bytes(damage)
    bought_and_closed(home, "1.00")
    assert json.loads(mark_of(home).read_text("utf-8"))["micros"] == 2_000_000


def test_each_store_has_a_mark_of_its_own(home: Path) -> None:
    bought_and_closed(home, "1.00")
    for other in (home.parent / "other", home.parent / "third"):
        bought_and_closed(other, "1.00")
    assert len(list((home.parent / "marks").iterdir())) == 3


def test_a_month_that_is_over_binds_nobody(home: Path) -> None:
    bought_and_closed(home, "1.00")
    (home / "sora.db").unlink()
    clock = Clock(NEXT_MONTH)
    with opened(home, clock) as store:
        buy(store)
        clock.at = NOON  # set back: the mark speaks of a later month
    (home / "sora.db").unlink()
    with opened(home, clock) as store, pytest.raises(StorageError, match="2026-12"):
        buy(store)


def test_money_that_is_given_back_is_no_loss(home: Path) -> None:
    with opened(home) as store:
        assert store.reservations.cancel_unsent.sync(buy(store, "2.00")) is not None
        assert spent(store) == (0, 0)
        buy(store)
        assert (store.purchase_mark.find_loss.sync(CAPS.zone), spent(store)) == (None, (usd("1"), usd("1")))


def test_two_processes_that_buy_in_turn_never_see_a_loss(home: Path) -> None:
    with opened(home) as first, opened(home) as second:
        for store in (first, second, second, first, second, first):
            buy(store)
        assert json.loads(mark_of(home).read_text("utf-8"))["micros"] == 6_000_000


def test_a_mark_that_lags_behind_is_no_loss(home: Path) -> None:
    """Another process committed, and wrote its mark first or was killed before it did."""
    with opened(home) as store:
        buy(store)
        before = mark_of(home).read_bytes()
        buy(store)
        mark_of(home).write_bytes(before)
        assert buy(store).micros == usd("1")


@BEHIND_POSIX
@each("replaced", [False, True])
def test_a_store_that_is_removed_while_it_is_open_buys_nothing_more(replaced: bool, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with opened(home) as store:
        buy(store)
        (home / "sora.db").unlink()
        if replaced:
            with opened(home):
                pass
        said = r"was (removed|replaced) while this program used it\. Nothing is bought before you start this program again"
        with pytest.raises(StorageError, match=said):
            buy(store)


def test_after_a_person_forgot_it_the_old_store_buys_nothing(home: Path) -> None:
    bought_and_closed(home, "1.00")
    (home / "sora.db").rename(home / "away")
    with opened(home) as new:
        new.purchase_mark.forget.sync(CAPS.zone)
        buy(new, "2.00")
    (home / "away").replace(home / "sora.db")
    with opened(home) as old, pytest.raises(StorageError, match=r"\$2\.00"):
        buy(old)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_takes_no_mark_stops_no_purchase(home: Path) -> None:
    (home.parent / "marks").mkdir(mode=0o500)
    bought_and_closed(home, "1.00", "1.00")


def test_a_mark_that_cannot_be_written_stops_no_purchase(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home.parent / "marks").write_text("a file where the folder should be")
    bought_and_closed(home, "1.00", "1.00")
    assert "a store that vanishes would not be noticed" in caplog.text


def test_the_mark_is_its_users_alone_and_names_no_prompt(home: Path) -> None:
    bought_and_closed(home, "1.00")
    mark = mark_of(home)
    assert sorted(json.loads(mark.read_text("utf-8"))) == ["micros", "month", "store", "version"]
    if os.name != "nt":
        assert (mark.stat().st_mode & 0o777, mark.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_on_any_database_what_is_missing_is_noticed(store_url: str, tmp_path: Path, clock: Clock) -> None:
    with closing(Store(store_url, tmp_path / "home", clock=clock, marks=tmp_path / "marks")) as store:
        job = buy(store, "2.00", request_id="r1", fingerprint="f")
        assert buy(store, "2.00", request_id="r1", fingerprint="f").id == job.id, "it exists already"
        buy(store)
        lose(store, "DELETE FROM ledger", older=True)
        with pytest.raises(StorageError, match=r"has lost \$3\.00"):
            buy(store)
        store.purchase_mark.forget.sync(CAPS.zone)
        assert buy(store).micros == usd("1")


@pytest.mark.slow
def test_a_postgres_store_is_added_up_where_somebody_asks_and_compared_with_its_mark_at_a_purchase(
    postgres_url: str, tmp_path: Path, clock: Clock
) -> None:
    with empty_schema(postgres_url) as url, closing(Store(url, tmp_path / "home", clock=clock, marks=tmp_path / "marks")) as store:
        buy(store, "2.00")
        buy(store)
        (mark,) = (tmp_path / "marks").iterdir()
        assert json.loads(mark.read_text("utf-8"))["micros"] == usd("3")
        lose(store, "DELETE FROM ledger WHERE micros = 2000000", older=False)
        buy(store)
        loss = store.purchase_mark.find_loss.sync(CAPS.zone)
        assert loss is not None and loss.micros == usd("2")
        store.purchase_mark.forget.sync(CAPS.zone)
        lose(store, "SELECT 1", older=True)
        with pytest.raises(StorageError, match="is an older copy: what was done last is missing"):
            buy(store)


def lose(store: Store, statement: str, *, older: bool) -> None:
    """Take something away; `older` counts a PostgreSQL store back besides, as an older copy of it is."""
    with store.purchase_mark.database.writing() as conn:
        conn.execute(sa.text(statement))
        if older and conn.dialect.name == "postgresql":
            conn.execute(sa.text("UPDATE jobs SET version = -version"))
            conn.execute(sa.text("SELECT setval('job_versions', 1)"))


async def test_nothing_reaches_a_vendor_while_the_store_is_not_the_one_that_knows_the_spending(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig(Muvi(), tmp_path) as at:
        await at.until((await at.bought(seconds=4)).id, "completed")
    (at.settings.home / "sora.db").unlink()
    async with rig(Muvi(), tmp_path) as at:
        assert "is not the one in which" in caplog.text
        asked = VideoRequest("a boat", "muvi:sora-2", seconds=4)
        estimate = await at.service.estimate(asked, clips=1, principal="local")
        assert estimate.refusal is not None and " run `sora-mcp forget` in a terminal." in estimate.refusal
        assert estimate.quote_id is None
        with pytest.raises(StorageError, match="is not the one in which"):
            await at.service.create(asked, principal="local")
        assert at.wire.made == []
        await at.service.store.purchase_mark.forget(at.settings.zone)
        job = await at.bought(seconds=4)
        assert (await at.until(job.id, "completed")).charged == "yes"
