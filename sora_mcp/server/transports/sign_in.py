"""Sign people in on our own pages: at the identity provider (OpenID Connect, authorization code with PKCE), or with their fixed token.

A sign-in that was begun in one browser counts in that browser only, for some minutes, and ends at the page for which it was begun.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from secrets import token_urlsafe
from typing import Any, Protocol
from urllib.parse import quote_plus, urlencode

import anyio
import jwt
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sora_mcp.domain.errors import NotSent
from sora_mcp.domain.text import sanitize
from sora_mcp.net.json_document import post_form
from sora_mcp.server.transports.browser_session import Sessions
from sora_mcp.server.transports.issuer_keys import KEEP_S, IssuerKeys
from sora_mcp.server.transports.oauth import LEEWAY_S, IssuerTokens
from sora_mcp.server.transports.pages_html import build_page, is_from, keep_private, read_form
from sora_mcp.server.transports.tokens import Tokens

SIGNED_IN = "/approve/signed-in"
"""Where a sign-in ends; the redirect address that the provider has to allow."""
SIGN_IN_S = 600
ASK_AGAIN_S = 5.0
"""Seconds until a provider that did not answer is asked for its addresses again."""
FRESH_S = 300
"""Seconds that a person who approves a price may have been signed in at the provider already."""
SCOPES = ("profile", "email")
"""Besides `openid`, where the provider has them: they bring a name that a person reads."""
NAMES = ("email", "preferred_username", "name")
ID_TOKEN_TYPES = ("jwt",)
MOST_NAME = 80
AGAIN = "Go back to the link that you opened, and open it again."
PostForm = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[tuple[int, Mapping[str, Any] | None]]]
log = logging.getLogger(__name__)


class SignInFailed(Exception):
    """Nobody was signed in. The message is a sentence for the person."""


class SignIn(Protocol):
    """A way in which people sign in."""

    async def begin(self, request: Request, to: str, *, is_fresh: bool) -> Response:
        """Return what a browser gets first; the sign-in leads to the path `to`. `is_fresh`: the person has to sign in now."""
        ...

    async def finish(self, request: Request) -> Response:
        """Return what a browser gets at SIGNED_IN: a session and the way to where it was begun, or why not."""
        ...

    def knows(self, principal: str) -> bool:
        """Return whether a person who signed in a while ago could still do so, as far as that is known here."""
        ...


class KeptPlaces:
    """The addresses at which the provider signs people in and gives tokens, kept for a while, so that strangers cost it nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: tuple[Mapping[str, Any], str, str] | None = None
        self._failure: NotSent | None = None
        self._good_until = float("-inf")
        self._asking = anyio.Lock()

    async def find(self, keys: IssuerKeys) -> tuple[Mapping[str, Any], str, str]:
        """Return the provider's metadata, the address for signing in and that for tokens. Raise NotSent."""
        async with self._asking:
            if self._clock() >= self._good_until:
                await self._ask(keys)
        if self._found is None:
            raise NotSent("it was asked a moment ago" if self._failure is None else self._failure.message)
        return self._found

    async def _ask(self, keys: IssuerKeys) -> None:
        """Ask anew. While the provider is away, what it said before is used on."""
        try:
            metadata, (page, tokens) = await keys.find_metadata("authorization_endpoint", "token_endpoint")
            self._found, self._failure, self._good_until = (metadata, page, tokens), None, self._clock() + KEEP_S
        except NotSent as error:
            self._failure, self._good_until = error, self._clock() + ASK_AGAIN_S


