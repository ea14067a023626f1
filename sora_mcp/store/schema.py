"""The tables, and the types of their columns."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from sora_mcp.domain.call import Call
from sora_mcp.domain.job import Artifact, JobError


class Words(sa.TypeDecorator[str]):
    """Text that every database takes: PostgreSQL refuses NUL, UTF-8 has no lone surrogates."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text without what cannot be stored."""
        return None if value is None else value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


class Json(sa.TypeDecorator[Any]):
    """A value as ASCII JSON text; `read` makes the value again."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self.read = read

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the value as JSON; None stays the database's own NULL."""
        if value is None:
            return None
        return json.dumps(dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the value as it was before it was stored."""
        return None if value is None else self.read(json.loads(value))


def _call(stored: dict[str, Any]) -> Call:
    pairs: dict[str, Any] = {name: tuple((key, value) for key, value in stored[name]) for name in ("query", "headers")}
    return Call(**(stored | pairs))


def _error(stored: dict[str, Any]) -> JobError:
    return JobError(**stored)


def _artifact(stored: dict[str, Any]) -> Artifact:
    return replace(Artifact(**stored), notes=tuple(stored.get("notes", ())))


class db_now(FunctionElement[float]):
    """Current time in seconds since 1970 by the database's clock, the one clock that all processes share."""

    type = sa.Double[float]()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _sqlite_now(element: db_now, compiler: SQLCompiler, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"  # unixepoch('subsec') would be plainer, but needs SQLite 3.42


@compiles(db_now, "postgresql")
def _postgres_now(element: db_now, compiler: SQLCompiler, **_: Any) -> str:
    return "(SELECT extract(epoch FROM clock_timestamp())::double precision)"  # once for a statement, so that an index can be used


def is_one_of(column: sa.ColumnElement[str], *words: str) -> sa.ColumnElement[bool]:
    """Return a condition whose words stand in the statement itself: as parameters they would be written into it anew each time."""
    return column.in_([sa.literal_column(f"'{word}'") for word in words])


IS_TOKEN = sa.text("length(submit_token) = 32")
"""What a query by a submit token has to say too, so that the index serves it."""


class next_version(FunctionElement[int]):
    """Version of a change of a job, above every earlier one of that job."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(next_version, "sqlite")
def _sqlite_version(element: next_version, compiler: SQLCompiler, **_: Any) -> str:
    return "(SELECT coalesce(max(every.version), 0) + 1 FROM jobs AS every)"


@compiles(next_version, "postgresql")
def _postgres_version(element: next_version, compiler: SQLCompiler, **_: Any) -> str:
    return "nextval('job_versions')"


class transaction_id(FunctionElement[int]):
    """Id of the transaction that makes a change; NULL on SQLite, where changes become visible in the order of their versions."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(transaction_id, "sqlite")
def _sqlite_transaction(element: transaction_id, compiler: SQLCompiler, **_: Any) -> str:
    return "NULL"


@compiles(transaction_id, "postgresql")
def _postgres_transaction(element: transaction_id, compiler: SQLCompiler, **_: Any) -> str:
    return "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"


metadata = sa.MetaData()
HAS_FILE = sa.text("artifact IS NOT NULL")
ABOVE_HOLD = "actual > micros AND charged <> 'yes'"
"""Jobs whose vendor named more than was held, which is not in the sums yet."""

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("principal", Words, nullable=False),
    sa.Column("team", Words),  # that pays besides the principal
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("vendor", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),  # the window that its money belongs to
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("wish", sa.Text),  # NULL in rows of the first versions
    sa.Column("request_id", Words),
    sa.Column("batch", sa.Text),  # the first of the takes that were bought together
    sa.Column("take", sa.BigInteger),  # which of these it is, from 1 on
    sa.Column("take_count", sa.BigInteger),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("finished_at", sa.Double),
    sa.Column("cancel_asked_at", sa.Double),  # when its vendor took the user's request to cancel it
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("changed_xid", sa.BigInteger),  # on PostgreSQL: the transaction of the last change that clients can see
    sa.Column("due_at", sa.Double),  # when the worker has to look; NULL: never again
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until", sa.Double),
    sa.Column("fence", sa.BigInteger, nullable=False, default=0),
    sa.Column("tries", sa.BigInteger, nullable=False, default=0),
    sa.Column("dead_links", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("submit_token", sa.Text),
    sa.Column("submitted_at", sa.Double),
    sa.Column("woken_at", sa.Double),  # when its vendor's last webhook made it due, by the database's clock
    sa.Column("woken_fence", sa.BigInteger),  # the fence at that moment: a step under way had asked before
    sa.Column("vendor_id", Words),
    sa.Column("micros", sa.BigInteger, nullable=False),
    sa.Column("actual", sa.BigInteger),
    sa.Column("charged", sa.Text, nullable=False),
    sa.Column("size", sa.Text, nullable=False),
    sa.Column("seconds", sa.BigInteger, nullable=False),
    sa.Column("with_image", sa.Boolean, nullable=False),
    sa.Column("basis", Words, nullable=False),
    sa.Column("source", Words, nullable=False),
    sa.Column("checked", sa.Date, nullable=False),
    sa.Column("confidence", sa.Text, nullable=False),
    sa.Column("expected_s", sa.BigInteger, nullable=False),
    sa.Column("progress", sa.Double),
    sa.Column("said", Words),
    sa.Column("words", Words, nullable=False),  # the prompt in folded case, for searching
    sa.Column("prompt", Words, nullable=False),
    sa.Column("options", Json(dict), nullable=False),
    sa.Column("warnings", Json(tuple), nullable=False),
    sa.Column("parents", Json(tuple), nullable=False),
    sa.Column("error", Json(_error)),
    sa.Column("artifact", Json(_artifact)),
    sa.Column("deleted_at", sa.Double),  # when its file was deleted
    sa.Column("kept_days", sa.BigInteger),
    sa.Column("next", Json(_call)),
    sa.Column("media", Json(_call)),
    sa.Column("call", Json(_call)),  # last, because a first frame makes it megabytes long
    sa.Index("jobs_by_version", "version", unique=True),
    sa.Index("jobs_by_change", "changed_xid"),
    sa.Index("jobs_by_vendor_id", "vendor", "vendor_id", unique=True),  # a vendor's job belongs to one row, ever
    sa.Index("jobs_by_submit_token", "submit_token", unique=True, sqlite_where=IS_TOKEN, postgresql_where=IS_TOKEN),
    sa.Index("jobs_by_end", "vendor", "finished_at"),
    sa.Index("jobs_with_file", "finished_at", "id", sqlite_where=HAS_FILE, postgresql_where=HAS_FILE),
    sa.Index("jobs_by_request", "principal", "request_id", unique=True),
    sa.Index("jobs_by_fingerprint", "principal", "fingerprint", "created_at"),
    sa.Index("jobs_by_wish", "principal", "wish", "created_at"),
    sa.Index("jobs_by_batch", "batch", sqlite_where=sa.text("batch IS NOT NULL"), postgresql_where=sa.text("batch IS NOT NULL")),
    sa.Index("jobs_by_age", "created_at", "id"),
    sa.Index("jobs_by_state", "state", "created_at", "id"),
    sa.Index("jobs_by_model", "model", "state", "finished_at"),
    sa.Index("jobs_of", "principal", "created_at", "id"),
    sa.Index("jobs_of_by_state", "principal", "state", "created_at", "id"),
    sa.Index("jobs_of_team", "team", "created_at", sqlite_where=sa.text("team IS NOT NULL"), postgresql_where=sa.text("team IS NOT NULL")),
    sa.Index("jobs_above_hold", "day", sqlite_where=sa.text(ABOVE_HOLD), postgresql_where=sa.text(ABOVE_HOLD)),
    sa.Index("jobs_due", "due_at", sqlite_where=sa.text("due_at IS NOT NULL"), postgresql_where=sa.text("due_at IS NOT NULL")),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("from_account", sa.Text, nullable=False),
    sa.Column("to_account", sa.Text, nullable=False),
    sa.Column("micros", sa.BigInteger, sa.CheckConstraint("micros > 0"), nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("vendor", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("ledger_by_month", "month", "day"),
)

# Of each person and each team; what everybody spent is the sum of the persons, so that no row is changed by everybody.
totals = sa.Table(
    "totals",
    metadata,
    sa.Column("window", sa.Text, primary_key=True),  # 2026-11-21 or 2026-11
    sa.Column("account", Words, primary_key=True),  # person:ID or team:NAME
    sa.Column("micros", sa.BigInteger, nullable=False),
)

days = sa.Table(
    "days",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("ends_at", sa.Double, nullable=False),  # the moment at which it was promised to end
)

# NULL leaves a limit to the account's default; NO_LIMIT lifts it.
budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("account", Words, primary_key=True),  # all, team:NAME, team:*, person:ID or person:*
    sa.Column("per_video", sa.BigInteger),
    sa.Column("day", sa.BigInteger),
    sa.Column("month", sa.BigInteger),
    sa.Column("confirm_above", sa.BigInteger),
    sa.Column("set_at", sa.Double, nullable=False),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", Words, primary_key=True),  # the principal
    sa.Column("issuer", Words, nullable=False),
    sa.Column("subject", Words, nullable=False),
    sa.Column("name", Words),
    sa.Column("email", Words),
    sa.Column("team", Words),  # as `sora-mcp people` set it
    sa.Column("member_of", Json(tuple), nullable=False),  # groups, as the last token named them
    sa.Column("seen_at", sa.Double, nullable=False),
)

quotes = sa.Table(
    "quotes",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("principal", Words, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("size", sa.Text, nullable=False),
    sa.Column("seconds", sa.BigInteger, nullable=False),
    sa.Column("micros", sa.BigInteger, nullable=False),
    sa.Column("prompt", Words, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Column("approved_at", sa.Double),
    sa.Column("used_by", sa.Text, unique=True),
    sa.Column("clips", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("uses", sa.BigInteger, nullable=False, server_default="1"),  # how many purchases it still covers
    sa.Column("declined_at", sa.Double),  # when a person said no
    sa.Column("approved_by", Words),  # the principal who said yes
    sa.Column("approved_way", sa.Text),  # NULL in rows of the first versions
    sa.Index("quotes_by_fingerprint", "principal", "fingerprint", "expires_at"),
)

questions = sa.Table(
    "questions",
    metadata,
    sa.Column("quote_id", Words, primary_key=True),
    sa.Column("ends_at", sa.Double, nullable=False),
    sa.Column("body", Json(dict), nullable=False),
    sa.Index("questions_by_end", "ends_at"),
)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("why", Words, nullable=False),
    sa.Column("job_id", sa.Text, nullable=False),
)

listings = sa.Table(
    "listings",
    metadata,
    sa.Column("vendor", sa.Text, primary_key=True),
    sa.Column("fetched_at", sa.Double, nullable=False),
    sa.Column("body", Json(dict), nullable=False),
)

gone = sa.Table(
    "gone",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)

orphans = sa.Table(
    "orphans",
    metadata,
    sa.Column("vendor", sa.Text, primary_key=True),
    sa.Column("vendor_id", Words, primary_key=True),
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
)

deleted_files = sa.Table(
    "deleted_files",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # as copies of it are called in the machines' caches
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("deleted_files_by_time", "at"),
)
