"""A tool as one value: what a client is told, the arguments it takes, and the function that answers a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from mcp.types import CallToolResult, InputRequiredResult, Tool, ToolAnnotations

from sora_mcp.server.apps import META
from sora_mcp.server.context import ToolContext
from sora_mcp.server.schema import Argument, check_arguments, input_schema, parse_arguments, read_arguments

A = TypeVar("A")


@dataclass(frozen=True)
class ToolDefinition(Generic[A]):
    """One tool. All four hints are set, because clients take a missing hint for the worst."""

    name: str
    title: str
    description: str
    hints: ToolAnnotations
    arguments: type[A]
    """A frozen dataclass with a field for each argument."""
    run: Callable[[A, ToolContext], Awaitable[CallToolResult | InputRequiredResult]]
    structured: bool = True
    """False where a result has no structured part."""
    has_page: bool = False
    """True where the page of MCP Apps can draw the results."""

    @cached_property
    def rows(self) -> tuple[Argument, ...]:
        """The arguments, from which schema and check follow."""
        return read_arguments(self.arguments)

    @property
    def listing(self) -> Tool:
        """The tool as `tools/list` has it. An output schema promises `message` and nothing else."""
        output = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=input_schema(self.rows),
            output_schema=output if self.structured else None,
            annotations=self.hints,
            _meta=META if self.has_page else None,
        )

    def parse(self, given: Mapping[str, Any]) -> A:
        """Return the typed arguments of a call. Raise BrokenRules, which names everything that is wrong at once."""
        return parse_arguments(self.arguments, self.rows, check_arguments(self.name, self.rows, given))
