"""Store a question, so that a page of any replica can put it to the person who signs in there."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from mcp.server.auth.middleware.auth_context import get_access_token

from sora_mcp.domain import Image
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.money import format_dollars
from sora_mcp.domain.text import sanitize
from sora_mcp.server.approval_question import Question, describe_clips, describe_cover, describe_overcharges, describe_room
from sora_mcp.server.context import ToolContext

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.store.records import Approval

MOST_RAW = 120_000
"""Characters of a picture that is kept as it is where no smaller copy of it can be made."""
MOST_CLIENT = 60
STORED = ("facts", "prompt", "micros", "source", "clips")
"""Fields of a question that are stored. What is left of the budget is looked up when it is shown."""


async def store_question(service: VideoService, question: Question, ctx: ToolContext) -> None:
    """Write the question down, with small copies of its pictures and the client that asks."""
    facts = (*question.facts, ("Asked by", name_client(ctx)))
    pictures = [[name, uri] for name, picture in question.pictures if (uri := await _make_preview(service, picture)) is not None]
    body: dict[str, Any] = {name: getattr(question, name) for name in STORED} | {"facts": facts, "pictures": pictures}
    await service.store.questions.keep(question.quote_id, body, ends_at=question.expires_at)


async def load_question(service: VideoService, quote: Approval) -> Question:
    """Return the question of a quote; of an estimate's, which names no prompt, what its terms say."""
    left, seconds_left = describe_room(await service.budget(quote.principal)), max(0.0, quote.expires_at - service.clock())
    terms: dict[str, Any] = {"left": left, "covers": describe_cover(quote, is_exact=bool(quote.prompt)), "good_until": quote.expires_at}
    terms |= {"expires_at": quote.expires_at, "seconds_left": seconds_left}
    body = await service.store.questions.get(quote.id)
    if body is None:
        facts, clips = (*describe_clips(service, quote), ("Price", format_dollars(quote.total))), quote.clips * quote.uses
        facts = (*facts, *describe_overcharges(service, quote))
        return Question(quote.id, facts, quote.prompt or "any", quote.total, clips=clips, **terms)
    fields: dict[str, Any] = {name: body[name] for name in STORED}
    facts = tuple((name, text) for name, text in body["facts"])
    known = {name for name, _ in facts}
    fields["facts"] = (*facts, *((name, text) for name, text in describe_overcharges(service, quote) if name not in known))
    fields["pictures"] = tuple((name, Image(uri)) for name, uri in body["pictures"])
    return Question(quote.id, **fields, **terms)


def name_client(ctx: ToolContext) -> str:
    """Return the client by its token, with the name that it gives itself."""
    token, params = get_access_token(), ctx.session.client_params
    known = sanitize(token.client_id if token is not None else None, MOST_CLIENT) or "a client without a name"
    given = sanitize(params.client_info.name if params is not None else None, MOST_CLIENT)
    return f"{known} (it calls itself {given})" if given else known


async def _make_preview(service: VideoService, picture: Image) -> str | None:
    """Return a small copy of a picture as a `data:` URI; None where it is at an address, or cannot be made small."""
    if picture.is_url:
        return None
    try:
        small = await service.media_pool.make_preview(picture.uri)
    except (SoraError, OSError, ValueError):
        return picture.uri if len(picture.uri) <= MOST_RAW else None
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"
