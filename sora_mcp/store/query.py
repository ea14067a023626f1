"""Queries that are run often, compiled once: to run one through SQLAlchemy takes ten times as long as SQLite needs for it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from sora_mcp.store.database import get_driver

Convert = Callable[[Any], Any]
UNBOUND: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Compiled:
    """A query as SQLite's driver takes it, and how its values are converted."""

    text: str
    parameters: tuple[tuple[str, Convert | None], ...]
    """Names in the order of the question marks."""
    literals: Mapping[str, Any]
    """Values that stand in the query itself."""
    make_row: Convert
    columns: tuple[tuple[int, Convert], ...]
    """Positions of the columns whose values are converted."""

    def bind(self, bound: Mapping[str, Any]) -> list[Any]:
        """Return the values for the question marks."""
        values = {**self.literals, **bound}
        return [values[name] if convert is None else convert(values[name]) for name, convert in self.parameters]

    def read(self, row: Sequence[Any]) -> Any:
        """Return the driver's row with values converted, and with names."""
        if not self.columns:
            return self.make_row(row)
        values = list(row)
        for at, convert in self.columns:
            values[at] = convert(values[at])
        return self.make_row(values)


class Query:
    """A query without lists of parameters. On SQLite it goes to the driver as it was compiled the first time; on PostgreSQL, where the way
    to the database takes longer than anything here, through SQLAlchemy. Its rows have the names of its columns."""

    def __init__(self, select: sa.SelectBase) -> None:
        self.select: Any = select
        self._compiled: Compiled | None = None

    def get_all(self, conn: sa.Connection, bound: Mapping[str, Any] = UNBOUND) -> Sequence[Any]:
        """Return every row."""
        if conn.dialect.name != "sqlite":
            return conn.execute(self.select, bound).all()
        compiled = self._compile(conn.dialect)
        with closing(self._run(conn, compiled, bound)) as cursor:
            return [compiled.read(row) for row in cursor]

    def get_first(self, conn: sa.Connection, bound: Mapping[str, Any] = UNBOUND) -> Any:
        """Return the first row; None where there is none."""
        if conn.dialect.name != "sqlite":
            return conn.execute(self.select, bound).first()
        compiled = self._compile(conn.dialect)
        with closing(self._run(conn, compiled, bound)) as cursor:
            row = cursor.fetchone()
        return None if row is None else compiled.read(row)

    def get_value(self, conn: sa.Connection, bound: Mapping[str, Any] = UNBOUND) -> Any:
        """Return the first column of the first row; None where there is none."""
        row = self.get_first(conn, bound)
        return None if row is None else row[0]

    def _run(self, conn: sa.Connection, compiled: Compiled, bound: Mapping[str, Any]) -> Any:
        return get_driver(conn).execute(compiled.text, compiled.bind(bound))

    def _compile(self, dialect: Dialect) -> Compiled:
        if self._compiled is None:
            self._compiled = _compile(self.select, dialect)
        return self._compiled


def _compile(select: sa.SelectBase, dialect: Dialect) -> Compiled:
    compiled = select.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    assert not compiled.post_compile_params, "a list of parameters is written into the query each time"
    binds, columns = compiled.binds, list(select.selected_columns)
    converts = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
    return Compiled(
        text=str(compiled),
        parameters=tuple((name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup or ()),
        literals={name: bind.value for name, bind in binds.items() if not bind.required},
        make_row=_make_rows_of(column.key or "" for column in columns),
        columns=tuple((at, convert) for at, convert in enumerate(converts) if convert is not None),
    )


def _make_rows_of(names: Iterator[str]) -> Convert:
    """Return what makes a row of values in the order of these names."""
    return namedtuple("Row", list(names), rename=True)._make  # pyright: ignore[reportUntypedNamedTuple] - the names come from the query
