"""The HTTP server, in a module of its own because the stdio server waits for none of its imports."""

from __future__ import annotations

import logging
from argparse import Namespace
from typing import Any

from sora_mcp import __version__
from sora_mcp.config.settings import Settings
from sora_mcp.net.json_document import fetch_json
from sora_mcp.server.app import build_from_settings
from sora_mcp.server.context import open_later
from sora_mcp.server.transports.browser_session import Cookies, Sealer, Sessions
from sora_mcp.server.transports.hosted_pages import HostedPages
from sora_mcp.server.transports.http import check_address, run_http
from sora_mcp.server.transports.issuer_keys import IssuerKeys
from sora_mcp.server.transports.metrics import serve_metrics
from sora_mcp.server.transports.oauth import NO_CLIENT, EitherTokens, IssuerTokens, check_client, read_resource_server
from sora_mcp.server.transports.shared_state import SharedStateCodec
from sora_mcp.server.transports.sign_in import ProviderSignIn, TokenSignIn
from sora_mcp.server.transports.tokens import Tokens, read_tokens

log = logging.getLogger(__name__)
DRAIN_S = 5.0
"""Seconds to go on after SIGTERM where there may be replicas: longer than a balancer takes to ask `/readyz` again."""


def serve(settings: Settings, arguments: Namespace) -> int:
    """Serve at `/mcp` until stopped. Raise BadSetting for an address that others could reach without tokens."""
    resource = read_resource_server(settings)
    check_client(settings)
    issued = None if resource is None else IssuerTokens(resource, IssuerKeys(resource.issuer, fetch_json))
    address = check_address(
        arguments.host,
        arguments.port,
        tokens=bool(arguments.token_file) or issued is not None,
        hosts=arguments.allowed_host,
        origins=arguments.allowed_origin,
        public_url=settings.public_url,
    )
    has_replicas = settings.has_replicas
    has_sessions = (arguments.sessions or ("stateless" if has_replicas else "sticky")) == "sticky"
    codec = SharedStateCodec([secret.reveal() for secret in settings.secrets])
    access: dict[str, Any] = {"state_codec": codec, "has_sessions": has_sessions}
    # Where there are tokens, they are asked for on every address, the loopback's too.
    file = read_tokens(arguments.token_file) if arguments.token_file else None
    if issued is not None:
        access |= {"auth": issued.server.auth, "tokens": issued if file is None else EitherTokens(file, issued)}
    elif file is not None:
        access |= {"auth": address.auth, "tokens": file}
    pages = _make_pages(settings, file, issued)
    access["signs_in"] = pages is not None
    server = build_from_settings(settings, open_later("sora_mcp.jobs.runtime", "open_service", settings), **access)
    drain_s = settings.drain_seconds if settings.drain_seconds is not None else DRAIN_S if has_replicas else 0.0
    has_webhooks = settings.webhook_url is not None
    with serve_metrics(settings, lambda: server.context, version=__version__):
        run_http(server, address, issued=issued, pages=pages, has_sessions=has_sessions, has_webhooks=has_webhooks, drain_s=drain_s)
    return 0


def _make_pages(settings: Settings, file: Tokens | None, issued: IssuerTokens | None) -> HostedPages | None:
    """Return the pages on which people sign in: at the provider where there is one, else with their tokens. None, and why, without a
    client there, or without an address that they could come to."""
    if settings.public_url is None or (file is None and issued is None):
        return None
    sealer = Sealer([secret.reveal() for secret in settings.secrets])
    sessions = Sessions(sealer, Cookies(settings.public_url))
    if issued is None:
        return None if file is None else HostedPages(sessions, TokenSignIn(file, sessions), "token")
    if settings.client_id is None:
        log.warning("%s", NO_CLIENT)
        return None
    secret = None if settings.client_secret is None else settings.client_secret.reveal()
    return HostedPages(sessions, ProviderSignIn(issued, settings.client_id, secret, sessions), "provider")
