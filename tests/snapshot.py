"""Texts that are read in a diff instead of being pinned in a test: `make snapshots` writes them anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"


def check_snapshot(name: str, found: object) -> None:
    """Compare JSON with the snapshot of this name."""
    path = FOLDER / f"{name}.json"
    if os.environ.get("SNAPSHOTS") == "write":
        path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    assert found == json.loads(path.read_text("utf-8"))
