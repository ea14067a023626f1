"""Budgets: what is left of the limits that apply to a person, and the limits of every account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import sqlalchemy as sa

from sora_mcp.domain import LOCAL
from sora_mcp.domain.money import NO_LIMIT, Micros
from sora_mcp.store.budget_levels import PERSONS, TEAMS, Level, Levels, merge_limits, read_levels
from sora_mcp.store.loss_detection import Loss, find_loss
from sora_mcp.store.records import ALL, TO_DEFAULT, AccountBudget, Budget, Caps, Limits, OwnSpending
from sora_mcp.store.refusals import find_passed_cap, find_passed_unasked, name_owner, name_window
from sora_mcp.store.schema import budgets, people, totals
from sora_mcp.store.transactions import Repository, reads, writes_in_steps
from sora_mcp.store.unsettled import UnsettledJobs, read_unsettled_jobs


@dataclass(frozen=True)
class Outlook:
    """Obstacles to a purchase now, and the budget of its buyer."""

    budget: Budget
    passed_cap: str | None
    """Which limits it would pass."""
    passes_unasked: bool
    """Whether a person has to agree because of what was bought within the last hour without a yes."""
    loss: Loss | None
    """Purchases that the store has lost: nothing is bought until a person decides."""


@dataclass(frozen=True)
class Budgets(Repository):
    """Limits of accounts, and what is left of them; held money counts as spent."""

    mark_file: Path | None = None
    """Where it is remembered what was bought, outside of the store."""

    @reads
    def get(self, conn: sa.Connection, caps: Caps, principal: str = LOCAL) -> Budget:
        """Return the principal's budget as it is now."""
        return read_budget(conn, read_levels(conn, caps, principal, self.clock()))

    @reads
    def check(self, conn: sa.Connection, micros: Micros, caps: Caps, *, clips: int = 1, principal: str = LOCAL) -> Outlook:
        """Return what would be in the way of one such video, or of `clips` of them one after the other."""
        now = self.clock()
        levels = read_levels(conn, caps, principal, now)
        passed = find_passed_cap(levels, Micros(micros * clips), each=micros)
        unasked = find_passed_unasked(conn, levels, micros, now=now, earlier=micros * (clips - 1))
        loss = find_loss(conn, self.mark_file, month=levels.day.month) if micros > 0 else None
        return Outlook(read_budget(conn, levels), passed and passed[0], unasked is not None, loss)

    @writes_in_steps
    def set(self, changes: Mapping[str, Limits]) -> None:
        """Change limits of accounts, all of them or none; a limit that is None in its change stays as it is. An account of which all limits
        were left to its default has no budget any more.

        No purchase is under way meanwhile, so that none is made by a limit that does not count any more.
        """
        with self.database.writing(alone=True) as conn:
            self._set(conn, changes)

    def _set(self, conn: sa.Connection, changes: Mapping[str, Limits]) -> None:
        now, names = self.clock(), [field.name for field in fields(Limits)]
        for account, limits in changes.items():
            said = {name: value for name in names if (value := getattr(limits, name)) is not None}
            values = {name: None if value == TO_DEFAULT else value for name, value in said.items()}
            if not conn.execute(sa.update(budgets).where(budgets.c.account == account).values(**values, set_at=now)).rowcount:
                conn.execute(sa.insert(budgets).values(account=account, **values, set_at=now))
            if TO_DEFAULT in said.values():
                conn.execute(sa.delete(budgets).where(budgets.c.account == account, *(budgets.c[name].is_(None) for name in names)))

    @reads
    def list_accounts(self, conn: sa.Connection, caps: Caps) -> tuple[AccountBudget, ...]:
        """Return every account that has limits or spent something this month: all, the defaults, teams, then people."""
        levels = read_levels(conn, caps, LOCAL, self.clock())
        day, everybody = levels.day, levels.each[0]
        rows = {row.account: Limits(row.per_video, row.day, row.month, row.confirm_above) for row in conn.execute(sa.select(budgets))}
        windows = conn.execute(sa.select(totals).where(totals.c.window.in_([day.name, day.month]))).all()
        spent = {(row.account, row.window): row.micros for row in windows}
        names = {row.id: row.email or row.name or row.id for row in conn.execute(sa.select(people.c.id, people.c.email, people.c.name))}
        defaults = {ALL: Limits(caps.per_video, caps.daily, caps.monthly, caps.confirm_above)}
        found = [AccountBudget(ALL, ALL, _merge(rows, ALL, defaults[ALL]), everybody.day_spent, everybody.month_spent, ALL in rows)]
        nothing = Micros(0)
        found += [AccountBudget(name, name, rows[name], nothing, nothing, True) for name in (TEAMS, PERSONS) if name in rows]
        accounts = sorted({*rows, *(account for account, _ in spent)} - {ALL, TEAMS, PERSONS}, key=lambda name: (name[:1] != "t", name))
        for account in accounts:
            kind, _, name = account.partition(":")
            limits = _merge(rows, account, rows.get(f"{kind}:*", Limits()))
            today, month = (Micros(spent.get((account, window), 0)) for window in (day.name, day.month))
            found.append(AccountBudget(account, names.get(name, name), limits, today, month, account in rows))
        return tuple(found)


