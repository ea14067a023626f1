"""What a client is told of each tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from mcp.types import ToolAnnotations

from sora_mcp.domain import State
from sora_mcp.media.edit.actions import Action
from sora_mcp.server.schema import Argument, schema_of

MOST_PROMPT = 100_000
"""Characters: many times what any vendor takes."""
MOST_IMAGE = 40_000_000
"""Characters of a `data:` URI: more than the largest picture that is read has."""


@dataclass(frozen=True)
class Face:
    """One tool as a client sees it."""

    title: str
    says: str
    reads_only: bool
    destroys: bool
    repeats_safely: bool
    outside: bool
    """Whether it may reach beyond this computer: a price or a list of models may have to be asked of a vendor."""
    arguments: tuple[Argument, ...]
    result: Mapping[str, str] | None
    """JSON types of fields besides `message`; None where a result has no structured part."""

    @property
    def hints(self) -> ToolAnnotations:
        """All four, always: what is left out counts as the worst."""
        return ToolAnnotations(
            read_only_hint=self.reads_only,
            destructive_hint=self.destroys,
            idempotent_hint=self.repeats_safely,
            open_world_hint=self.outside,
        )

    @property
    def input_schema(self) -> dict[str, Any]:
        """Closed: an unknown argument is refused."""
        return schema_of(self.arguments)

    @property
    def output_schema(self) -> dict[str, Any] | None:
        """`message` first; nothing else is promised in every result."""
        if self.result is None:
            return None
        fields = {"message": "string", **self.result}
        return {"type": "object", "properties": {name: {"type": kind} for name, kind in fields.items()}, "required": ["message"]}


JOB_ID = Argument("job_id", "text", required=True)

FACES: Mapping[str, Face] = {
    "create_video": Face(
        "Create video",
        "Start one clip; costs money unless model is sample:sample. "
        "Use this once the user agrees to its price. "
        "Returns at once: follow it with get_video_status, "
        "never start another because it is slow.",
        reads_only=False,
        destroys=True,
        repeats_safely=False,
        outside=True,
        arguments=(
            Argument("prompt", "text", "What to show", required=True, most_characters=MOST_PROMPT),
            Argument("model", "text", "vendor:model; default: cheapest", empty=True),
            Argument("size", "text", "1280x720, 16:9, 9:16 1080p, portrait"),
            Argument("seconds", "whole"),
            Argument("image", "text", "First frame: URL, path or JOB_ID#last", most_characters=MOST_IMAGE),
            Argument("options", "object", "See list_sizes; variation=1: repeat"),
            Argument("max_usd", "dollars", "Refuse above this"),
            Argument("quote", "text", "Approved quote's id"),
            Argument("request_id", "text", "Same id: bought once", short=True),
        ),
        result={},
    ),
    "get_video_status": Face(
        "Video status",
        "Tell how a clip is doing, waiting for news. "
        "Use this after create_video until state is completed; path is then the file. "
        "A slow clip is paid for: ask again.",
        reads_only=True,
        destroys=False,
        repeats_safely=True,
        outside=True,
        arguments=(JOB_ID, Argument("wait_seconds", "number", least=0, most=50, default=25)),
        result={},
    ),
    "estimate_cost": Face(
        "Estimate cost",
        "Tell what clips would cost. Use this before create_video if no price is agreed. Without model: compares all.",
        reads_only=True,
        destroys=False,
        repeats_safely=True,
        outside=True,
        arguments=(
            Argument("model", "text", empty=True),
            Argument("size", "text"),
            Argument("seconds", "whole"),
            Argument("image", "switch"),
            Argument("options", "object"),
            Argument("clips", "whole", least=1, most=100),
        ),
        result={},
    ),
    "list_sizes": Face(
        "List sizes",
        "List sizes, seconds, options and prices of models. Use this to choose.",
        reads_only=True,
        destroys=False,
        repeats_safely=True,
        outside=True,
        arguments=(Argument("model", "text", empty=True),),
        result={},
    ),
    "list_videos": Face(
        "List videos",
        "List clips of all chats and the budget. Use this to find one again.",
        reads_only=True,
        destroys=False,
        repeats_safely=True,
        outside=False,
        arguments=(
            Argument("state", "text", one_of=get_args(State)),
            Argument("query", "text", empty=True, most_words=10),
            Argument("limit", "whole", least=1, most=100),
            Argument("cursor", "text", empty=True),
        ),
        result={},
    ),
    "cancel_video": Face(
        "Cancel video",
        "Call a clip back. Use this only when the user asks. Says whether the vendor refunds.",
        reads_only=False,
        destroys=True,
        repeats_safely=True,
        outside=True,
        arguments=(JOB_ID,),
        result={},
    ),
    "view_video": Face(
        "View video",
        "Use this to see a finished clip before judging it.",
        reads_only=True,
        destroys=False,
        repeats_safely=True,
        outside=False,
        arguments=(JOB_ID, Argument("frames", "whole", least=1, most=16)),
        result=None,
    ),
    "edit_video": Face(
        "Edit video",
        "Use this to join or change finished clips; free.",
        reads_only=False,
        destroys=False,
        repeats_safely=True,
        outside=False,
        arguments=(
            Argument("inputs", "texts", "Job ids, paths", required=True),
            Argument("action", "text", required=True, one_of=get_args(Action)),
            Argument("start", "number"),
            Argument("end", "number"),
            Argument("ratio", "text"),
            Argument("fill", "text"),
            Argument("text", "text"),
        ),
        result={},
    ),
}
"""In the order in which they are listed."""
