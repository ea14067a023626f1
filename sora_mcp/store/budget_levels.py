"""The accounts that pay for a purchase: the person, the person's team, and everybody together. Each one that has limits must have room."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sora_mcp.domain import LIVE, LOCAL
from sora_mcp.domain.money import MAX_PRICE, NO_LIMIT, UNASKED_TIMES, Micros
from sora_mcp.store.budget_days import Day, choose_day
from sora_mcp.store.locks import lock_named
from sora_mcp.store.query import Query
from sora_mcp.store.records import ALL, NOTHING, Caps, Limits, name_person_account, name_team_account
from sora_mcp.store.schema import ABOVE_HOLD, Words, jobs, quotes

PERSONS, TEAMS = "person:*", "team:*"
"""The accounts whose limits count for every person and every team without one of their own."""
UNASKED_S = 3600
NAMES = tuple(field.name for field in fields(Limits))

# One statement reads what is known of the accounts of a purchase: to PostgreSQL each one is a round trip. The windows are those that may
# count: of the calendar's day, and of the last day that was begun.
_DAYS = """
WITH last AS (SELECT day, ends_at FROM days ORDER BY day DESC LIMIT 1),
begun(name) AS (SELECT CAST(:day AS text) UNION SELECT day FROM last),
windows(name) AS (SELECT name FROM begun UNION SELECT substr(name, 1, 7) FROM begun)
SELECT 'day' AS what, day AS name, '' AS "window", NULL AS team, ends_at AS at, 0 AS micros, 0 AS day, 0 AS month, 0 AS confirm_above
FROM last
UNION ALL SELECT 'member', team, member_of, NULL, 0, 0, 0, 0, 0 FROM people WHERE id = :whose
UNION ALL SELECT 'limits', account, '', NULL, 0, per_video, day, month, confirm_above FROM budgets
WHERE account IN ('all', 'person:*', 'team:*', :person)
UNION ALL """
_WINDOWS = """
WITH windows(name) AS (SELECT CAST(:day AS text) UNION SELECT substr(CAST(:day AS text), 1, 7))
"""
_SUMS = """
SELECT 'sum' AS what, account AS name, "window", NULL AS team, 0 AS at, micros, 0 AS day, 0 AS month, 0 AS confirm_above FROM totals
WHERE "window" IN (SELECT name FROM windows) AND account IN (:person, :team)
"""
# A vendor that names more than was held will take it: of jobs that are not spent yet, of which few are alive, this is not in the sums.
_ABOVE = f"""
UNION ALL SELECT 'above', principal, day, team, 0, actual - micros, 0, 0, 0 FROM jobs
WHERE state IN ({", ".join(f"'{state}'" for state in (*LIVE, "unknown"))}) AND {ABOVE_HOLD}
AND substr(day, 1, 7) IN (SELECT name FROM windows)
"""
_EVERYBODY = """
UNION ALL SELECT 'sum', 'all', "window", NULL, 0, CAST(sum(micros) AS bigint), 0, 0, 0 FROM totals
WHERE "window" IN (SELECT name FROM windows) AND account LIKE 'person:%' {where} GROUP BY "window"
"""
# The sums of everybody are added up only where they count: their lines are as many as the people who bought something.
_UNLESS_OPEN = f"""AND (:is_owner = 1 OR NOT EXISTS (SELECT 1 FROM budgets
WHERE account = 'all' AND day >= {NO_LIMIT} AND month >= {NO_LIMIT} AND confirm_above >= {NO_LIMIT}))"""
_TEAMS = """
SELECT 'limits' AS what, account AS name, '' AS "window", NULL AS team, 0 AS at, per_video AS micros, day, month, confirm_above FROM budgets
WHERE account IN :accounts
UNION ALL SELECT 'sum', account, "window", NULL, 0, micros, 0, 0, 0 FROM totals WHERE "window" IN (:day, :of_month) AND account IN :accounts
"""


def _prepare(text: str, *more: sa.BindParameter[Any]) -> sa.TextualSelect:
    """Return the statement with the types of its parameters, and with its columns, so that the driver's answer is looked through once."""
    words = [sa.bindparam(name, type_=Words()) for name in ("whose", "person", "team") if f":{name}" in text]
    names = ("what", "name", "window", "team", "at", "micros", "day", "month", "confirm_above")
    return sa.text(text).bindparams(*words, *more).columns(*map(sa.column, names))


