"""docs/operations.md: its metrics, alarms and settings exist, and what it tells to do after a restore works."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from scripts.house import ROOT
from sora_mcp.config.settings import ROWS
from sora_mcp.jobs.submit import DRAIN_S, LAST_WRITE_S, LEASE_S
from sora_mcp.server.transports.http import GRACE_S
from sora_mcp.telemetry import METRICS, Metric

from .played import Muvi
from .played.rig import rig

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
OF_THE_STORE = {
    "sora_mcp_jobs",
    "sora_mcp_held_micros",
    "sora_mcp_spent_micros",
    "sora_mcp_cap_micros",
    "sora_mcp_store_up",
    "sora_mcp_info",
}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def name_series(metric: Metric) -> str:
    return metric.name if metric.buckets or metric.goes_down else f"{metric.name}_total"


def test_every_metric_is_documented_with_its_labels() -> None:
    documented = {name: labels for names, labels, _ in rows("Metrics") for name in re.findall(r"sora_mcp_\w+", names)}
    own = {name_series(metric): ", ".join(metric.labels) for metric in METRICS}
    assert {name: labels for name, labels in documented.items() if name not in OF_THE_STORE} == own
    assert documented.keys() - own.keys() == OF_THE_STORE


def test_alarms_ask_for_metrics_and_labels_that_there_are() -> None:
    asked = " ".join(expression for _, expression, _ in rows("What to alarm on"))
    names = {name_series(metric) for metric in METRICS} | OF_THE_STORE
    found = {re.sub(r"_(?:count|bucket)$", "", name) for name in re.findall(r"sora_mcp_\w+", asked)}
    assert found - names == set()
    labels = {label for metric in METRICS for label in metric.labels} | {"state", "window", "le"}
    assert set(re.findall(r"(\w+)!?=\"", asked)) | set(re.findall(r"by \((\w+)\)", asked)) <= labels


def test_settings_and_times_are_those_of_the_program() -> None:
    named = set(re.findall(r"`(SORA_MCP_[A-Z_]+)", PAGE))
    assert named - set(ROWS) == set()
    assert f"taken over after {LEASE_S:.0f} s" in PAGE
    assert f"open streams have {GRACE_S} s and paid calls on their way {DRAIN_S:.0f} s" in PAGE
    assert f"{5 + GRACE_S + DRAIN_S + LAST_WRITE_S:.0f} s with the default" in PAGE


async def test_after_a_restore_nothing_is_sent_again(tmp_path: Path) -> None:
    (statement,) = re.findall(r"```sql\n(UPDATE .*?);\n```", PAGE, re.DOTALL)
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "instead", status=429, json={"message": "later"}, headers={"Retry-After": "3000"})
        job = await at.bought()
        await at.close()
        engine = sa.create_engine(at.settings.database_url)
        with engine.begin() as conn:
            conn.exec_driver_sql("UPDATE jobs SET due_at = 0, lease_owner = NULL, lease_until = NULL, submit_token = NULL")
            assert conn.exec_driver_sql(statement).rowcount == 1
        engine.dispose()
        posts = len(at.posts)
        await at.open()
        found = await at.until(job.id, "unknown", "failed")
        assert (found.state, found.charged, len(at.posts)) == ("unknown", "unknown", posts)
        assert at.held() == job.micros
