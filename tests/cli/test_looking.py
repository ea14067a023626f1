"""Tables of what was made, what it cost, and what there is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sora_mcp.catalogue import matrix
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.cli.jobs import describe_job
from sora_mcp.domain import Image, Job
from sora_mcp.domain.errors import NeedsConfirmation
from sora_mcp.store import Store
from sora_mcp.store.records import Person

from ..stored import CAPS, DONE, FILE, begun, claimed, no, purchase, running
from .conftest import Sora, own_line


def test_without_videos_the_tables_say_so(sora: Sora, said: dict[str, str]) -> None:
    assert sora("jobs") == (0, f"No videos yet. Make one: {own_line(said, 'demo')}\n", "")
    assert sora("spend") == (0, "Nothing was spent.\nToday $0.00 of $10.00, this month $0.00 of $100.00.\n", "")


def test_spend_adds_up(sora: Sora, store: Store) -> None:
    today = datetime.now(UTC).date()
    store.reservations.reserve.sync(purchase("1.20"), CAPS)
    store.reservations.reserve.sync(purchase("0.30", vendor="pixazo", model="veo-3.1"), CAPS)
    heading, *lines, left = sora("spend", f"{today:%Y-%m}").out.splitlines()
    assert heading.split() == ["DAY", "VENDOR", "MODEL", "VIDEOS", "HELD", "SPENT"]
    assert sorted(line.split() for line in lines) == [
        [str(today), "muvi", "muvi:sora-2", "1", "$1.20", "$0.00"],
        [str(today), "pixazo", "pixazo:veo-3.1", "1", "$0.30", "$0.00"],
        ["total", "2", "$1.50", "$0.00"],
    ]
    assert left == "Today $1.50 of $10.00, this month $1.50 of $100.00."


def test_the_newest_job_stands_first_and_as_many_as_asked_for(sora: Sora, store: Store) -> None:
    made = [store.reservations.reserve.sync(purchase(prompt=f"boat {number} {'x' * 60}"), CAPS).id for number in range(3)]
    _, *lines = sora("jobs", "--limit", "2").out.splitlines()
    assert {line.split()[0] for line in lines} <= set(made)
    assert [line.split()[1] for line in lines] == ["submitting", "submitting"]
    assert {line.split()[9] for line in lines} == {"boat"}
    assert all(line.endswith("x" * 60) for line in lines)


def show(sora: Sora, job: Job) -> dict[str, str]:
    lines = [line.split("  ", 1) for line in sora("show", job.id).out.splitlines()]
    return {name: text.strip() for name, text in lines}


def test_a_job_is_shown_with_everything_that_is_known(sora: Sora, store: Store) -> None:
    job = running(store)
    store.outcomes.settle.sync(job, DONE)
    store.outcomes.complete.sync(claimed(store), FILE)
    assert {name: text for name, text in show(sora, job).items() if name not in ("made", "changed")} == {
        "job": job.id,
        "state": "completed",
        "model": "muvi:sora-2",
        "prompt": "A paper boat drifts down a rainy street",
        "size": "1280x720",
        "seconds": "4",
        "options": "audio=True, seed=7",
        "price": "$1.00 (estimate; $1.00 per video)",
        "price from": "https://example.com/prices, checked 2026-11-20, listed",
        "charged": "yes",
        "vendor's id": job.vendor_id,
        "vendor's state": "completed",
        "warning": "It may be gone.",
        "path": "/videos/boat.mp4",
        "bytes": "1000",
        "duration": "4.0 s",
        "picture": "1280x720",
        "sha256": "00" * 32,
    }


def test_a_price_of_the_users_own_file_is_not_called_checked(store: Store) -> None:
    job = replace(begun(store), source="your price file", confidence="configured")
    assert dict(describe_job(job, UTC))["price from"] == "your price file, as it was on 2026-11-20"


def test_what_is_free_has_no_source_of_its_price(sora: Sora, store: Store) -> None:
    shown = show(sora, store.reservations.reserve.sync(purchase("0"), CAPS))
    assert (shown["price"], "price from" in shown) == ("free", False)


def test_a_job_is_shown_with_who_said_yes_when_and_how(sora: Sora, store: Store) -> None:
    store.people.meet.sync(Person("p_ben", "https://idp.example.com", "ben", email="ben@example.com"))
    for by, way, said in (
        ("local", "terminal", "the user of this computer, at a terminal"),
        ("p_anna", "page", "p_anna, on the page"),
        ("p_ben", "url", "ben@example.com, on the page to which the client led"),
    ):
        wanted = purchase("1.00", confirm=True)
        with pytest.raises(NeedsConfirmation) as asked:
            store.reservations.reserve.sync(wanted, CAPS)
        store.approvals.approve.sync(asked.value.quote_id, by=by, way=way)
        shown = show(sora, store.reservations.reserve.sync(wanted, CAPS))
        assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d, by {said}", shown["approved"])


def test_a_failed_job_is_shown_with_its_reason(sora: Sora, store: Store) -> None:
    job = begun(store, image=Image("data:,"))
    store.outcomes.refuse.sync(job, "t", no("no"))
    shown = show(sora, job)
    assert (shown["state"], shown["charged"], shown["first frame"]) == ("failed", "no", "yes")
    assert (shown["error"], shown["vendor's message"]) == ("vendor_rejected: Muvi could not make this video.", "sorry")


def test_the_matrix_is_the_readmes(sora: Sora) -> None:
    rows = matrix.rows(Catalogue(), today=date.today())
    assert sora("vendors", "--markdown") == (0, matrix.markdown(rows) + "\n", "")
    first = [line.split(" ")[0] for line in sora("vendors").out.splitlines() if not line.startswith(" ")]
    assert first == ["MODEL", *(row.model for row in rows)]


def test_one_model_is_shown_whole(sora: Sora) -> None:
    code, out, _ = sora("vendors", "MUVI:sora-2")
    assert (code, [line.split("  ")[0] for line in out.splitlines()]) == (0, [*map(str.casefold, matrix.HEADINGS), "source"])
    assert {line.split()[0].partition(":")[2] for line in sora("vendors", "sora-2").out.splitlines()[1:]} >= {"sora-2", "sora-2-pro"}
    assert sora("vendors", "nonsense").err.startswith("sora-mcp: There is no model 'nonsense'. All models: ")


def test_the_matrix_has_the_users_own_prices(sora: Sora, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text('["mulerun:sora-2-pro"]\nper_second = "0.31"\n')
    lines = sora("vendors", "--prices", str(file)).out.splitlines()
    assert next(line for line in lines if line.startswith("mulerun:sora-2-pro")).count("$0.31/s") == 1


def test_a_job_that_is_not_there_is_refused_with_the_store_that_was_looked_in(sora: Sora, said: dict[str, str]) -> None:
    for command in ("show", "fetch", "delete"):
        code, _, err = sora(command, "v_0123456789")
        assert (code, f"Looked in: {Path(said['SORA_MCP_HOME'], 'sora.db')}" in err) == (1, True), command
