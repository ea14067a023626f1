"""An OAuth 2.1 resource server, as MCP's authorization chapter has it: access tokens of one identity provider, checked here.

The provider signs people in and issues the tokens (JWT, RFC 9068); this server only says where the provider is (RFC 9728).
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

import jwt
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sora_mcp.config.settings import BadSetting, Settings
from sora_mcp.server.transports.issuer_keys import AGAIN_S, IssuerKeys

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key pair only: with HS256, whoever has the public key could sign."""
TYPES = ("at+jwt", "application/at+jwt", "jwt")
"""Of a token's header, in lower case. Some providers send none at all, which means a plain JWT."""
REQUIRED = ("iss", "aud", "exp", "sub")
LEEWAY_S = 30
MOST_CHARACTERS = 8192
MOST_GROUPS, MOST_GROUP = 100, 200
ID_CHARACTERS = 16
"""80 bits: a person who can choose a subject cannot search for one that has another's id. Ten characters take a day on one GPU."""
ROOT_METADATA = "/.well-known/oauth-protected-resource"
"""Where older clients look for the metadata, without the path of the resource behind it."""
NO_CLIENT = (
    "SORA_MCP_CLIENT_ID is not set: people can neither approve a price on a page of this server nor open a finished file in a browser."
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResourceServer:
    """The service as an OAuth resource: whose tokens it takes, and which of them."""

    issuer: str
    resource: str
    """Its own address as clients ask for tokens for it, and as a token names it."""
    scopes: tuple[str, ...] = ()
    audience: str | None = None
    """Another audience that counts, for a provider that does not put the resource into its tokens."""
    person_claim: str = "sub"
    groups_claim: str | None = None

    @property
    def audiences(self) -> list[str]:
        """Return what a token's `aud` may be."""
        return [self.resource, *([self.audience] if self.audience else [])]

    @property
    def metadata_url(self) -> AnyHttpUrl:
        """Return the address of the protected resource metadata (RFC 9728)."""
        return build_resource_metadata_url(AnyHttpUrl(self.resource))

    @property
    def auth(self) -> AuthSettings:
        """Return the SDK's settings. They are validated from texts: an URL object would get a slash that the issuer does not have."""
        return AuthSettings.model_validate(
            {
                "issuer_url": self.issuer,
                "resource_server_url": self.resource,
                "validate_token_resource": True,
                "required_scopes": list(self.scopes) or None,
            }
        )

    def find_principal(self, claims: Mapping[str, Any]) -> str:
        """Return whose a token with these claims is. Raise MissingRequiredClaimError where they do not say it."""
        person = claims.get(self.person_claim)
        if not isinstance(person, str) or not person.strip():
            raise jwt.MissingRequiredClaimError(self.person_claim)
        return name_person(self.issuer, person)

    def route_root_metadata(self) -> Route:
        """Return the metadata's route at the root; the SDK has only the one with the resource's path."""
        auth = self.auth
        resource = auth.resource_server_url or AnyHttpUrl(self.resource)
        (route,) = create_protected_resource_routes(resource, [auth.issuer_url], scopes_supported=auth.required_scopes)
        return Route(ROOT_METADATA, endpoint=route.endpoint, methods=["GET", "OPTIONS"])


def read_resource_server(settings: Settings) -> ResourceServer | None:
    """Return what the settings say of OAuth; None without an issuer. Raise BadSetting where one of them is missing."""
    if settings.issuer is None:
        if settings.scopes or settings.audience:
            raise BadSetting(f"SORA_MCP_{'SCOPE' if settings.scopes else 'AUDIENCE'} needs SORA_MCP_ISSUER: only access tokens have one.")
        return None
    if settings.public_url is None:
        raise BadSetting("SORA_MCP_ISSUER needs SORA_MCP_PUBLIC_URL: access tokens are issued for the address by which clients come.")
    return ResourceServer(
        settings.issuer, f"{settings.public_url}/mcp", settings.scopes, settings.audience, settings.person_claim, settings.groups_claim
    )


def check_client(settings: Settings) -> None:
    """Raise BadSetting where the client of our own pages is said in part only, or a yes could not be given where it has to be."""
    if settings.client_secret is not None and settings.client_id is None:
        raise BadSetting("SORA_MCP_CLIENT_SECRET needs SORA_MCP_CLIENT_ID: it is the secret of that client.")
    if settings.client_id is not None and settings.issuer is None:
        raise BadSetting("SORA_MCP_CLIENT_ID needs SORA_MCP_ISSUER and SORA_MCP_PUBLIC_URL: people sign in there, and come back here.")
    if settings.client_id is not None and settings.client_id == settings.audience:
        raise BadSetting("SORA_MCP_AUDIENCE must not be SORA_MCP_CLIENT_ID: ID tokens of our own pages would count as access tokens.")
    if settings.only_on_page and settings.client_id is None:
        raise BadSetting("SORA_MCP_YES=page needs SORA_MCP_ISSUER and SORA_MCP_CLIENT_ID with serve: the page has to know who says yes.")


def name_person(issuer: str, person: str) -> str:
    """Return the principal of a person: short, stable, and never the name of one in a token file or of this machine's own user."""
    digest = hashlib.sha256(f"{issuer}\n{person}".encode("utf-8", "surrogatepass")).digest()
    return f"p_{base64.b32encode(digest).decode().lower()[:ID_CHARACTERS]}"


class IssuerTokens:
    """The SDK's TokenVerifier for the access tokens of an issuer."""

    def __init__(self, server: ResourceServer, keys: IssuerKeys) -> None:
        self.server, self.keys = server, keys

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the token's owner; None for every token that was not issued by this issuer, for this service, for now."""
        try:
            return self._read_owner(await self.read_claims(token, self.server.audiences))
        except (jwt.InvalidAudienceError, jwt.InvalidIssuerError, jwt.MissingRequiredClaimError) as error:
            log.warning("refused an access token that the issuer signed: %s", error)  # most likely a setting, here or there
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            log.info("refused an access token: %s", type(error).__name__)
        return None

    async def read_claims(self, token: str, audiences: list[str], types: Collection[str] = TYPES) -> dict[str, Any]:
        """Return the claims of a good token for one of the audiences. Raise PyJWTError, ValueError, TypeError or RecursionError for any
        other."""
        if len(token) > MOST_CHARACTERS:
            raise jwt.DecodeError("too long")
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or str(header.get("typ") or "JWT").lower() not in types:
            raise jwt.InvalidAlgorithmError("of another kind")
        if (key := await self.keys.find(header.get("kid"))) is None:
            raise jwt.InvalidKeyError("unknown key")
        return jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=audiences,
            issuer=self.server.issuer,
            leeway=LEEWAY_S,
            options={"require": list(REQUIRED)},
        )

    def _read_owner(self, claims: Mapping[str, Any]) -> AccessToken:
        """Return what the rest of the server knows of a token. Raise MissingRequiredClaimError where it does not say whose it is."""
        client = claims.get("client_id") or claims.get("azp")
        return AccessToken(
            token="***",  # it is not passed on
            client_id=client if isinstance(client, str) else "",
            subject=self.server.find_principal(claims),
            scopes=_read_scopes(claims),
            expires_at=int(claims["exp"]) + LEEWAY_S,  # the SDK looks at it once more, without a leeway
            resource=self.server.resource,
            claims=_describe_person(claims, self.server),
        )


