"""Declare the settings of `serve`: how clients and vendors reach it, whose tokens it takes, and its metrics."""

from __future__ import annotations

from dataclasses import dataclass

from sora_mcp.config.parsers import ISSUER, KEY, METRICS_PORT, ORIGIN, SCOPES, SECONDS, SWITCH, WORD
from sora_mcp.config.setting import setting
from sora_mcp.domain.secret import Secret


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """Settings that only `serve` heeds."""

    drain_seconds: float | None = setting(
        "DRAIN_SECONDS",
        SECONDS,
        "How long `serve` still takes requests after SIGTERM, so that a load balancer notices, in seconds",
        shown="5 with PostgreSQL, else 0",
    )
    public_url: str | None = setting(
        "PUBLIC_URL", ORIGIN, "Address by which clients reach `serve`, such as https://videos.example.com", shown="none"
    )
    webhooks: bool | None = setting(
        "WEBHOOKS",
        SWITCH,
        "Let vendors tell `serve` when a clip moves on, at the public address, instead of asking them all the time",
        shown="1 with an https public address",
    )
    issuer: str | None = setting(
        "ISSUER", ISSUER, "Identity provider whose access tokens `serve` takes (OAuth); needs the public address", shown="none"
    )
    scopes: tuple[str, ...] = setting(
        "SCOPE", SCOPES, "Scope that an access token must have, and that clients are told to ask for", default=(), shown="none"
    )
    audience: str | None = setting("AUDIENCE", WORD, "Audience of access tokens that `serve` takes besides its own address", shown="none")
    person_claim: str = setting(
        "PERSON_CLAIM", WORD, "Claim of an access token by which the identity provider tells people apart", default="sub", shown="sub"
    )
    client_id: str | None = setting(
        "CLIENT_ID",
        WORD,
        "Client by which people sign in at the identity provider on the pages of `serve`: to approve a price, and to open a finished file",
        shown="none: no such pages",
    )
    client_secret: Secret | None = setting(
        "CLIENT_SECRET", KEY, "Its secret, where the provider gave it one", shown="none", secret=True, has_flag=False
    )
    groups_claim: str | None = setting(
        "GROUPS_CLAIM", WORD, "Claim of an access token that lists groups; the first one with a budget is a person's team", shown="none"
    )
    metrics_port: int | None = setting(
        "METRICS_PORT", METRICS_PORT, "Port on which `serve` gives metrics to Prometheus; needs the `observe` extra", shown="none"
    )
    metrics_host: str = setting(
        "METRICS_HOST", WORD, "Address of the metrics' port; they name no person and no prompt", default="127.0.0.1", shown="127.0.0.1"
    )
