"""What the server of forks imports once, for every process that it forks."""

from __future__ import annotations

import gc
import importlib

from sora_mcp.cli.deferred_models import defer_models

defer_models()  # as `sora_mcp.__main__` does before it imports the rest
for name in ("cli.main", "cli.demo", "cli.fetch", "cli.stdio", "cli.serve", "jobs.runtime", "server.app", "server.approval_answers"):
    importlib.import_module(f"sora_mcp.{name}")
importlib.import_module("tests.waiting")
gc.freeze()
