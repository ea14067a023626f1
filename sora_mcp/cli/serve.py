"""The HTTP server, in a module of its own because the stdio server waits for none of its imports."""

from __future__ import annotations

from argparse import Namespace

from sora_mcp.config.settings import Settings
from sora_mcp.server.app import build_from_settings
from sora_mcp.server.context import open_later
from sora_mcp.server.transports.http import check_address, run_http
from sora_mcp.server.transports.tokens import read_tokens


def serve(settings: Settings, arguments: Namespace) -> int:
    """Serve at `/mcp` until stopped. Raise BadSetting for an address that others could reach without tokens."""
    address = check_address(
        arguments.host,
        arguments.port,
        tokens=bool(arguments.token_file),
        hosts=arguments.allowed_host,
        origins=arguments.allowed_origin,
    )
    open_service = open_later("sora_mcp.jobs.runtime", "open_service", settings)
    if arguments.token_file:  # then tokens are asked for on every address, the loopback's too
        server = build_from_settings(settings, open_service, auth=address.auth, tokens=read_tokens(arguments.token_file))
    else:
        server = build_from_settings(settings, open_service)
    run_http(server, address)
    return 0
