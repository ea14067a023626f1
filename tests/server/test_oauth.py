"""Access tokens: only those that the issuer signed, for this service, for now; and the issuer is asked for its keys seldom."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sora_mcp.domain import LOCAL
from sora_mcp.net.json_document import fetch_json
from sora_mcp.server.transports.issuer_keys import AGAIN_S, KEEP_S, IssuerKeys, is_address_of_issuer, list_metadata_places
from sora_mcp.server.transports.oauth import EitherTokens, IssuerTokens, ResourceServer, name_person
from sora_mcp.server.transports.tokens import read_tokens
from tests.each import each
from tests.played.issuer import (
    KEYS,
    METADATA,
    OPENID,
    PlayedIssuer,
    change_part,
    encode_bytes,
    encode_part,
    make_rsa_key,
    sign_with_public_key,
)
from tests.waiting import PATIENCE_S, eventually

RESOURCE = "https://videos.example.com/mcp"


@cache
def make_foreign_key() -> tuple[str, RSAPrivateKey]:
    """Return a key of nobody's."""
    return "RS256", make_rsa_key()


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def issuer() -> Iterator[PlayedIssuer]:
    with PlayedIssuer() as played:
        yield played


@pytest.fixture
def own() -> Iterator[PlayedIssuer]:
    """An issuer for one test, to be changed by it."""
    with PlayedIssuer() as played:
        yield played


def make_verifier(
    issuer: PlayedIssuer, clock: Callable[[], float] = time.monotonic, *, deadline_s: float = PATIENCE_S, **more: Any
) -> IssuerTokens:
    server = ResourceServer(issuer.issuer, RESOURCE, **more)
    return IssuerTokens(server, IssuerKeys(issuer.issuer, partial(fetch_json, deadline_s=deadline_s), clock=clock))


async def is_taken(verifier: IssuerTokens, token: str) -> bool:
    return await verifier.verify_token(token) is not None


async def test_a_good_token_is_a_persons_and_is_not_kept(issuer: PlayedIssuer) -> None:
    owner = await make_verifier(issuer).verify_token(issuer.issue("anna", RESOURCE, scope="videos more"))
    assert owner is not None
    assert (owner.subject, owner.client_id, owner.scopes) == (name_person(issuer.issuer, "anna"), "a-client", ["videos", "more"])
    assert (owner.token, owner.resource, owner.claims) == ("***", RESOURCE, {"iss": issuer.issuer, "sub": "anna"})


