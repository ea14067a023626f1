"""Finished files over HTTP, at `/videos/JOB_ID.mp4`: behind the same token as the tools, whole or in ranges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from mcp.server.auth.middleware.bearer_auth import RequireAuthMiddleware
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sora_mcp.domain.errors import NotFinished, NotFound, SoraError
from sora_mcp.server.address import CALL, HttpCall
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.results import file_name, media_type
from sora_mcp.server.transports.oauth import ResourceServer

ALWAYS = {"x-content-type-options": "nosniff", "cache-control": "private, no-store"}


class NoteAddress:
    """An ASGI middleware that notes under which address the server was called, so that answers can name it."""

    def __init__(self, app: ASGIApp, *, has_tokens: bool, public_url: str | None) -> None:
        self._app, self._has_tokens, self._public_url = app, has_tokens, public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app with `CALL` set. The Host was compared with those that are allowed; a proxy with TLS hides the scheme."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            is_modern = headers.get("mcp-protocol-version") in MODERN_PROTOCOL_VERSIONS
            address = self._public_url or f"{scope['scheme']}://{headers.get('host', '')}"
            CALL.set(HttpCall(address, self._has_tokens, takes_long_messages=is_modern))
        await self._app(scope, receive, send)


def route_files(get_context: Callable[[], ServerContext | None], *, has_tokens: bool, resource: ResourceServer | None = None) -> Route:
    """Return the route to finished files; with tokens, only for their owners."""

    async def send_file(scope: Scope, receive: Receive, send: Send) -> None:
        response = await _find_file(Request(scope), get_context())
        await response(scope, receive, send)

    guarded = (
        RequireAuthMiddleware(send_file, [*resource.scopes], resource.metadata_url) if resource else RequireAuthMiddleware(send_file, [])
    )
    endpoint = guarded if has_tokens else send_file
    return Route("/videos/{name}", endpoint=RouteApp(endpoint), methods=["GET", "HEAD"])


class RouteApp:
    """An ASGI app for a route: Starlette takes a plain function for one that gets a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app."""
        await self._app(scope, receive, send)


async def _find_file(request: Request, context: ServerContext | None) -> Response:
    """Return the file that the caller's job has under this name, or why there is none."""
    name = PurePath(request.path_params["name"])
    if context is None:
        return PlainTextResponse("The server is starting.", 503)
    try:
        service = await context.service()
        job = await service.job(name.stem, principal=principal())
        path = await service.find_file(job)
    except (NotFound, NotFinished) as error:
        return PlainTextResponse(error.message if error.job_id is None else "This job has no file here.", 404, headers=ALWAYS)
    except SoraError as error:
        return PlainTextResponse(error.message, 503, headers=ALWAYS)
    if path.suffix != name.suffix:
        return PlainTextResponse(f"The file of {job.id} is at /videos/{job.id}{path.suffix}", 404, headers=ALWAYS)
    return FileResponse(path, media_type=media_type(job), filename=file_name(job), headers=ALWAYS)
