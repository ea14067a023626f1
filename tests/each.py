"""One case that runs a test for every row of a table, and names the rows that failed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

FAILURES = (Exception, pytest.fail.Exception)

only = ""
"""Text of `--row`: rows whose name does not contain it are left out."""


def each(names: str | Sequence[str], rows: Iterable[Any], *, ids: Callable[[Any], str] | Iterable[str] | None = None) -> Callable[..., Any]:
    """Take the arguments of `pytest.mark.parametrize` and loop inside of one case.

    Each row has a `tmp_path` and a `caplog` of its own; all other fixtures are shared. All rows run: the error that is raised is the first
    row's that failed, and its notes name every such row.
    """
    wanted = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    names_of_rows = ids if ids is None or callable(ids) else list(ids)
    table = [(_name_row(row, names_of_rows, at), _read_values(row, wanted)) for at, row in enumerate(rows)]

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(test):

            @functools.wraps(test)
            async def looped(**given: Any) -> None:
                __tracebackhide__ = True
                failed: list[tuple[str, BaseException]] = []
                for name, values in _select(table, given):
                    try:
                        await test(**given, **values)
                    except FAILURES as error:
                        failed.append((name, error))
                _report(failed)
        else:

            @functools.wraps(test)
            def looped(**given: Any) -> None:
                __tracebackhide__ = True
                failed: list[tuple[str, BaseException]] = []
                for name, values in _select(table, given):
                    try:
                        test(**given, **values)
                    except FAILURES as error:
                        failed.append((name, error))
                _report(failed)

        signature = inspect.signature(test)
        left = [parameter for name, parameter in signature.parameters.items() if name not in wanted]
        looped.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return looped

    return decorate


def _read_values(row: Any, wanted: list[str]) -> dict[str, Any]:
    values = getattr(row, "values", None) if type(row).__name__ == "ParameterSet" else (row,) if len(wanted) == 1 else row
    return dict(zip(wanted, values, strict=True))


def _name_row(row: Any, ids: Callable[[Any], str] | list[str] | None, at: int) -> str:
    if type(row).__name__ == "ParameterSet" and row.id:
        return str(row.id)
    if callable(ids):
        return ids(row)
    return ids[at] if ids is not None else repr(row)[:200]


def _select(table: list[tuple[str, dict[str, Any]]], given: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows to run, after each fixture that rows do not share is renewed."""
    folder: Path | None = given.get("tmp_path")
    for at, (name, values) in enumerate(table):
        if only and only not in name:
            continue
        if folder is not None:
            given["tmp_path"] = folder / str(at)
            given["tmp_path"].mkdir()
        if "caplog" in given:
            given["caplog"].clear()
        yield name, values


def _report(failed: list[tuple[str, BaseException]]) -> None:
    __tracebackhide__ = True
    if failed:
        error = failed[0][1]
        error.add_note("failed with: " + "; ".join(name for name, _ in failed))
        raise error
