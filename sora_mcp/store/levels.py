"""The accounts that pay for a purchase: the person, the person's team, and everybody together. Each one that has limits must have room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, LOCAL
from sora_mcp.domain.money import MAX_PRICE, NO_LIMIT, Micros
from sora_mcp.store.days import Day
from sora_mcp.store.locks import lock_named
from sora_mcp.store.records import ALL, NOTHING, Caps, Limits, name_person_account, name_team_account
from sora_mcp.store.schema import ABOVE_HOLD, Words, budgets, jobs, people, quotes, totals

PERSONS, TEAMS = "person:*", "team:*"
"""The accounts whose limits count for every person and every team without one of their own."""
UNASKED_S = 3600

# Statements are built once: they are used with every estimate.
ROWS = sa.select(budgets).where(budgets.c.account.in_([sa.literal_column(f"'{name}'") for name in (ALL, PERSONS, TEAMS)]))
ROWS_OF = sa.union_all(
    ROWS, sa.select(budgets).where(budgets.c.account.in_([sa.bindparam("person", type_=Words()), sa.bindparam("team", type_=Words())]))
)
MEMBERSHIP = sa.select(people.c.team, people.c.member_of).where(people.c.id == sa.bindparam("whose"))
_NOTHING = sa.literal_column("0", sa.BigInteger)
_SUMS = sa.select(totals.c.window, totals.c.account, sa.null().label("team"), totals.c.micros, _NOTHING.label("above")).where(
    totals.c.window.in_([sa.bindparam("day"), sa.bindparam("month")])
)
# A vendor that names more than was held will take it: of jobs that are not spent yet, of which few are alive, this is not in the sums.
_ABOVE = sa.select(jobs.c.day, jobs.c.principal, jobs.c.team, _NOTHING, jobs.c.actual - jobs.c.micros).where(
    jobs.c.state.in_([sa.literal_column(f"'{state}'") for state in (*LIVE, "unknown")]),
    sa.text(ABOVE_HOLD),
    jobs.c.day.startswith(sa.bindparam("month")),
)
_EVERYBODY = (
    sa.select(totals.c.window, sa.literal_column("'all'", sa.Text), sa.null(), sa.func.sum(totals.c.micros), _NOTHING)
    .where(totals.c.window.in_([sa.bindparam("day"), sa.bindparam("month")]), totals.c.account.like(sa.literal_column("'person:%'")))
    .group_by(totals.c.window)
)
_MINE = _SUMS.where(totals.c.account.in_([sa.bindparam("person", type_=Words()), sa.bindparam("team", type_=Words())]))
SUMS_OF = sa.union_all(_MINE, _ABOVE)
SUMS_WITH_ALL = sa.union_all(_MINE, _EVERYBODY, _ABOVE)
"""The sums of everybody are added up only where they count: their lines are as many as the people who bought something."""
_UNASKED = sa.select(sa.func.sum(sa.func.coalesce(jobs.c.actual, jobs.c.micros))).where(
    jobs.c.created_at > sa.bindparam("after"),
    jobs.c.charged != sa.literal_column("'no'"),
    ~sa.exists().where(quotes.c.used_by == sa.func.coalesce(jobs.c.batch, jobs.c.id)),
)
UNASKED = {
    ALL: _UNASKED,
    "person": _UNASKED.where(jobs.c.principal == sa.bindparam("whose")),
    "team": _UNASKED.where(jobs.c.team == sa.bindparam("whose")),
}
"""What was bought after a moment without a person's yes, as far as it was or may be charged."""


@dataclass(frozen=True)
class Level:
    """One of the accounts that pay: what it may spend, and what it spent. None is no limit."""

    kind: str
    """all, person or team."""
    name: str
    """Of the principal or of the team; empty for all."""
    limits: Limits
    unasked: Micros | None
    has_row: bool
    """Whether a budget limits it, and not only the settings."""
    day_spent: Micros = NOTHING
    month_spent: Micros = NOTHING

    @property
    def is_locked(self) -> bool:
        """Return whether purchases of others may use up what is left of it."""
        return any(limit is not None for limit in (self.limits.day, self.limits.month, self.unasked))

    def get_left(self, window: str) -> Micros:
        """Return what is left of the day or the month; NO_LIMIT where it has no limit."""
        limit, spent = (self.limits.day, self.day_spent) if window == "day" else (self.limits.month, self.month_spent)
        return NO_LIMIT if limit is None else Micros(max(limit - spent, 0))


@dataclass(frozen=True)
class Levels:
    """The accounts of one principal today, all first."""

    principal: str
    day: Day
    each: tuple[Level, ...]

    @property
    def is_owner(self) -> bool:
        """Return whether the principal is this machine's own user, who may know everything."""
        return self.principal == LOCAL

    @property
    def own(self) -> Level:
        """The person's account."""
        return next(level for level in self.each if level.kind == "person")

    @property
    def team(self) -> Level | None:
        """The account of the person's team."""
        return next((level for level in self.each if level.kind == "team"), None)

    @property
    def per_video(self) -> Micros:
        """The least that one video may cost at most."""
        return min((level.limits.per_video for level in self.each if level.limits.per_video is not None), default=Micros(MAX_PRICE))

    @property
    def confirm_above(self) -> Micros | None:
        """The smallest price above which a person has to agree; None where no level has one."""
        return min((level.limits.confirm_above for level in self.each if level.limits.confirm_above is not None), default=None)

    @property
    def remainder(self) -> Micros:
        """The least that day and month have left."""
        return min(level.get_left(window) for level in self.each for window in ("day", "month"))

    def find_tightest(self, window: str) -> Level | None:
        """Return the level that has least left of the window; None where none limits it."""
        limited = [level for level in self.each if getattr(level.limits, window) is not None]
        return min(limited, key=lambda level: level.get_left(window), default=None)

    def needs_yes(self, micros: int) -> bool:
        """Return whether a person has to agree to this price because of its height."""
        return micros > 0 and self.confirm_above is not None and micros > self.confirm_above


