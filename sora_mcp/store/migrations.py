"""Bring a store from one version of the schema to the next, in statements that SQLite and PostgreSQL read alike.

A version that was ever in use stays as it was: a change of `schema` is one more migration, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

Migration = Callable[[sa.Connection], None]

FIRST = (
    """
    CREATE TABLE jobs (id TEXT NOT NULL, principal TEXT NOT NULL, state TEXT NOT NULL, vendor TEXT NOT NULL, model TEXT
    NOT NULL, day TEXT NOT NULL, fingerprint TEXT NOT NULL, request_id TEXT, created_at DOUBLE PRECISION NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL, finished_at DOUBLE PRECISION, version BIGINT NOT NULL, due_at DOUBLE PRECISION,
    lease_owner TEXT, lease_until DOUBLE PRECISION, fence BIGINT NOT NULL, tries BIGINT NOT NULL, submit_token TEXT,
    submitted_at DOUBLE PRECISION, vendor_id TEXT, micros BIGINT NOT NULL, actual BIGINT, charged TEXT NOT NULL, size TEXT
    NOT NULL, seconds BIGINT NOT NULL, with_image BOOLEAN NOT NULL, basis TEXT NOT NULL, source TEXT NOT NULL, checked
    DATE NOT NULL, confidence TEXT NOT NULL, expected_s BIGINT NOT NULL, progress DOUBLE PRECISION, said TEXT, words TEXT
    NOT NULL, prompt TEXT NOT NULL, options TEXT NOT NULL, warnings TEXT NOT NULL, parents TEXT NOT NULL, error TEXT,
    artifact TEXT, next TEXT, media TEXT, call TEXT, PRIMARY KEY (id))
    """,
    "CREATE INDEX jobs_by_age ON jobs (created_at, id)",
    "CREATE INDEX jobs_by_fingerprint ON jobs (principal, fingerprint, created_at)",
    "CREATE INDEX jobs_by_model ON jobs (model, state, finished_at)",
    "CREATE UNIQUE INDEX jobs_by_request ON jobs (principal, request_id)",
    "CREATE INDEX jobs_by_state ON jobs (state, created_at, id)",
    "CREATE UNIQUE INDEX jobs_by_vendor_id ON jobs (vendor, vendor_id)",
    "CREATE UNIQUE INDEX jobs_by_version ON jobs (version)",
    "CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX jobs_of ON jobs (principal, created_at, id)",
    "CREATE INDEX jobs_of_by_state ON jobs (principal, state, created_at, id)",
    """
    CREATE TABLE ledger (job_id TEXT NOT NULL, kind TEXT NOT NULL, from_account TEXT NOT NULL, to_account TEXT NOT NULL,
    micros BIGINT NOT NULL CHECK (micros > 0), day TEXT NOT NULL, month TEXT NOT NULL, vendor TEXT NOT NULL, model TEXT
    NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (job_id, kind))
    """,
    "CREATE INDEX ledger_by_month ON ledger (month, day)",
    "CREATE TABLE meta (name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name))",
    """
    CREATE TABLE orphans (vendor TEXT NOT NULL, vendor_id TEXT NOT NULL, job_id TEXT NOT NULL, at DOUBLE PRECISION NOT
    NULL, PRIMARY KEY (vendor, vendor_id, job_id))
    """,
    """
    CREATE TABLE quotes (id TEXT NOT NULL, principal TEXT NOT NULL, fingerprint TEXT NOT NULL, model TEXT NOT NULL, size
    TEXT NOT NULL, seconds BIGINT NOT NULL, micros BIGINT NOT NULL, prompt TEXT NOT NULL, expires_at DOUBLE PRECISION NOT
    NULL, approved_at DOUBLE PRECISION, used_by TEXT, PRIMARY KEY (id), UNIQUE (used_by))
    """,
    "CREATE INDEX quotes_by_fingerprint ON quotes (principal, fingerprint, expires_at)",
    'CREATE TABLE totals ("window" TEXT NOT NULL, micros BIGINT NOT NULL, ends_at DOUBLE PRECISION, PRIMARY KEY ("window"))',
)

# A model that cost more than was quoted is paused. Jobs that were left unclear are looked at once more: their vendor may have a list.
SECOND = (
    """
    CREATE TABLE pauses (
    model TEXT NOT NULL, since DOUBLE PRECISION NOT NULL, why TEXT NOT NULL, job_id TEXT NOT NULL, PRIMARY KEY (model))
    """,
    "UPDATE jobs SET due_at = 0, tries = 0 WHERE state = 'unknown' AND submit_token IS NOT NULL AND vendor_id IS NULL",
)

# Vendors' own lists of models, and models that were gone.
THIRD = (
    "CREATE TABLE gone (model TEXT NOT NULL, code TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (model))",
    "CREATE TABLE listings (vendor TEXT NOT NULL, fetched_at DOUBLE PRECISION NOT NULL, body TEXT NOT NULL, PRIMARY KEY (vendor))",
)

# Links that were dead count apart from hosts that were not reached.
FOURTH = ("ALTER TABLE jobs ADD COLUMN dead_links BIGINT NOT NULL DEFAULT 0",)

# What was said is remembered beside what it meant: offers, prices and defaults move.
FIFTH = (
    "ALTER TABLE jobs ADD COLUMN wish TEXT",
    "CREATE INDEX jobs_by_wish ON jobs (principal, wish, created_at)",
)

# A no holds for a while.
SIXTH = ("ALTER TABLE quotes ADD COLUMN declined_at DOUBLE PRECISION",)

# Several takes of one request are bought at once: each knows the first of them, and one quote covers all.
SEVENTH = (
    "ALTER TABLE jobs ADD COLUMN batch TEXT",
    "CREATE INDEX jobs_by_batch ON jobs (batch) WHERE batch IS NOT NULL",
    "ALTER TABLE quotes ADD COLUMN clips BIGINT NOT NULL DEFAULT 1",
)

# A quote of an estimate may cover several purchases.
EIGHTH = ("ALTER TABLE quotes ADD COLUMN uses BIGINT NOT NULL DEFAULT 1",)

# Who pays is a person, their team, and all together, each with a budget. What everybody spent is the sum of what each person did.
_COUNTS = "SUM(CASE WHEN from_account = 'budget' THEN l.micros WHEN to_account = 'budget' THEN -l.micros ELSE 0 END)"
NINTH = (
    """
    CREATE TABLE people (id TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, name TEXT, email TEXT, team TEXT,
    member_of TEXT NOT NULL, seen_at DOUBLE PRECISION NOT NULL, PRIMARY KEY (id))
    """,
    """
    CREATE TABLE budgets (account TEXT NOT NULL, per_video BIGINT, day BIGINT, month BIGINT, confirm_above BIGINT, set_at
    DOUBLE PRECISION NOT NULL, PRIMARY KEY (account))
    """,
    "CREATE TABLE days (day TEXT NOT NULL, ends_at DOUBLE PRECISION NOT NULL, PRIMARY KEY (day))",
    'INSERT INTO days (day, ends_at) SELECT "window", ends_at FROM totals WHERE ends_at IS NOT NULL',
    "DROP TABLE totals",
    'CREATE TABLE totals ("window" TEXT NOT NULL, account TEXT NOT NULL, micros BIGINT NOT NULL, PRIMARY KEY ("window", account))',
    *(
        f"""
        INSERT INTO totals ("window", account, micros) SELECT l.{window}, 'person:' || COALESCE(j.principal, 'local'), {_COUNTS}
        FROM ledger l LEFT JOIN jobs j ON j.id = l.job_id GROUP BY l.{window}, COALESCE(j.principal, 'local')
        """
        for window in ("day", "month")
    ),
    "ALTER TABLE jobs ADD COLUMN team TEXT",
    "CREATE INDEX jobs_of_team ON jobs (team, created_at) WHERE team IS NOT NULL",
    "CREATE INDEX jobs_above_hold ON jobs (day) WHERE actual > micros AND charged <> 'yes'",
)

# A vendor's webhook finds its job by the token of the paid call, and is remembered: where they arrive, fewer polls will do.
TENTH = (
    "ALTER TABLE jobs ADD COLUMN woken_at DOUBLE PRECISION",
    "ALTER TABLE jobs ADD COLUMN woken_fence BIGINT",
    "CREATE UNIQUE INDEX jobs_by_submit_token ON jobs (submit_token) WHERE length(submit_token) = 32",
    "CREATE INDEX jobs_by_end ON jobs (vendor, finished_at)",
)

# Who said yes, and by which way; and what a page shows of a quote, on whichever replica it is opened.
ELEVENTH = (
    "ALTER TABLE quotes ADD COLUMN approved_by TEXT",
    "ALTER TABLE quotes ADD COLUMN approved_way TEXT",
    "CREATE TABLE questions (quote_id TEXT NOT NULL, ends_at DOUBLE PRECISION NOT NULL, body TEXT NOT NULL, PRIMARY KEY (quote_id))",
    "CREATE INDEX questions_by_end ON questions (ends_at)",
)

# A finished file can be deleted; its job, and what it cost, stay.
TWELFTH = (
    "ALTER TABLE jobs ADD COLUMN deleted_at DOUBLE PRECISION",
    "ALTER TABLE jobs ADD COLUMN kept_days BIGINT",
    "CREATE INDEX jobs_with_file ON jobs (finished_at, id) WHERE artifact IS NOT NULL",
    "CREATE TABLE deleted_files (name TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (name))",
    "CREATE INDEX deleted_files_by_time ON deleted_files (at)",
)


# Processes do not take turns any more on PostgreSQL: versions come from a sequence, and a change is found by its transaction.
THIRTEENTH = ("ALTER TABLE jobs ADD COLUMN changed_xid BIGINT", "CREATE INDEX jobs_by_change ON jobs (changed_xid)")
THIRTEENTH_ON_POSTGRES = (
    "CREATE SEQUENCE job_versions",
    "SELECT setval('job_versions', (SELECT COALESCE(MAX(version), 0) + 1 FROM jobs), false)",
)


def number_changes(conn: sa.Connection) -> None:
    """Let changes be found that do not become visible in the order of their versions."""
    for statement in (*THIRTEENTH, *(THIRTEENTH_ON_POSTGRES if conn.dialect.name == "postgresql" else ())):
        conn.exec_driver_sql(statement)


# That the user asked the vendor to cancel: a failure after that is a cancelled clip.
FOURTEENTH = ("ALTER TABLE jobs ADD COLUMN cancel_asked_at DOUBLE PRECISION",)


# Takes that were bought together know which one they are.
FIFTEENTH = (
    "ALTER TABLE jobs ADD COLUMN take BIGINT",
    "ALTER TABLE jobs ADD COLUMN take_count BIGINT",
    """
    UPDATE jobs SET take = (SELECT COUNT(*) FROM jobs t WHERE t.batch = jobs.batch AND t.id <= jobs.id),
    take_count = (SELECT COUNT(*) FROM jobs t WHERE t.batch = jobs.batch) WHERE batch IS NOT NULL
    """,
)


def run_statements(*statements: str) -> Migration:
    """Return a migration that runs these statements."""

    def migrate(conn: sa.Connection) -> None:
        for statement in statements:
            conn.exec_driver_sql(statement)

    return migrate


MIGRATIONS: tuple[Migration, ...] = (
    run_statements(*FIRST),
    run_statements(*SECOND),
    run_statements(*THIRD),
    run_statements(*FOURTH),
    run_statements(*FIFTH),
    run_statements(*SIXTH),
    run_statements(*SEVENTH),
    run_statements(*EIGHTH),
    run_statements(*NINTH),
    run_statements(*TENTH),
    run_statements(*ELEVENTH),
    run_statements(*TWELFTH),
    number_changes,
    run_statements(*FOURTEENTH),
    run_statements(*FIFTEENTH),
)
"""Migrations from version n to n + 1. Only ever appended to."""
