"""An identity provider on loopback: metadata and keys over real sockets, and tokens that are right but for what a test changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

METADATA = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
KEYS = "/keys"
SIGN_IN = "/sign-in"
TOKENS = "/tokens"


def make_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


MAKERS = {
    "RS": make_rsa_key,
    "PS": make_rsa_key,
    "ES": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES256K": lambda: ec.generate_private_key(ec.SECP256K1()),
    "Ed": ed25519.Ed25519PrivateKey.generate,
}
"""By an algorithm or its first letters: a new key for it."""


class PlayedIssuer:
    """`with PlayedIssuer() as issuer:` listens until left."""

    def __init__(self, path: str = "", *, metadata_at: str = METADATA) -> None:
        self._path, self._metadata_at = path, metadata_at
        self.asked: list[str] = []
        self.documents: dict[str, Any] = {}
        """What is answered at a path: bytes as they are, anything else as JSON."""
        self.redirects: dict[str, str] = {}
        self.keys: dict[str, tuple[str, Any]] = {}
        """By key id: the algorithm, and the private key."""
        self.port = 0
        self.person: str | None = "anna"
        """Who sits at the keyboard when a browser comes to sign in; None for somebody who does not want to."""
        self.signed_in_s = 0
        """How long ago that person signed in here."""
        self.asked_of = dict[str, dict[str, str]]()
        """What was asked of a sign-in, by its code."""
        self.heard: list[dict[str, str]] = []
        """The forms that came to the token endpoint, with the `Authorization` header."""
        self.change = dict[str, Any]()
        """Claims that an ID token has in place of the right ones; None leaves one out."""
        self.is_away = False
        """Whether every connection ends without an answer."""
        self.open = Event()
        """While it is not set, a request is heard and waits for its answer."""
        self.open.set()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}{self._path}"

    @property
    def fetches(self) -> int:
        """How often the keys were asked for."""
        return self.asked.count(KEYS)

    def __enter__(self) -> PlayedIssuer:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        places = {"jwks_uri": KEYS, "authorization_endpoint": SIGN_IN, "token_endpoint": TOKENS}
        addresses = {name: f"http://127.0.0.1:{self.port}{place}" for name, place in places.items()}
        self.documents[self._metadata_at] = {"issuer": self.issuer, **addresses}
        self.rotate("k1")
        return self

    def __exit__(self, *exc: object) -> None:
        self.open.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def rotate(self, *key_ids: str, algorithm: str = "RS256") -> None:
        """Sign with new keys; those of before are gone."""
        self.keys = {}
        for key_id in key_ids:
            self.add_key(key_id, algorithm)

    def add_key(self, key_id: str, algorithm: str) -> None:
        """Sign with one more key."""
        self.keys[key_id] = (algorithm, MAKERS.get(algorithm, MAKERS[algorithm[:2]])())
        self.documents[KEYS] = {"keys": [describe_key(key_id, *key) for key_id, key in self.keys.items()]}

    def send_back(self, asked: dict[str, str]) -> str:
        """Return where a browser is sent after its person signed in, or did not want to."""
        back = {"state": asked["state"], "iss": self.issuer}
        if self.person is None:
            return f"{asked['redirect_uri']}?{urlencode(back | {'error': 'access_denied'})}"
        code = token_hex(8)
        self.asked_of[code] = asked | {"person": self.person}
        return f"{asked['redirect_uri']}?{urlencode(back | {'code': code})}"

    def redeem(self, form: dict[str, str]) -> dict[str, Any]:
        """Return an ID token for a code, which counts once and for whoever knows its verifier."""
        self.heard.append(form)
        asked = self.asked_of.pop(form.get("code", ""), None)
        challenge = encode_bytes(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "nonce": asked["nonce"],
            "auth_time": now - self.signed_in_s,
            "email": f"{asked['person']}@example.com",
            "client_id": None,
        }
        claims |= {"sub": asked["person"], "aud": asked["client_id"]} | self.change
        subject, audience = claims.pop("sub"), claims.pop("aud")
        return {
            "id_token": self.issue(subject, audience, header={"typ": "JWT"}, **claims),
            "access_token": "opaque",
            "token_type": "Bearer",
        }

    def issue(
        self,
        subject: str,
        audience: Any,
        *,
        key: str = "",
        header: Mapping[str, Any] | None = None,
        signed_by: tuple[str, PrivateKeyTypes] | None = None,
        **claims: Any,
    ) -> str:
        """Return a token; a claim or a header of None is left out."""
        key_id = key or next(reversed(self.keys))
        algorithm, private = signed_by or self.keys[key_id]
        now = int(time.time())
        whole = {"iss": self.issuer, "aud": audience, "sub": subject, "iat": now, "exp": now + 3600, "client_id": "a-client", **claims}
        headers = {"kid": key_id, "typ": "at+jwt", **(header or {})}
        return jwt.encode(_drop_none(whole), private, algorithm, headers=_drop_none(headers))


def _drop_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def describe_key(key_id: str, algorithm: str, private: Any) -> dict[str, Any]:
    """Return the public half as a key set has it."""
    described: dict[str, Any] = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    return {**described, "kid": key_id, "use": "sig"}


def sign_with_public_key(token: str, private: Any) -> str:
    """Return the same claims under HS256, with the public key's text as the shared secret."""
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encode_part({**header, 'alg': 'HS256'})}.{encode_part(claims)}"
    return f"{signed}.{encode_bytes(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"


def change_part(token: str, number: int, **changes: Any) -> str:
    """Return the token with another header (0) or other claims (1), and the signature of before."""
    parts = token.split(".")
    part = json.loads(base64.urlsafe_b64decode(parts[number] + "=="))
    return ".".join([*parts[:number], encode_part({**part, **changes}), *parts[number + 1 :]])


def encode_part(part: Mapping[str, Any]) -> str:
    return encode_bytes(json.dumps(part).encode())


def encode_bytes(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _make_handler(issuer: PlayedIssuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if issuer.is_away:
                return
            issuer.asked.append(self.path)
            issuer.open.wait()
            if self.path.startswith(f"{SIGN_IN}?"):
                asked = dict(parse_qsl(urlsplit(self.path).query))
                self.send_response(303)
                self.send_header("Location", issuer.send_back(asked))
                self.send_header("Content-Length", "0")
                return self.end_headers()
            found = issuer.documents.get(self.path)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            target = issuer.redirects.get(self.path)
            self.send_response(302 if target else 404 if found is None else 200)
            if target:
                self.send_header("Location", target)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            if issuer.is_away:
                return
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = issuer.redeem(dict(parse_qsl(body)) | {"authorization": self.headers.get("Authorization", "")})
            data = json.dumps(answer).encode()
            self.send_response(400 if "error" in answer else 200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