def read_budget(conn: sa.Connection, levels: Levels) -> Budget:
    """Return what the person may know of what is left: the owner of this machine everything, others nothing of what all spent."""
    unsettled = read_unsettled_jobs(conn, levels)
    day, month = levels.find_tightest("day"), levels.find_tightest("month")
    tells_day, tells_month = _can_show(day, levels), _can_show(month, levels)
    seen = levels.each[0] if levels.is_owner else levels.own
    of_day, of_month = (day if day is not None and tells_day else seen), (month if month is not None and tells_month else seen)
    day_left, month_left = (NO_LIMIT if level is None else level.get_left(name) for level, name in ((day, "day"), (month, "month")))
    window, least = ("month", month) if month_left < day_left else ("day", day)
    return Budget(
        per_video=levels.per_video,
        day_limit=day.limits.day if day is not None and tells_day else None,
        day_spent=of_day.day_spent,
        day_left=day_left,
        month_limit=month.limits.month if month is not None and tells_month else None,
        month_spent=of_month.month_spent,
        month_left=month_left,
        resets_at=levels.day.resets_at,
        day_unsettled=unsettled.sum_of(of_day, levels.day.name),
        month_unsettled=unsettled.sum_of(of_month),
        limited_by=None if least is None or _is_plain(least, levels) else name_window(least, window),
        day_of="" if day is None or _is_plain(day, levels) else name_owner(day, levels),
        month_of="" if month is None or _is_plain(month, levels) else name_owner(month, levels),
        confirm_above=levels.confirm_above,
        own=None if levels.is_owner else _read_own(levels, unsettled),
    )


def _can_show(level: Level | None, levels: Levels) -> bool:
    """Return whether the sums of a level may be told: what others spent is nobody's business but the owner's."""
    return level is not None and (levels.is_owner or level.kind != ALL)


def _is_plain(level: Level, levels: Levels) -> bool:
    """Return whether a level is what one person on one machine knows: the settings."""
    return levels.is_owner and level.kind == ALL and not level.has_row


def _read_own(levels: Levels, unsettled: UnsettledJobs) -> OwnSpending:
    own, team = levels.own, levels.team
    of_day, of_month = unsettled.sum_of(own, levels.day.name), unsettled.sum_of(own)
    mine = OwnSpending(own.day_spent, own.month_spent, day_unsettled=of_day, month_unsettled=of_month)
    if team is None:
        return mine
    sums = {"team_day_spent": team.day_spent, "team_month_spent": team.month_spent}
    return replace(mine, team=team.name, **sums, team_month_unsettled=unsettled.sum_of(team))


def _merge(rows: Mapping[str, Limits], account: str, default: Limits) -> Limits:
    return merge_limits(*([rows[account]] if account in rows else []), default)
