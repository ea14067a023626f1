"""A tool as one value: what a client is told, the arguments it takes, and the function that answers a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from mcp.types import CallToolResult, InputRequiredResult, Tool, ToolAnnotations

from sora_mcp.server.apps import META
from sora_mcp.server.coercion import coerce_arguments
from sora_mcp.server.context import ToolContext
from sora_mcp.server.schema import Argument, check_arguments, input_schema, output_schema, parse_arguments, read_arguments

A = TypeVar("A")
JOB_RESULT: Mapping[str, str] = {"job_id": "string", "state": "string", "path": "string", "usd": "number", "error": "object"}
"""The fields that matter of a result about one job."""


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
    result: Mapping[str, str] | None = None
    """The fields of the structured part that matter beside its message, with their types; None where there is no structured part."""
    has_page: bool = False
    """True where the page of MCP Apps can draw the results."""

    @cached_property
    def rows(self) -> tuple[Argument, ...]:
        """The arguments, from which schema and check follow."""
        return read_arguments(self.arguments)

    @property
    def listing(self) -> Tool:
        """The tool as `tools/list` has it. An output schema promises `message` and nothing else: a refusal has no more."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=input_schema(self.rows),
            output_schema=None if self.result is None else output_schema(self.result),
            annotations=self.hints,
            _meta=META if self.has_page else None,
        )

    def coerce(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the call as it is meant: clients write the same value in several ways."""
        return coerce_arguments(self.rows, given)

    def parse(self, given: Mapping[str, Any]) -> A:
        """Return the typed arguments of a call. Raise BrokenRules, which names everything that is wrong at once."""
        return parse_arguments(self.arguments, self.rows, check_arguments(self.name, self.rows, self.coerce(given)))
