"""The comparison with other servers, with a server of our own in their place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.compared import Start, start, write_rows

SERVER = """
print("a line that is no message", flush=True)
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {"tools": [{"name": "x"}]}}), flush=True)
"""


def test_a_start_is_the_time_to_the_tools_and_passes_over_stray_lines(tmp_path: Path) -> None:
    found = start([sys.executable, "-c", SERVER], {}, tmp_path)
    assert found.tools == [{"name": "x"}]
    assert found.wall_s > 0 and found.cpu_s > 0


def test_a_server_that_ends_without_an_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises((ValueError, OSError)):
        start([sys.executable, "-c", "print('no key')"], {}, tmp_path)


def test_the_table_has_medians_and_ratios_against_the_bare_server() -> None:
    bare = [Start(1.0, 0.5, []), Start(9.0, 0.5, []), Start(1.2, 0.5, [])]
    ours = [Start(2.0, 1.0, [{"name": "x" * 347}])] * 3
    assert write_rows({"a bare server": bare, "ours": ours})[2:] == [
        "| a bare server | 0 | 0 | 1.20 s | 0.50 s | 1.0 x |",
        "| ours | 1 | 100 | 2.00 s | 1.00 s | 2.0 x |",
    ]
