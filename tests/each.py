"""One case that runs a test for every row of a table, and names the rows that failed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

FAILURES = (Exception, pytest.fail.Exception)

only = ""
"""Text of `--row`: rows whose name does not contain it are left out."""

Ids = Callable[[Any], str] | Iterable[str] | None
Row = tuple[str, dict[str, Any]]


def each(names: str | Sequence[str], rows: Iterable[Any], *, ids: Ids = None, at_once: int = 1) -> Callable[..., Any]:
    """Take the arguments of `pytest.mark.parametrize` and loop inside of one case.

    Each row has a `tmp_path` of its own, and all other fixtures are shared; `at_once` rows of an async test run side by side. All rows run:
    the error that is raised is the first row's that failed, and its notes name every such row.
    """
    wanted = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    table = _read_rows(wanted, rows, ids if ids is None or callable(ids) else list(ids))

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        looped = _loop_async(test, table, at_once) if inspect.iscoroutinefunction(test) else _loop(test, table)
        signature = inspect.signature(test)
        left = [parameter for name, parameter in signature.parameters.items() if name not in wanted]
        vars(looped)["__signature__"] = signature.replace(parameters=left)
        return looped

    return decorate


def _loop(test: Callable[..., Any], table: list[Row]) -> Callable[..., Any]:
    @functools.wraps(test)
    def looped(**given: Any) -> None:
        __tracebackhide__ = True
        failed: list[tuple[str, BaseException]] = []
        for name, values in _select(table, given):
            try:
                test(**values)
            except FAILURES as error:
                failed.append((name, error))
        _report(failed)

    return looped


def _loop_async(test: Callable[..., Any], table: list[Row], at_once: int) -> Callable[..., Any]:
    @functools.wraps(test)
    async def looped(**given: Any) -> None:
        __tracebackhide__ = True
        failed: list[tuple[str, BaseException]] = []
        limit = anyio.CapacityLimiter(at_once)

        async def run(name: str, values: dict[str, Any]) -> None:
            async with limit:
                try:
                    await test(**values)
                except FAILURES as error:
                    failed.append((name, error))

        async with anyio.create_task_group() as group:
            for name, values in _select(table, given):
                if at_once == 1:
                    await run(name, values)
                else:
                    group.start_soon(run, name, values)
        _report(failed)

    return looped


def _read_rows(wanted: list[str], rows: Iterable[Any], ids: Callable[[Any], str] | list[str] | None) -> list[Row]:
    table: list[Row] = []
    for at, row in enumerate(rows):
        values = (row,) if len(wanted) == 1 else row
        name = ids(row) if callable(ids) else repr(row)[:200] if ids is None else ids[at]
        table.append((name, dict(zip(wanted, values, strict=True))))
    return table


def _select(table: list[Row], given: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows to run with all that the test takes, the folder and the log as good as new."""
    folder: Path | None = given.get("tmp_path")
    for at, (name, values) in enumerate(table):
        if only and only not in name:
            continue
        own: dict[str, Any] = {}
        if folder is not None:
            own["tmp_path"] = folder / str(at)
            own["tmp_path"].mkdir()
        if "caplog" in given:
            given["caplog"].clear()
        yield name, {**given, **own, **values}


def _report(failed: list[tuple[str, BaseException]]) -> None:
    __tracebackhide__ = True
    if failed:
        error = failed[0][1]
        error.add_note("failed with: " + "; ".join(name for name, _ in failed))
        raise error
