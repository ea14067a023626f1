"""What a browser carries: sealed for one use, for some minutes, by any secret of the ring; and words that nobody else can make."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from starlette.requests import Request
from starlette.responses import Response

from sora_mcp.domain.errors import NotSent
from sora_mcp.server.transports.browser_session import SESSION_S, Cookies, Sealer, Sessions
from sora_mcp.server.transports.issuer_keys import KEEP_S, IssuerKeys
from sora_mcp.server.transports.sign_in import ASK_AGAIN_S, KeptPlaces
from tests.played.issuer import change_part, encode_part

OLD, NEW, OTHER = "o" * 32, "n" * 32, "x" * 32


def make_request(**cookies: str) -> Request:
    text = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"cookie", text.encode())]})


def read_cookie(response: Response) -> str:
    return response.headers["set-cookie"].partition("=")[2].partition(";")[0]


def test_a_sealed_text_counts_for_its_kind_with_a_secret_of_the_ring_until_it_ends() -> None:
    sealed = Sealer([OLD]).seal("session", {"sub": "anna"}, 60)
    for secrets, kind, counts in (
        ([OLD], "session", True),
        ([NEW, OLD], "session", True),
        ([OLD], "sign-in", False),
        ([NEW], "session", False),
        ([], "session", False),
    ):
        assert (Sealer(secrets).unseal(kind, sealed) is not None) is counts, (secrets, kind)
    assert Sealer([OLD]).unseal("session", Sealer([OLD]).seal("session", {}, -1)) is None


FORGED: dict[str, Callable[[str], str]] = {
    "nothing": lambda sealed: "",
    "garbage": lambda sealed: "a.b.c",
    "brackets": lambda sealed: f"{'W1tb' * 3000}.e30.e30",
    "another person": lambda sealed: change_part(sealed, 1, sub="root"),
    "a later end": lambda sealed: change_part(sealed, 1, exp=int(time.time()) + 10_000),
    "no algorithm": lambda sealed: f"{encode_part({'alg': 'none', 'typ': 'JWT'})}.{sealed.split('.')[1]}.",
    "the bare secret as the key": lambda sealed: jwt.encode(jwt.decode(sealed, options={"verify_signature": False}), OLD, "HS256"),
    "no Unicode": lambda sealed: "\udcff.\udcff.\udcff",
}


def test_nobody_else_can_seal() -> None:
    sealed = Sealer([OLD]).seal("session", {"sub": "anna"}, 60)
    assert [why for why, make in FORGED.items() if Sealer([OLD]).unseal("session", make(sealed)) is not None] == []


def test_a_word_belongs_to_its_parts_and_to_the_ring() -> None:
    word = Sealer([OLD]).make_word("answer", "session", "q_1")
    assert Sealer([NEW, OLD]).is_word(word, "answer", "session", "q_1")
    for secrets, parts in (([OTHER], ("session", "q_1")), ([OLD], ("session", "q_2")), ([OLD], ("other", "q_1")), ([OLD], ("session",))):
        assert not Sealer(secrets).is_word(word, "answer", *parts)
    assert not any(Sealer([OLD]).is_word(given, "answer", "session", "q_1") for given in ("", word[:-1], f"{word} ", "\ud800", "0" * 64))


def test_every_replica_reads_a_session_and_each_session_is_another() -> None:
    here, there = (Sessions(Sealer([OLD]), Cookies("https://videos.example.com")) for _ in range(2))
    first, second = Response(), Response()
    here.begin(first, "p_anna", "anna@example.com", is_fresh=True)
    here.begin(second, "p_anna", "anna@example.com", is_fresh=False)
    for response, is_fresh in ((first, True), (second, False)):
        visitor = there.find_visitor(make_request(**{"__Host-sora": read_cookie(response)}))
        assert visitor is not None and (visitor.principal, visitor.name, visitor.is_fresh) == ("p_anna", "anna@example.com", is_fresh)
    assert read_cookie(first) != read_cookie(second)
    assert there.find_visitor(make_request(sora=read_cookie(first))) is None
    attributes = set(first.headers["set-cookie"].split("; ")[1:])
    assert attributes == {"HttpOnly", f"Max-Age={SESSION_S}", "Path=/", "SameSite=lax", "Secure"}
    Sessions(Sealer([OLD]), Cookies("http://127.0.0.1:8000")).begin(plain := Response(), "p_anna", "anna", is_fresh=True)
    assert plain.headers["set-cookie"].startswith("sora=") and "Secure" not in plain.headers["set-cookie"]


async def test_the_provider_is_asked_for_its_addresses_seldom_also_while_it_is_away() -> None:
    now, asked = [1000.0], list[str]()
    answers: list[Any] = [None]

    async def fetch(place: str) -> dict[str, Any] | None:
        asked.append(place)
        if isinstance(answers[0], NotSent):
            raise answers[0]
        return answers[0]

    issuer = "https://idp.example.com"
    good = {name: f"{issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint")} | {"issuer": issuer}
    places, keys = KeptPlaces(lambda: now[0]), IssuerKeys(issuer, fetch)
    away = NotSent("it is away")
    for wait, answer, asks, works in (
        (0.0, away, 1, False),
        (ASK_AGAIN_S - 1, good, 0, False),
        (1.0, good, 1, True),
        (KEEP_S - 1, away, 0, True),
        (1.0, away, 1, True),
        (ASK_AGAIN_S, good | {"token_endpoint": "http://idp.example.com/token"}, 2, True),
    ):
        now[0] += wait
        answers[0] = answer
        asked.clear()
        for _ in range(3):
            if works:
                assert (await places.find(keys))[1:] == (good["authorization_endpoint"], good["token_endpoint"])
            else:
                with pytest.raises(NotSent, match="it is away"):
                    await places.find(keys)
        assert len(asked) == asks, (wait, asks, asked)