BAD: dict[str, Callable[[PlayedIssuer], str]] = {
    "nothing": lambda issuer: "",
    "garbage": lambda issuer: "abc",
    "garbage in three parts": lambda issuer: "a.b.c",
    "no Unicode": lambda issuer: "\ud800",
    "a header of brackets": lambda issuer: f"{encode_bytes(b'[' * 6000)}.e30.e30",
    "a header that is no object": lambda issuer: f"{encode_part([])}.e30.e30",  # pyright: ignore[reportArgumentType]
    "no signature": lambda issuer: ".".join(issuer.issue("anna", RESOURCE).split(".")[:2]) + ".",
    "alg none": lambda issuer: change_part(issuer.issue("anna", RESOURCE), 0, alg="none").rpartition(".")[0] + ".",
    "HS256 with the public key": lambda issuer: sign_with_public_key(issuer.issue("anna", RESOURCE), issuer.keys["k1"][1]),
    "an algorithm of another kind of key": lambda issuer: change_part(issuer.issue("anna", RESOURCE), 0, alg="ES256"),
    "a foreign key with our key's id": lambda issuer: issuer.issue("anna", RESOURCE, signed_by=make_foreign_key()),
    "a foreign key without an id": lambda issuer: issuer.issue("anna", RESOURCE, signed_by=make_foreign_key(), header={"kid": None}),
    "a foreign key in the header": lambda issuer: issuer.issue(
        "anna", RESOURCE, signed_by=make_foreign_key(), header={"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "kid": "own"}
    ),
    "a foreign key at an address in the header": lambda issuer: issuer.issue(
        "anna", RESOURCE, signed_by=make_foreign_key(), header={"jku": f"{issuer.issuer}{KEYS}", "kid": "own"}
    ),
    "a changed subject": lambda issuer: change_part(issuer.issue("anna", RESOURCE), 1, sub="root"),
    "a changed header": lambda issuer: change_part(issuer.issue("anna", RESOURCE), 0, more=1),
    "another service's": lambda issuer: issuer.issue("anna", "https://other.example.com/mcp"),
    "another resource of this host": lambda issuer: issuer.issue("anna", "https://videos.example.com"),
    "an audience that only begins well": lambda issuer: issuer.issue("anna", f"{RESOURCE}.evil.example"),
    "no audience": lambda issuer: issuer.issue("anna", None),
    "another issuer's": lambda issuer: issuer.issue("anna", RESOURCE, iss="https://evil.example"),
    "an issuer with a slash more": lambda issuer: issuer.issue("anna", RESOURCE, iss=f"{issuer.issuer}/"),
    "no issuer": lambda issuer: issuer.issue("anna", RESOURCE, iss=None),
    "expired": lambda issuer: issuer.issue("anna", RESOURCE, exp=int(time.time()) - 31),
    "without an end": lambda issuer: issuer.issue("anna", RESOURCE, exp=None),
    "an end that is no number": lambda issuer: issuer.issue("anna", RESOURCE, exp="never"),
    "not yet valid": lambda issuer: issuer.issue("anna", RESOURCE, nbf=int(time.time()) + 3600),
    "without a subject": lambda issuer: issuer.issue("anna", RESOURCE, sub=None),
    "an empty subject": lambda issuer: issuer.issue(" ", RESOURCE),
    "a subject that is no text": lambda issuer: issuer.issue("anna", RESOURCE, sub=7),
    "a token of another type": lambda issuer: issuer.issue("anna", RESOURCE, header={"typ": "logout+jwt"}),
    "a type that is no text": lambda issuer: change_part(issuer.issue("anna", RESOURCE), 0, typ=["JWT"]),
    "an extension that has to be understood": lambda issuer: issuer.issue("anna", RESOURCE, header={"crit": ["exp"]}),
    "a very long one": lambda issuer: issuer.issue("anna", RESOURCE, more="x" * 9000),
}
"""What differs from a good token, and the token."""


async def test_a_token_that_differs_in_anything_that_matters_is_refused(issuer: PlayedIssuer, caplog: pytest.LogCaptureFixture) -> None:
    verifier = make_verifier(issuer)
    caplog.set_level(logging.INFO)
    assert await is_taken(verifier, issuer.issue("anna", RESOURCE))
    tokens = {why: make(issuer) for why, make in BAD.items()}
    assert [why for why, token in tokens.items() if await is_taken(verifier, token)] == []
    assert len(caplog.records) >= len(BAD)  # each refusal is a line of the log, and none shows a token
    assert [why for why, token in tokens.items() if len(token) > 20 and token[:20] in caplog.text] == []


GOOD: dict[str, Callable[[PlayedIssuer], str]] = {
    "a plain JWT": lambda issuer: issuer.issue("anna", RESOURCE, header={"typ": "JWT"}),
    "no type": lambda issuer: issuer.issue("anna", RESOURCE, header={"typ": None}),
    "the type's long name": lambda issuer: issuer.issue("anna", RESOURCE, header={"typ": "application/at+JWT"}),
    "one audience of several": lambda issuer: issuer.issue("anna", ["https://other.example.com", RESOURCE]),
    "a clock that is a little fast": lambda issuer: issuer.issue("anna", RESOURCE, exp=int(time.time()) - 1),
}


async def test_what_issuers_do_differently_is_taken(issuer: PlayedIssuer) -> None:
    verifier = make_verifier(issuer)
    assert [why for why, make in GOOD.items() if not await is_taken(verifier, make(issuer))] == []


async def test_signatures_of_every_kind_of_key_pair_are_read(own: PlayedIssuer) -> None:
    own.rotate()
    for algorithm in ("RS256", "PS256", "ES256", "EdDSA"):
        own.add_key(f"a key for {algorithm}", algorithm)
    own.documents[KEYS]["keys"] += [
        {"kty": "oct", "kid": "shared", "k": encode_bytes(b"secret" * 8)},
        {"kty": "RSA", "kid": "broken", "n": "?"},
        {"kty": "EC", "kid": "unknown", "crv": "P-1"},
        {**own.documents[KEYS]["keys"][0], "kid": "for secrets", "use": "enc"},
        {**own.documents[KEYS]["keys"][0], "kid": 7},
        "no key",
    ]
    verifier = make_verifier(own)
    shared = own.issue("anna", RESOURCE, key="shared", signed_by=("HS256", "secret" * 8))
    assert not await is_taken(verifier, shared)
    for key in own.keys:
        assert await is_taken(verifier, own.issue("anna", RESOURCE, key=key)), key
    first = next(iter(own.keys))
    assert not await is_taken(verifier, own.issue("anna", RESOURCE, key=first, header={"kid": "for secrets"}))
    own.add_key("an old curve", "ES256K")
    verifier = make_verifier(own)
    assert [await is_taken(verifier, own.issue("anna", RESOURCE, key=key)) for key in (first, "an old curve")] == [True, False]


async def test_another_audience_counts_only_where_it_is_set(issuer: PlayedIssuer) -> None:
    token = issuer.issue("anna", "api://videos")
    assert [await is_taken(make_verifier(issuer, **more), token) for more in ({}, {"audience": "api://videos"})] == [False, True]
    assert not await is_taken(make_verifier(issuer, audience="*"), issuer.issue("anna", "anything"))


async def test_scopes_are_read_as_issuers_write_them(issuer: PlayedIssuer) -> None:
    verifier = make_verifier(issuer)
    for claims, scopes in (({"scope": "a b"}, ["a", "b"]), ({"scp": ["a", 7]}, ["a"]), ({"scp": "a"}, ["a"]), ({"scope": 7}, []), ({}, [])):
        owner = await verifier.verify_token(issuer.issue("anna", RESOURCE, **claims))
        assert owner is not None and owner.scopes == scopes, claims


async def test_a_person_is_issuer_and_subject_together_and_nobody_elses_name(issuer: PlayedIssuer) -> None:
    people = ("anna", "Anna", "anna ", LOCAL, "p_0000000000000000", "\ud800")
    named = [name_person(place, person) for place in (issuer.issuer, f"{issuer.issuer}/", "https://idp.example.com") for person in people]
    assert len(set(named)) == len(named)
    assert all(re.fullmatch(r"p_[a-z2-7]{16}", name) for name in named)
    assert name_person("https://idp.example.com", "anna") == "p_s35rl3lufg5ckyrw"  # for good: a store has these names


async def test_another_claim_may_name_the_person(issuer: PlayedIssuer) -> None:
    verifier = make_verifier(issuer, person_claim="oid")
    owner = await verifier.verify_token(issuer.issue("anna", RESOURCE, oid="7f"))
    assert owner is not None and owner.subject == name_person(issuer.issuer, "7f")
    for claims in ({}, {"oid": ""}, {"oid": ["7f"]}, {"oid": "7f", "sub": None}):
        assert not await is_taken(verifier, issuer.issue("anna", RESOURCE, **claims)), claims


async def test_a_token_says_what_is_written_down_of_a_person(issuer: PlayedIssuer) -> None:
    verifier = make_verifier(issuer, groups_claim="roles")
    said = {"name": "Anna", "email": "anna@example.com", "roles": ["film", 7, "", "x" * 300, "news"]}
    owner = await verifier.verify_token(issuer.issue("anna", RESOURCE, **said))
    assert owner is not None
    assert owner.claims == {"iss": issuer.issuer, "sub": "anna", "name": "Anna", "email": "anna@example.com", "groups": ["film", "news"]}
    for claims, groups in (({"roles": "film"}, ["film"]), ({"roles": {"film": 1}}, []), ({}, [])):
        owner = await verifier.verify_token(issuer.issue("anna", RESOURCE, email="a@b.c", email_verified=False, **claims))
        assert owner is not None and owner.claims is not None
        assert owner.claims == {"iss": issuer.issuer, "sub": "anna"} | ({"groups": groups} if groups else {}), claims


# The issuer's keys


async def test_fifty_made_up_key_ids_cost_the_issuer_no_fetch(own: PlayedIssuer) -> None:
    verifier = make_verifier(own, clock := Clock())
    assert await is_taken(verifier, own.issue("anna", RESOURCE))
    forged = [own.issue("anna", RESOURCE, signed_by=make_foreign_key(), header={"kid": f"f{number}"}) for number in range(50)]
    for wait, fetches in ((0.0, 1), (AGAIN_S, 2), (AGAIN_S - 1, 2)):
        clock.now += wait
        assert [await is_taken(verifier, token) for token in forged] == [False] * 50
        assert own.fetches == fetches, wait


async def test_many_callers_at_once_make_one_fetch(own: PlayedIssuer) -> None:
    verifier, token, taken = make_verifier(own), own.issue("anna", RESOURCE), list[bool]()

    async def try_it() -> None:
        taken.append(await is_taken(verifier, token))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(try_it)
    assert (taken, own.fetches) == ([True] * 20, 1)


async def test_a_new_key_is_found_and_an_old_one_is_forgotten(own: PlayedIssuer) -> None:
    verifier = make_verifier(own, clock := Clock())
    before = own.issue("anna", RESOURCE)
    assert await is_taken(verifier, before)
    own.rotate("k2")
    clock.now += AGAIN_S
    assert await is_taken(verifier, own.issue("anna", RESOURCE))
    assert not await is_taken(verifier, before)
    assert own.fetches == 2


async def test_keys_are_kept_for_ten_minutes(own: PlayedIssuer) -> None:
    verifier, token = make_verifier(own, clock := Clock()), own.issue("anna", RESOURCE)
    for wait, fetches in ((0.0, 1), (KEEP_S - 1, 1), (1.0, 2), (1.0, 2)):
        clock.now += wait
        assert await is_taken(verifier, token)
        assert own.fetches == fetches, wait


async def test_known_keys_are_used_on_while_the_issuer_is_away(own: PlayedIssuer, caplog: pytest.LogCaptureFixture) -> None:
    verifier, token = make_verifier(own, clock := Clock()), own.issue("anna", RESOURCE)
    assert await is_taken(verifier, token)
    own.is_away = True
    for _ in range(3):
        clock.now += KEEP_S
        assert await is_taken(verifier, token)
    assert caplog.text.count("the keys of SORA_MCP_ISSUER cannot be fetched: the connection to 127.0.0.1 failed") == 3
    own.is_away = False
    own.rotate("k2")
    clock.now += AGAIN_S
    assert await is_taken(verifier, own.issue("anna", RESOURCE))
    assert not await is_taken(verifier, token)


async def test_an_issuer_that_is_away_at_first_is_asked_again(own: PlayedIssuer) -> None:
    verifier, token = make_verifier(own, clock := Clock()), own.issue("anna", RESOURCE)
    assert not verifier.keys.is_missing  # nobody has asked yet
    own.is_away = True
    assert not await is_taken(verifier, token)
    assert verifier.keys.is_missing
    own.is_away = False
    assert not await is_taken(verifier, token)
    clock.now += AGAIN_S
    assert await is_taken(verifier, token)
    assert not verifier.keys.is_missing


async def test_while_one_caller_asks_a_slow_issuer_the_others_use_known_keys(own: PlayedIssuer) -> None:
    verifier, token, taken = make_verifier(own, clock := Clock()), own.issue("anna", RESOURCE), list[bool]()
    assert await is_taken(verifier, token)
    clock.now += KEEP_S
    own.open.clear()

    async def try_it() -> None:
        taken.append(await is_taken(verifier, token))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(try_it)
        await eventually(lambda: len(own.asked) == 3)
        assert await is_taken(verifier, token)
        assert taken == []
        own.open.set()
    assert (taken, own.fetches) == ([True], 2)


async def test_an_issuer_that_takes_a_request_and_says_nothing_is_given_up(own: PlayedIssuer, caplog: pytest.LogCaptureFixture) -> None:
    own.open.clear()
    verifier = make_verifier(own, deadline_s=0.5)
    assert not await is_taken(verifier, own.issue("anna", RESOURCE))
    assert "127.0.0.1 did not answer in time" in caplog.text
    assert verifier.keys.is_missing


async def test_a_caller_who_leaves_does_not_stop_the_fetch(own: PlayedIssuer) -> None:
    verifier, token = make_verifier(own, Clock()), own.issue("anna", RESOURCE)
    own.open.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(verifier.verify_token, token)
        await eventually(lambda: len(own.asked) == 1)
        tasks.cancel_scope.cancel()
        own.open.set()
    assert await is_taken(verifier, token)
    assert own.fetches == 1


def test_the_metadata_of_an_issuer_with_a_path_have_three_places() -> None:
    assert list_metadata_places("https://idp.example.com/realms/film/") == [
        "https://idp.example.com/.well-known/oauth-authorization-server/realms/film",
        "https://idp.example.com/.well-known/openid-configuration/realms/film",
        "https://idp.example.com/realms/film/.well-known/openid-configuration",
    ]
    assert len(list_metadata_places("https://idp.example.com")) == 2


@each(
    ("path", "place"),
    [("", OPENID), ("/", METADATA), ("/film", f"{METADATA}/film"), ("/film", f"/film{OPENID}"), ("/film", f"{OPENID}/film")],
)
async def test_the_metadata_are_found_at_each_of_their_places(path: str, place: str) -> None:
    with PlayedIssuer(path, metadata_at=place) as played:
        played.documents.setdefault(METADATA, b"<html>a page that answers everything</html>")
        assert await is_taken(make_verifier(played), played.issue("anna", RESOURCE))


@each(
    ("documents", "why"),
    [
        ({METADATA: None}, "it has no metadata at its well-known addresses"),
        ({METADATA: b"[" * 100_000}, "it has no metadata at its well-known addresses"),
        ({METADATA: b'{"issuer": "' + b"x" * 600_000}, "it has no metadata at its well-known addresses"),
        ({METADATA: {"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"}}, "it calls itself 'https://evil.example'"),
        ({METADATA: {"jwks_uri": "https://evil.example/keys"}}, "it calls itself None"),
        ({METADATA: {"issuer": "ISSUER"}}, "names no https:// address of keys"),
        ({METADATA: {"issuer": "ISSUER", "jwks_uri": "file:///etc/passwd"}}, "names no https:// address of keys"),
        ({KEYS: None}, "it names no key that could be used"),
        ({KEYS: {"keys": "none"}}, "it names no key that could be used"),
        ({KEYS: {"keys": []}}, "it names no key that could be used"),
    ],
)
async def test_an_issuer_that_answers_wrongly_lets_nobody_in(documents: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture) -> None:
    with PlayedIssuer() as played:
        for path, document in documents.items():
            told = {**document, "issuer": played.issuer} if isinstance(document, dict) and document.get("issuer") == "ISSUER" else document
            played.documents[path] = told
        verifier = make_verifier(played)
        assert not await is_taken(verifier, played.issue("anna", RESOURCE))
        assert (why in caplog.text, verifier.keys.is_missing) == (True, True), caplog.text


async def test_a_document_that_is_too_long_is_not_read(own: PlayedIssuer) -> None:
    own.documents[METADATA]["more"] = "x" * 600_000
    assert not await is_taken(make_verifier(own), own.issue("anna", RESOURCE))
    own.documents[METADATA]["more"] = "x" * 400_000
    assert await is_taken(make_verifier(own), own.issue("anna", RESOURCE))


async def test_a_redirect_of_the_issuer_is_not_followed(own: PlayedIssuer) -> None:
    own.documents["/elsewhere"] = own.documents.pop(METADATA)
    own.redirects[METADATA] = "/elsewhere"
    assert not await is_taken(make_verifier(own), own.issue("anna", RESOURCE))
    assert own.asked == [METADATA, OPENID]


def test_keys_of_an_issuer_over_https_are_not_fetched_without_it() -> None:
    places = {"https://a/keys": True, "http://a/keys": False, "http://127.0.0.1/keys": False, "": False, None: False}
    assert {place: is_address_of_issuer(place, "https://a") for place in places} == places
    assert is_address_of_issuer("http://127.0.0.1:1/keys", "http://127.0.0.1:1")


async def test_the_token_file_comes_first(own: PlayedIssuer, tmp_path: Path) -> None:
    (file := tmp_path / "tokens").write_text("anna:a-token-of-the-file\n", "utf-8")
    file.chmod(0o600)
    both = EitherTokens(read_tokens(str(file)), make_verifier(own, scopes=("videos",)))
    owner = await both.verify_token("a-token-of-the-file")
    assert owner is not None and (owner.subject, owner.scopes, owner.resource) == ("anna", ["videos"], RESOURCE)
    assert own.asked == []
    other = await both.verify_token(own.issue("anna", RESOURCE))
    assert other is not None and (other.subject, other.scopes) == (name_person(own.issuer, "anna"), [])
    assert await both.verify_token("a-token-of-nobody-s") is None
