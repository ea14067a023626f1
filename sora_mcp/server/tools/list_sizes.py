"""list_sizes: what models take and cost."""

from __future__ import annotations

from dataclasses import dataclass

from mcp.types import CallToolResult, ToolAnnotations

from sora_mcp.catalogue.families import describe_lacking
from sora_mcp.catalogue.hints import find_label
from sora_mcp.server import families_view, models_view, offers_view
from sora_mcp.server.context import ToolContext
from sora_mcp.server.results import build_result
from sora_mcp.server.tools.definition import ToolDefinition

ALL = "all"


@dataclass(frozen=True)
class Arguments:
    """The model to describe; a vendor, a family or a label (`best look`) for a line each; `all` for the families; none for what can be
    bought."""

    model: str = ""


async def list_sizes(arguments: Arguments, ctx: ToolContext) -> CallToolResult:
    """Return the offers. The store is opened only for vendors that publish their own list of models."""
    context = ctx.request_context.lifespan_context
    catalogue, today = await context.load_catalogue(arguments.model), context.today()
    if not arguments.model or find_label(arguments.model) == "cheapest":
        return build_result(dict(models_view.summarize(catalogue, today=today)))
    if arguments.model.strip().casefold() == ALL:
        return build_result(dict(families_view.list_families(catalogue, today=today)))
    if not catalogue.has_name(arguments.model):
        if (elsewhere := catalogue.find_elsewhere(arguments.model)) is not None:
            seller, family = elsewhere
            listed = models_view.list_models(family, catalogue, today=today)
            return build_result({**listed, "message": f"{describe_lacking(seller, arguments.model)}\n{listed['message']}"})
        if offers := catalogue.find_family(arguments.model):
            return build_result(models_view.list_models(offers, catalogue, today=today))
        if ended := catalogue.find_ended(arguments.model):
            return build_result(models_view.list_ended(ended, catalogue, today=today))
    return build_result(offers_view.describe_model(arguments.model, catalogue, today=today))


TOOL = ToolDefinition(
    "list_sizes",
    "List sizes",
    "Sizes, options, prices of model, vendor, family.",
    ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True),
    Arguments,
    list_sizes,
    {"offers": "objects"},
)
