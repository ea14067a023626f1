"""The SDK's models are built when they are first used: pydantic has no documented switch for adapters."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from sora_mcp.cli.late_models import defer_models
defer_models()
from mcp_types import Tool, client_request_adapter
print(Tool.__pydantic_complete__, client_request_adapter.pydantic_complete)
request = client_request_adapter.validate_python({"method": "tools/call", "params": {"name": "list_sizes"}})
print(type(request).__name__, request.params.name, client_request_adapter.pydantic_complete)
"""


def test_models_and_adapters_of_the_sdk_are_built_at_their_first_use() -> None:
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert found.stdout == "False False\nCallToolRequest list_sizes True\n"