@dataclass(frozen=True)
class ProviderSignIn:
    """Sign in where the access tokens come from too, so that a person is the same here and there."""

    issued: IssuerTokens
    client_id: str
    client_secret: str | None
    sessions: Sessions
    post: PostForm = post_form
    places: KeptPlaces = field(default_factory=lambda: KeptPlaces())

    @property
    def redirect_url(self) -> str:
        """Return where the provider sends the browser back."""
        return f"{self.sessions.cookies.public_url}{SIGNED_IN}"

    async def begin(self, request: Request, to: str, *, is_fresh: bool) -> Response:
        """Send the browser to the provider."""
        try:
            metadata, place, _ = await self.places.find(self.issued.keys)
        except NotSent as error:
            return _explain(_name_failure(error), status=503)
        browser, number = self.sessions.cookies.read(request, "sora-browser") or token_urlsafe(32), token_urlsafe(16)
        state = {"jti": number, "browser": _hash("browser", browser), "to": to, "fresh": is_fresh}
        offered: Any = metadata.get("scopes_supported")
        fields = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_url,
            "scope": " ".join(["openid", *(scope for scope in SCOPES if isinstance(offered, list) and scope in offered)]),
            "state": self.sessions.sealer.seal("sign-in", state, SIGN_IN_S),
            "nonce": _hash("nonce", browser, number),
            "code_challenge": _challenge(_hash("verifier", browser, number)),
            "code_challenge_method": "S256",
            **({"max_age": str(FRESH_S)} if is_fresh else {}),
        }
        response = RedirectResponse(f"{place}{'&' if '?' in place else '?'}{urlencode(fields)}", 303)
        self.sessions.cookies.write(response, "sora-browser", browser, SIGN_IN_S)
        return keep_private(response)

    async def finish(self, request: Request) -> Response:
        """Take the provider's answer, fetch the ID token, and begin a session."""
        browser, said = self.sessions.cookies.read(request, "sora-browser"), request.query_params
        state = self.sessions.sealer.unseal("sign-in", said.get("state", ""))
        if state is None or not browser or not hmac.compare_digest(str(state["browser"]), _hash("browser", browser)):
            return _explain(f"This sign-in was not begun in this browser, or too long ago. {AGAIN}")
        try:
            claims = await self._fetch_claims(said, browser, str(state["jti"]))
            signed_in_at = claims.get("auth_time")
            is_fresh = isinstance(signed_in_at, int | float) and signed_in_at >= state["iat"] - FRESH_S - LEEWAY_S
            if state["fresh"] and not is_fresh:
                raise SignInFailed("The identity provider did not say that you signed in just now (auth_time), and a yes needs that.")
            principal = self.issued.server.find_principal(claims)
        except SignInFailed as error:
            return _explain(f"{error} {AGAIN}")
        except NotSent as error:
            return _explain(_name_failure(error), status=503)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            log.warning("refused an ID token: %s", error)
            return _explain(f"The identity provider's answer cannot be used; the server's log says why. {AGAIN}")
        response = RedirectResponse(state["to"], 303)
        self.sessions.begin(response, principal, _find_name(claims), is_fresh=is_fresh)
        return keep_private(response)

    def knows(self, principal: str) -> bool:
        """Return True: only the provider knows it, and a session is short."""
        return bool(principal)

    async def _fetch_claims(self, said: Mapping[str, str], browser: str, number: str) -> dict[str, Any]:
        """Return the claims of the ID token. Raise SignInFailed, NotSent, or what a token that cannot be used raises."""
        metadata, _, place = await self.places.find(self.issued.keys)
        named = said.get("iss")
        if named != self.issued.server.issuer and (named is not None or metadata.get("authorization_response_iss_parameter_supported")):
            raise SignInFailed("The answer is not from our identity provider.")
        if not (code := said.get("code")):
            why = sanitize(said.get("error"), MOST_NAME)
            raise SignInFailed(f"The identity provider did not sign you in{f' ({why})' if why else ''}.")
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_url}
        fields["code_verifier"] = _hash("verifier", browser, number)
        status, answer = await self.post(place, *self._authenticate(fields, metadata))
        token = None if answer is None else answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            log.warning("the identity provider answered a sign-in with %s: %.200r", status, (answer or {}).get("error"))
            raise SignInFailed("The identity provider did not sign you in.")
        claims = await self.issued.read_claims(token, [self.client_id], ID_TOKEN_TYPES)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), _hash("nonce", browser, number).encode()):
            raise SignInFailed("The identity provider's answer belongs to another sign-in.")
        if claims.get("azp", self.client_id) != self.client_id or (
            claims["aud"] not in (self.client_id, [self.client_id]) and "azp" not in claims
        ):
            raise SignInFailed("The identity provider's answer is for another service.")
        return claims

    def _authenticate(self, fields: dict[str, str], metadata: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the form and the headers by which the provider knows this client: with a secret in the way that it takes."""
        if self.client_secret is None:
            return {**fields, "client_id": self.client_id}, {}
        methods: Any = metadata.get("token_endpoint_auth_methods_supported")
        if isinstance(methods, list) and "client_secret_basic" not in methods:
            return {**fields, "client_id": self.client_id, "client_secret": self.client_secret}, {}
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return fields, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


@dataclass(frozen=True)
class TokenSignIn:
    """Sign in with the fixed token that a person has from the token file."""

    tokens: Tokens
    sessions: Sessions

    async def begin(self, request: Request, to: str, *, is_fresh: bool) -> Response:
        """Ask for the token."""
        del request, is_fresh  # whoever has the token has it now
        return self._ask(self.sessions.sealer.seal("sign-in", {"to": to}, SIGN_IN_S))

    async def finish(self, request: Request) -> Response:
        """Compare the token, and begin a session."""
        if request.method != "POST":
            return _explain(AGAIN)
        if not is_from(request, self.sessions.cookies.public_url):
            return _explain(f"This sign-in was not begun here. {AGAIN}", status=403)
        fields = await read_form(request)
        if (state := self.sessions.sealer.unseal("sign-in", fields.get("state", ""))) is None:
            return _explain(f"This sign-in was begun too long ago. {AGAIN}")
        if (known := await self.tokens.verify_token(fields.get("token", "").strip())) is None:
            return self._ask(fields["state"], why="This server does not know that token.")
        response = RedirectResponse(state["to"], 303)
        self.sessions.begin(response, known.subject or known.client_id, known.client_id, is_fresh=True)
        return keep_private(response)

    def knows(self, principal: str) -> bool:
        """Return whether the person still stands in the file."""
        return self.tokens.has_name(principal)

    def _ask(self, state: str, *, why: str = "") -> Response:
        body = f"""<h1>Sign in</h1>
<p>Your client sends a token to this server. Type or paste the same token here, to show that it is you.</p>
{f'<p role="alert">{escape(why)}</p>' if why else ""}<form method="post" action="{SIGNED_IN}">
<input type="hidden" name="state" value="{escape(state)}">
<label>Token <input type="password" name="token" autocomplete="current-password" required></label>
<button class="yes">Sign in</button>
</form>"""
        return build_page("Sign in", body=body, status=403 if why else 200)


def _explain(sentence: str, *, status: int = 400) -> Response:
    return build_page("You are not signed in", sentence, status=status)


def _name_failure(error: NotSent) -> str:
    """Say that the provider is away, and log why."""
    log.warning("nobody can sign in at SORA_MCP_ISSUER: %s", error.message)
    return f"The identity provider does not answer now. {AGAIN}"


def _find_name(claims: Mapping[str, Any]) -> str:
    """Return the person's name as the provider tells it, else the claim that tells people apart."""
    names = (sanitize(claims[name], MOST_NAME) for name in NAMES if isinstance(claims.get(name), str))
    return next(filter(None, names), None) or sanitize(str(claims["sub"]), MOST_NAME) or ""


def _hash(*parts: str) -> str:
    """Return 43 characters of base64url that only who knows the parts can make."""
    return _encode(hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).digest())


def _challenge(verifier: str) -> str:
    return _encode(hashlib.sha256(verifier.encode()).digest())


def _encode(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
