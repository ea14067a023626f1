"""A fault that is said to be played by a table has a row in that table."""

from __future__ import annotations

import pytest

from tests.faults.catalogue import CATALOGUE
from tests.faults.later_catalogue import DOWNLOAD, NO_END, NOWHERE, QUESTION
from tests.faults.later_rows import DOWNLOAD as DOWNLOADS
from tests.faults.later_rows import LINKS, NO_LINKS, STATUS

TABLES = {
    QUESTION: [row.id for row in STATUS],
    DOWNLOAD: [row.id for row in DOWNLOADS],
    NOWHERE: [name for name, _ in LINKS],
    NO_END: [name for name, _ in NO_LINKS],
}
PLAYED = [(row.id, table) for row in CATALOGUE for table in TABLES if table in row.tests]


@pytest.mark.parametrize(("id_", "table"), PLAYED)
def test_a_table_has_the_fault(id_: str, table: str) -> None:
    assert [name for name in TABLES[table] if name.startswith(id_)]


def test_no_row_of_a_table_is_missing_in_the_catalogue() -> None:
    played = {(id_, table) for id_, table in PLAYED}
    assert [name for table, names in TABLES.items() for name in names if (name[:3], table) not in played] == []