def _describe_person(claims: Mapping[str, Any], server: ResourceServer) -> dict[str, Any]:
    """Return what the store writes down of a person. An address that the issuer did not verify is none."""
    groups: Any = claims.get(server.groups_claim) if server.groups_claim else None
    listed = [groups] if isinstance(groups, str) else cast("list[Any]", groups) if isinstance(groups, list) else []
    email = claims.get("email") if claims.get("email_verified") is not False else None
    known = {
        "iss": server.issuer,
        "sub": claims[server.person_claim],
        "name": _read_text(claims.get("name") or claims.get("preferred_username")),
        "email": _read_text(email),
        "groups": [group for group in listed if isinstance(group, str) and 0 < len(group) <= MOST_GROUP][:MOST_GROUPS],
    }
    return {name: value for name, value in known.items() if value}


def _read_text(said: object) -> str | None:
    return said[:MOST_GROUP] if isinstance(said, str) and said.strip() else None


class EitherTokens:
    """A TokenVerifier that looks into the token file first, and takes other tokens for the issuer's."""

    def __init__(self, file: TokenVerifier, issued: IssuerTokens) -> None:
        self._file, self._issued = file, issued

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the token's owner. Who stands in the file may do everything that a scope allows."""
        if (known := await self._file.verify_token(token)) is None:
            return await self._issued.verify_token(token)
        server = self._issued.server
        return known.model_copy(update={"scopes": list(server.scopes), "resource": server.resource})


class CompleteChallenges:
    """An ASGI middleware that completes what the SDK answers to a caller without a good token.

    It adds the scope to ask for, which the SDK leaves out (mcp 2.3, 2026-11-30). As long as the issuer's keys were never there, a token
    is answered with 503: after a 401 the client would throw it away and ask its user to sign in again.
    """

    def __init__(self, app: ASGIApp, issued: IssuerTokens) -> None:
        self._app, self._keys = app, issued.keys
        self._scope = " ".join(issued.server.scopes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        has_token, is_replaced = "authorization" in Headers(scope=scope), False

        async def complete(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and message["status"] == 401 and has_token and self._keys.is_missing:
                is_replaced = True
                await _build_unavailable()(scope, receive, send)
            elif not is_replaced:
                await send(self._add_scope(message))

        await self._app(scope, receive, complete)

    def _add_scope(self, message: Message) -> Message:
        if not self._scope or message["type"] != "http.response.start" or message["status"] not in (401, 403):
            return message
        headers = MutableHeaders(raw=list(message["headers"]))
        if (challenge := headers.get("www-authenticate")) is None:
            return message
        headers["www-authenticate"] = f'{challenge}, scope="{self._scope}"'
        return {**message, "headers": headers.raw}


def _build_unavailable() -> JSONResponse:
    why = "The identity provider does not answer, so no token can be checked now."
    return JSONResponse({"error": "temporarily_unavailable", "error_description": why}, 503, {"Retry-After": f"{AGAIN_S:.0f}"})


def _read_scopes(claims: Mapping[str, Any]) -> list[str]:
    """Return the scopes of a token: a text with blanks, or a list, under either of two names."""
    scopes = claims.get("scope", claims.get("scp"))
    if isinstance(scopes, str):
        return scopes.split()
    return [scope for scope in cast(list[Any], scopes) if isinstance(scope, str)] if isinstance(scopes, list) else []
