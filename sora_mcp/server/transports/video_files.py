"""Finished files over HTTP, at `/videos/JOB_ID.mp4`, whole or in ranges: behind the same token as the tools, or behind a sign-in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath

from mcp.server.auth.middleware.bearer_auth import RequireAuthMiddleware
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sora_mcp.domain.errors import NotFinished, NotFound, SoraError
from sora_mcp.server.address import CALL, HttpCall, SignInKind
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.results import SUFFIXES, file_name, media_type
from sora_mcp.server.transports.hosted_pages import HostedPages
from sora_mcp.server.transports.oauth import ResourceServer

ALWAYS = {"x-content-type-options": "nosniff", "cache-control": "private, no-store", "cross-origin-resource-policy": "same-origin"}
LINK_S = 600
"""Seconds for which a link to a file in a bucket counts: a browser is sent there once its person has signed in."""
NAME = re.compile(r"v_[0-9a-z]{1,20}\.[0-9a-z]{1,8}")


class NoteAddress:
    """An ASGI middleware that notes under which address the server was called, so that answers can name it."""

    def __init__(self, app: ASGIApp, *, has_tokens: bool, public_url: str | None, sign_in: SignInKind | None = None) -> None:
        self._app, self._has_tokens, self._public_url = app, has_tokens, public_url
        self._sign_in: SignInKind | None = sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app with `CALL` set. The Host was compared with those that are allowed; a proxy with TLS hides the scheme."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            is_modern = headers.get("mcp-protocol-version") in MODERN_PROTOCOL_VERSIONS
            address = self._public_url or f"{scope['scheme']}://{headers.get('host', '')}"
            CALL.set(HttpCall(address, self._has_tokens, takes_long_messages=is_modern, sign_in=self._sign_in))
        await self._app(scope, receive, send)


def route_files(
    get_context: Callable[[], ServerContext | None],
    *,
    has_tokens: bool,
    resource: ResourceServer | None = None,
    pages: HostedPages | None = None,
) -> Route:
    """Return the route to finished files; with tokens, only for their owners, and with `pages` for who signs in there."""

    async def send_file(scope: Scope, receive: Receive, send: Send) -> None:
        response = await _find_file(Request(scope), get_context(), principal())
        await response(scope, receive, send)

    guarded = (
        RequireAuthMiddleware(send_file, [*resource.scopes], resource.metadata_url) if resource else RequireAuthMiddleware(send_file, [])
    )

    async def send_to_browser(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        response = None if "authorization" in request.headers or pages is None else await _answer_browser(request, get_context(), pages)
        await (guarded if response is None else response)(scope, receive, send)

    endpoint = send_file if not has_tokens else guarded if pages is None else send_to_browser
    return Route("/videos/{name}", endpoint=RouteApp(endpoint), methods=["GET", "HEAD"])


class RouteApp:
    """An ASGI app for a route: Starlette takes a plain function for one that gets a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app."""
        await self._app(scope, receive, send)


async def _answer_browser(request: Request, context: ServerContext | None, pages: HostedPages) -> Response | None:
    """Return the file for a person who has signed in, or the way to sign in for one who looks at a page; None for everybody else."""
    if context is None:
        return None
    try:
        visitor = await pages.find_visitor(request, await context.service())
    except SoraError as error:
        return PlainTextResponse(error.message, 503, headers=ALWAYS)
    if visitor is not None:
        return await _find_file(request, context, visitor.principal, is_browser=True)
    if request.method == "GET" and "text/html" in request.headers.get("accept", "") and NAME.fullmatch(request.path_params["name"]):
        return await pages.sign_in.begin(request, f"/videos/{request.path_params['name']}", is_fresh=False)
    return None


async def _find_file(request: Request, context: ServerContext | None, owner: str, *, is_browser: bool = False) -> Response:
    """Return the file that the owner's job has under this name, or why there is none."""
    name = PurePath(request.path_params["name"])
    if context is None:
        return PlainTextResponse("The server is starting.", 503)
    try:
        service = await context.service()
        job = await service.job(name.stem, principal=owner)
        if (
            is_browser
            and request.method == "GET"
            and (link := await service.files.sign_link(job, LINK_S)) is not None
            and link.suffix == name.suffix
        ):
            return RedirectResponse(link.address, 302, headers=ALWAYS | {"referrer-policy": "no-referrer"})
        path = await service.find_file(job)
    except (NotFound, NotFinished) as error:
        return PlainTextResponse(error.message if error.job_id is None else "This job has no file here.", 404, headers=ALWAYS)
    except SoraError as error:
        return PlainTextResponse(error.message, 503, headers=ALWAYS)
    if path.suffix != name.suffix:
        return PlainTextResponse(f"The file of {job.id} is at /videos/{job.id}{path.suffix}", 404, headers=ALWAYS)
    kind = "inline" if is_browser and path.suffix in SUFFIXES else "attachment"
    return FileResponse(path, media_type=media_type(job), filename=file_name(job), headers=ALWAYS, content_disposition_type=kind)