LEVELS = Query(_prepare(_DAYS + _SUMS.replace("IN (:person, :team)", "= :person") + _EVERYBODY.format(where=_UNLESS_OPEN) + _ABOVE))
TEAMS_OF = _prepare(_TEAMS, sa.bindparam("accounts", expanding=True, type_=Words()))
SUMS_OF = _prepare(_WINDOWS + _SUMS + _ABOVE)
SUMS_WITH_ALL = _prepare(_WINDOWS + _SUMS + _EVERYBODY.format(where="") + _ABOVE)
_UNASKED = sa.select(sa.func.sum(sa.func.coalesce(jobs.c.actual, jobs.c.micros))).where(
    jobs.c.created_at > sa.bindparam("after"),
    jobs.c.charged != sa.literal_column("'no'"),
    ~sa.exists().where(quotes.c.used_by == sa.func.coalesce(jobs.c.batch, jobs.c.id)),
)
UNASKED = {
    ALL: Query(_UNASKED),
    "person": Query(_UNASKED.where(jobs.c.principal == sa.bindparam("whose"))),
    "team": Query(_UNASKED.where(jobs.c.team == sa.bindparam("whose"))),
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

    def pays_for(self, principal: str, team: str | None) -> bool:
        """Return whether purchases of this principal, for whom this team pays too, are its own."""
        return self.kind == ALL or self.name == (team if self.kind == "team" else principal)

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


def read_levels(conn: sa.Connection, caps: Caps, principal: str, now: float) -> Levels:
    """Return the accounts that would pay for a purchase of the principal, with what each has spent."""
    local = datetime.fromtimestamp(now, caps.zone).date()
    person = name_person_account(principal)
    bound = {"day": local.isoformat(), "whose": principal, "person": person, "is_owner": int(principal == LOCAL)}
    found: dict[str, list[Any]] = {"day": [], "member": [], "limits": [], "sum": [], "above": []}
    for row in LEVELS.get_all(conn, bound):
        found[row.what].append(row)
    day = choose_day(next(((row.name, row.at) for row in found["day"]), None), now, caps.zone)
    rows, team = found["limits"], None
    if found["member"]:
        team, of_teams = _find_team(conn, found["member"][0], day)
        rows = [*rows, *(row for row in of_teams if row.what == "limits")]
        found["sum"] += [row for row in of_teams if row.what == "sum"]
    limits = {row.name: Limits(row.micros, row.day, row.month, row.confirm_above) for row in rows}
    everybody = Limits(caps.per_video, caps.daily, caps.monthly, caps.confirm_above)
    each = [_make_level(ALL, "", limits, (ALL,), everybody), _make_level("person", principal, limits, (person, PERSONS))]
    if team is not None:
        each.append(_make_level("team", team, limits, (name_team_account(team), TEAMS)))
    if ALL not in limits:
        each[0] = Level(ALL, "", each[0].limits, caps.unasked, has_row=False)
    return Levels(principal, day, tuple(_with_sums(level, day, found["sum"], found["above"]) for level in each))


def lock_levels(conn: sa.Connection, levels: Levels) -> Levels:
    """Lock what the person shares with others and has limits, as the person is already, and return the levels as they are then."""
    if conn.dialect.name != "postgresql":
        return levels
    team = levels.team
    if team is not None and team.is_locked:
        lock_named(conn, "team", team.name)
    if levels.each[0].is_locked:
        lock_named(conn, "all")
    counts_all = levels.is_owner or levels.each[0].is_locked
    accounts = {"person": name_person_account(levels.principal), "team": "" if team is None else name_team_account(team.name)}
    rows = conn.execute(SUMS_WITH_ALL if counts_all else SUMS_OF, {"day": levels.day.name, **accounts}).all()
    sums, above = ([row for row in rows if row.what == what] for what in ("sum", "above"))
    return replace(levels, each=tuple(_with_sums(level, levels.day, sums, above) for level in levels.each))


def _find_team(conn: sa.Connection, member: Any, day: Day) -> tuple[str | None, Sequence[Any]]:
    """Return the person's team: the first group of the last token that has a budget, else the one that was set; and what is known of
    the teams that it may be."""
    groups: list[str] = json.loads(member.window)
    named: list[str] = [*groups, *([] if member.name is None else [member.name])]
    if not named:
        return None, ()
    bound = {"accounts": [name_team_account(name) for name in named], "day": day.name, "of_month": day.month}
    rows = conn.execute(TEAMS_OF, bound).all()
    known = {row.name for row in rows if row.what == "limits"}
    return next((group for group in groups if name_team_account(group) in known), member.name), rows


def sum_unasked(conn: sa.Connection, levels: Levels, level: Level, *, now: float) -> Micros:
    """Return what the level bought within the last hour without a person's yes."""
    return Micros(int(UNASKED[level.kind].get_value(conn, {"after": now - UNASKED_S, "whose": level.name}) or 0))


def merge_limits(*said: Limits) -> Limits:
    """Return the first of these that is not open, of each limit."""
    return Limits(*(next((value for one in said if (value := getattr(one, name)) is not None), None) for name in NAMES))


def _make_level(kind: str, name: str, rows: dict[str, Limits], accounts: Iterable[str], otherwise: Limits | None = None) -> Level:
    named = [rows[account] for account in accounts if account in rows]
    merged = merge_limits(*named, *(() if otherwise is None else (otherwise,)))
    limits = Limits(*(_or_none(getattr(merged, name)) for name in NAMES))
    unasked = None if limits.confirm_above is None else Micros(UNASKED_TIMES * limits.confirm_above)
    return Level(kind, name, limits, unasked, has_row=bool(named))


def _or_none(limit: Micros | None) -> Micros | None:
    return None if limit is None or limit >= NO_LIMIT else limit


def _with_sums(level: Level, day: Day, sums: Sequence[Any], above: Sequence[Any]) -> Level:
    """Return the level with what it spent, and what vendors named above their holds."""
    account = {ALL: ALL, "person": name_person_account(level.name), "team": name_team_account(level.name)}[level.kind]
    spent = {row.window: row.micros for row in sums if row.name == account}
    mine = [row for row in above if level.pays_for(row.name, row.team)]
    above_today = sum(row.micros for row in mine if row.window == day.name)
    of_month = spent.get(day.month, 0) + sum(row.micros for row in mine if row.window[:7] == day.month)
    return replace(level, day_spent=Micros(spent.get(day.name, 0) + above_today), month_spent=Micros(of_month))
