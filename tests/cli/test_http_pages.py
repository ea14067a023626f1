"""Web pages and names over HTTP: exactly those that were allowed are answered, and a browser may read what they are answered."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from sora_mcp.server.transports.http import check_address

from .test_http import BEN, HEADERS, PING, served
from .test_serving import PATIENCE_S, up

pytestmark = pytest.mark.slow
PAGE = "https://chat.example.com"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,mcp-session-id"}


async def test_exactly_the_allowed_pages_may_call(said: dict[str, str], tmp_path: Path) -> None:
    (tokens := tmp_path / "tokens").write_text(f"ben:{BEN}\n", "utf-8")
    with served(said, "--token-file", str(tokens), "--allowed-origin", PAGE) as port:
        await up(port)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            asked = await client.options("/mcp", headers={**PREFLIGHT, "Origin": PAGE})
            assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, PAGE)
            allowed = {word.strip().lower() for word in asked.headers["access-control-allow-headers"].split(",")}
            named = {"authorization", "content-type", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id"}
            assert named <= allowed
            assert {"GET", "POST", "DELETE"} == set(asked.headers["access-control-allow-methods"].split(", "))
            for headers, status in (({"Authorization": f"Bearer {BEN}"}, 200), ({}, 401)):
                answer = await client.post("/mcp", json=PING, headers={**HEADERS, **headers, "Origin": PAGE})
                assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, PAGE)
                assert {"mcp-session-id", "www-authenticate"} <= set(answer.headers["access-control-expose-headers"].split(", "))
            strange = (
                "https://evil.example",
                f"{PAGE}:8443",
                f"{PAGE}.evil.example",
                "http://chat.example.com",
                "null",
                "http://127.0.0.1:1",
                "",
            )
            for origin in strange:
                for refused in (
                    await client.options("/mcp", headers={**PREFLIGHT, "Origin": origin}),
                    await client.post("/mcp", json=PING, headers={**HEADERS, "Authorization": f"Bearer {BEN}", "Origin": origin}),
                ):
                    assert refused.status_code == 403, origin
                    assert not [name for name in refused.headers if name.startswith("access-control-allow")], origin
            names = {f"127.0.0.1:{port}": 200, f"LocalHost:{port}": 200, f"[::1]:{port}": 200}
            others = ("127.0.0.1:evil.com", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1:{port}.evil.com", f"localhost:{port}@evil.com", "")
            for host, status in (names | dict.fromkeys(others, 421)).items():
                answer = await client.post("/mcp", json=PING, headers={**HEADERS, "Authorization": f"Bearer {BEN}", "Host": host})
                assert answer.status_code == status, host
            for origin, status in (
                (f"http://localhost:{port}", 200),
                ("http://localhost:@evil.com", 403),
                ("http://localhost:80.evil.com", 403),
            ):
                answer = await client.post("/mcp", json=PING, headers={**HEADERS, "Authorization": f"Bearer {BEN}", "Origin": origin})
                assert answer.status_code == status, origin


def test_an_allowed_origin_is_compared_as_browsers_send_it() -> None:
    origins = ["https://Chat.Example.com:443", "http://a:80", "http://b:443"]
    address = check_address("0.0.0.0", 8000, tokens=True, hosts=["a:1"], origins=origins)
    assert address.origins == {"https://chat.example.com", "http://a", "http://b:443"}


def test_the_default_port_may_be_left_out_of_the_loopbacks_names() -> None:
    address = check_address("127.0.0.1", 80, tokens=False, hosts=[], origins=[])
    assert {"localhost", "localhost:80", "[::1]"} <= address.hosts and "http://localhost" in address.origins