def read_levels(conn: sa.Connection, caps: Caps, principal: str, day: Day) -> Levels:
    """Return the accounts that would pay for a purchase of the principal, with what each has spent."""
    team = find_team(conn, principal)
    accounts = {"person": name_person_account(principal), "team": "" if team is None else name_team_account(team)}
    rows = {row.account: _read_limits(row) for row in conn.execute(ROWS_OF, accounts)}
    everybody = Limits(caps.per_video, caps.daily, caps.monthly, caps.confirm_above)
    found = [_make_level(ALL, "", rows, (ALL,), everybody), _make_level("person", principal, rows, (accounts["person"], PERSONS))]
    if team is not None:
        found.append(_make_level("team", team, rows, (accounts["team"], TEAMS)))
    if ALL not in rows:
        found[0] = Level(ALL, "", found[0].limits, caps.unasked, has_row=False)
    return add_sums(conn, Levels(principal, day, tuple(found)))


def add_sums(conn: sa.Connection, levels: Levels) -> Levels:
    """Return the levels with what each has spent as the transaction sees it now."""
    counts_all = levels.is_owner or levels.each[0].is_locked
    team = levels.team
    bound = {
        "day": levels.day.name,
        "month": levels.day.month,
        "person": name_person_account(levels.principal),
        "team": "" if team is None else name_team_account(team.name),
    }
    rows = conn.execute(SUMS_WITH_ALL if counts_all else SUMS_OF, bound).all()
    return Levels(levels.principal, levels.day, tuple(_with_sums(level, levels.day, rows) for level in levels.each))


def lock_levels(conn: sa.Connection, levels: Levels) -> Levels:
    """Lock what the person shares with others and has limits, as the person is already, and return the levels as they are then."""
    if conn.dialect.name != "postgresql":
        return levels
    if levels.team is not None and levels.team.is_locked:
        lock_named(conn, "team", levels.team.name)
    if levels.each[0].is_locked:
        lock_named(conn, "all")
    return add_sums(conn, levels)


def find_team(conn: sa.Connection, principal: str) -> str | None:
    """Return the person's team: the first group of the last token that has a budget, else the one that was set."""
    row = conn.execute(MEMBERSHIP, {"whose": principal}).first()
    if row is None:
        return None
    groups: Sequence[str] = row.member_of
    if groups:
        named = {name_team_account(group): group for group in groups}
        known = set(conn.execute(sa.select(budgets.c.account).where(budgets.c.account.in_(list(named)))).scalars())
        if (first := next((group for account, group in named.items() if account in known), None)) is not None:
            return first
    return row.team


def sum_unasked(conn: sa.Connection, levels: Levels, level: Level, *, now: float) -> Micros:
    """Return what the level bought within the last hour without a person's yes."""
    return Micros(int(conn.execute(UNASKED[level.kind], {"after": now - UNASKED_S, "whose": level.name}).scalar() or 0))


def merge_limits(*said: Limits) -> Limits:
    """Return the first of these that is not open, of each limit."""
    names = [field.name for field in fields(Limits)]
    return Limits(**{name: next((value for one in said if (value := getattr(one, name)) is not None), None) for name in names})


def _make_level(kind: str, name: str, rows: dict[str, Limits], accounts: Iterable[str], otherwise: Limits | None = None) -> Level:
    named = [rows[account] for account in accounts if account in rows]
    merged = merge_limits(*named, *(() if otherwise is None else (otherwise,)))
    limits = Limits(**{field.name: _or_none(getattr(merged, field.name)) for field in fields(Limits)})
    unasked = None if limits.confirm_above is None else Micros(2 * limits.confirm_above)
    return Level(kind, name, limits, unasked, has_row=bool(named))


def _or_none(limit: Micros | None) -> Micros | None:
    return None if limit is None or limit >= NO_LIMIT else limit


def _read_limits(row: Any) -> Limits:
    return Limits(row.per_video, row.day, row.month, row.confirm_above)


def _with_sums(level: Level, day: Day, rows: Sequence[Any]) -> Level:
    account = {ALL: ALL, "person": name_person_account(level.name), "team": name_team_account(level.name)}[level.kind]
    spent = sum(row.micros for row in rows if row.account == account and row.window == day.name)
    of_month = sum(row.micros for row in rows if row.account == account and row.window == day.month)
    mine = [row for row in rows if row.above and (level.kind == ALL or level.name == (row.team if level.kind == "team" else row.account))]
    above_today = sum(row.above for row in mine if row.window == day.name)
    return Level(
        level.kind,
        level.name,
        level.limits,
        level.unasked,
        level.has_row,
        Micros(int(spent) + above_today),
        Micros(int(of_month) + sum(row.above for row in mine)),
    )
