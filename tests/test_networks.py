"""Networks that people have: a proxy, a company's certificates; and errors that say which of them is in the way."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import anyio.abc
import anyio.streams.tls
import pytest
import trustme

from sora_mcp.domain import Call
from sora_mcp.domain.errors import NotSent, UntrustedURL
from sora_mcp.net.client import VendorClient
from sora_mcp.net.environment import describe_proxy, find_proxy, load_certificates
from sora_mcp.vendors import muvi

from .each import each
from .test_downloads import read_request

NAME = "api.vendor.example"
VENDOR = replace(muvi.VENDOR, base_url=f"https://{NAME}")
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    load_certificates.cache_clear()
    yield
    load_certificates.cache_clear()


@dataclass
class Network:
    """A CONNECT proxy, which leads every name to one TLS server of a private authority."""

    authority: trustme.CA
    proxy: str = ""
    connected: list[str] = field(default_factory=list[str])
    refusal: str = ""

    async def connect(self, stream: anyio.abc.SocketStream) -> None:
        """Answer CONNECT, and speak for the host that was named."""
        async with stream:
            request = await read_request(stream)
            self.connected.append(request[""].split()[1])
            if self.refusal:
                await stream.send(f"HTTP/1.1 {self.refusal}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            await stream.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.authority.issue_cert(NAME, "cdn.example.com").configure_cert(context)
            try:
                secure = await anyio.streams.tls.TLSStream.wrap(stream, server_side=True, ssl_context=context, standard_compatible=False)
                await read_request(secure)  # type: ignore[arg-type]
                body = json.dumps({"status": "completed"}).encode()
                await secure.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream):
                return  # the client trusts nobody here


@asynccontextmanager
async def behind_a_proxy() -> AsyncGenerator[Network]:
    network = Network(trustme.CA())
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        network.proxy = f"127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        tasks.start_soon(listener.serve, network.connect)
        yield network
        tasks.cancel_scope.cancel()


def trust(network: Network, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network.authority.cert_pem.write_to_path(folder / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))


@each("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
async def test_orders_and_files_go_through_the_proxy_with_the_companys_certificates(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with behind_a_proxy() as network:
        with monkeypatch.context() as patch:
            trust(network, tmp_path, patch)
            load_certificates.cache_clear()
            patch.setenv(variable, network.proxy)
            async with VendorClient(tmp_path, {}) as client:
                assert (await client.submit(VENDOR, Call("POST", "/v1/videos", body={}))).body == {"status": "completed"}
                assert (await client.request(VENDOR, Call("GET", "/v1/videos/1"))).status == 200
                saved = await client.download(VENDOR, Call("GET", "https://cdn.example.com/v.mp4"), tmp_path / "p")
        assert (saved.bytes, network.connected) == (23, [f"{NAME}:443", f"{NAME}:443", "cdn.example.com:443"])


async def test_the_guard_judges_names_and_addresses_where_the_proxy_resolves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind_a_proxy() as network:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{network.proxy}")
        async with VendorClient(tmp_path, {}) as client:
            for host in ("10.0.0.1", "localhost", "vault.internal", "[64:ff9b::10.0.0.1]", "169.254.169.254"):
                with pytest.raises(UntrustedURL):
                    await client.download(VENDOR, Call("GET", f"https://{host}/v.mp4"), tmp_path / "p")
        assert network.connected == []


async def test_an_error_says_that_the_certificate_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind_a_proxy() as network:
        monkeypatch.setenv("HTTPS_PROXY", network.proxy)
        async with VendorClient(tmp_path, {}) as client:
            with pytest.raises(NotSent, match=rf"nothing was sent: the certificate of {NAME} is not trusted here .*SSL_CERT_FILE"):
                await client.submit(VENDOR, Call("POST", "/v1/videos", body={}))


async def test_an_error_says_that_the_proxy_refuses_and_keeps_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind_a_proxy() as network:
        network.refusal = "407 Proxy Authentication Required"
        monkeypatch.setenv("HTTPS_PROXY", f"http://ana:hush@{network.proxy}")
        async with VendorClient(tmp_path, {}) as client:
            with pytest.raises(NotSent, match=rf"the proxy http://{network.proxy} refuses the connection to {NAME}") as refused:
                await client.submit(VENDOR, Call("POST", "/v1/videos", body={}))
        assert "hush" not in str(refused.value)


async def test_an_error_says_that_nobody_listens(tmp_path: Path) -> None:
    async with VendorClient(tmp_path, {}) as client:
        with pytest.raises(NotSent, match=r"nothing was sent: 127\.0\.0\.1 refuses the connection\."):
            await client.submit(replace(VENDOR, base_url="http://127.0.0.1:9"), Call("POST", "/", body={}))


def test_no_proxy_and_the_scheme_decide_which_proxy_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "cdn.example.com,.internal.example")
    assert find_proxy("https://api.vendor.example/v1") == "http://proxy.example:3128"
    assert find_proxy("http://api.vendor.example/v1") is None
    assert find_proxy("https://cdn.example.com/v.mp4") is None
    assert find_proxy("https://a.internal.example/") is None
    monkeypatch.setenv("ALL_PROXY", "socks5h://proxy.example:1080")
    assert find_proxy("http://api.vendor.example/") == "socks5h://proxy.example:1080"
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy.example:70")
    with pytest.raises(NotSent, match=r"The proxy gopher://proxy.example:70 cannot be used"):
        find_proxy("https://api.vendor.example/")
    assert describe_proxy("http://ana:hush@proxy.example:3128") == "http://proxy.example:3128"


@each("proxy", ["http://:bad", "http://[::1", "proxy:xyz", "//x:1", "http://", "gopher://proxy.example:70"])
async def test_a_proxy_that_cannot_be_used_is_said_and_nothing_is_sent(proxy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    async with VendorClient(tmp_path, {}) as client:
        client.prepare(VENDOR)
        for call in (client.submit, client.request):
            with pytest.raises(NotSent, match="The proxy"):
                await call(VENDOR, Call("POST", "/v1/videos", body={}))
        with pytest.raises(NotSent, match="The proxy"):
            await client.download(VENDOR, Call("GET", "https://cdn.example.com/v.mp4"), tmp_path / "p")
