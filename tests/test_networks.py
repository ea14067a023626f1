"""Networks that people have: a proxy, a company's certificates; and errors that say which of them is in the way."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import anyio
import anyio.abc
import anyio.streams.tls
import pytest
import trustme

from sora_mcp.cli.checks import OF_OTHER_PROGRAMS, Finding, check_network
from sora_mcp.config.settings import load
from sora_mcp.domain import Call, Vendor
from sora_mcp.domain.errors import NotSent, UntrustedURL
from sora_mcp.domain.secret import Secret
from sora_mcp.jobs.poll import UNTRUSTED_TODO, find_todo
from sora_mcp.net import client as http_client
from sora_mcp.net.client import VendorClient
from sora_mcp.net.proxy_settings import describe_proxy, find_proxy, load_certificates
from sora_mcp.vendors import muvi

from .each import each
from .test_downloads import read_request

NAME = "api.vendor.example"
VENDOR = replace(muvi.VENDOR, base_url=f"https://{NAME}")
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", *OF_OTHER_PROGRAMS)


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
    heard: list[object] = field(default_factory=list[object])
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
                self.heard.append(await read_request(secure))  # type: ignore[arg-type]
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


async def test_an_error_says_what_is_in_the_way_and_keeps_the_proxys_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def why(client: VendorClient, vendor: Vendor, match: str) -> str | None:
        with pytest.raises(NotSent, match=match) as refused:
            await client.submit(vendor, Call("POST", "/v1/videos", body={}))
        assert "hush" not in str(refused.value)
        return find_todo(refused.value)

    async with behind_a_proxy() as network, VendorClient(tmp_path, {}) as client:
        nobody = replace(VENDOR, base_url="http://127.0.0.1:9")
        assert await why(client, nobody, r"nothing was sent: 127\.0\.0\.1 refuses the connection\.") is None
        monkeypatch.setenv("HTTPS_PROXY", f"http://ana:hush@{network.proxy}")
        untrusted = rf"nothing was sent: the certificate of {NAME} is not trusted here .*SSL_CERT_FILE"
        assert await why(client, VENDOR, untrusted) == UNTRUSTED_TODO, "no retry ends it"
        network.refusal = "407 Proxy Authentication Required"
        await why(client, VENDOR, rf"the proxy http://{network.proxy} refuses the connection to {NAME}")


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


@each("content", [None, "no certificate"])
async def test_certificates_that_cannot_be_read_are_said_and_nothing_is_sent(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    load_certificates.cache_clear()
    async with VendorClient(tmp_path, {}) as client:
        client.prepare(VENDOR)
        for call in (client.submit, client.request):
            with pytest.raises(NotSent, match="SSL_CERT_FILE names certificates that cannot be read"):
                await call(VENDOR, Call("POST", "/v1/videos", body={}))


async def test_a_probe_goes_the_way_of_a_file_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind_a_proxy() as network:
        trust(network, tmp_path, monkeypatch)
        load_certificates.cache_clear()
        monkeypatch.setenv("HTTPS_PROXY", network.proxy)
        async with VendorClient(tmp_path, {"muvi": Secret("k3y")}) as client:
            await client.probe(f"https://{NAME}/")
        assert (network.connected, "k3y" in str(network.heard), len(network.heard)) == ([f"{NAME}:443"], False, 1)


async def test_a_probe_says_certificate_proxy_name_silence_or_the_guards_no(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def why(url: str, *trusted: str) -> str:
        async with VendorClient(tmp_path, {}, frozenset(trusted)) as client:
            with pytest.raises((NotSent, UntrustedURL)) as refused:
                await client.probe(url)
        return refused.value.message

    assert await why("https://name.invalid/") == "The name name.invalid has no address now."
    assert await why("http://127.0.0.1:9/") == "The link leads to 127.0.0.1 without https."
    assert await why("http://127.0.0.1:9/", "127.0.0.1:9") == "127.0.0.1 refuses the connection"
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as silent:
        monkeypatch.setattr(http_client, "PROBE_S", 0.2)
        port = silent.extra(anyio.abc.SocketAttribute.local_port)
        assert await why(f"http://127.0.0.1:{port}/", f"127.0.0.1:{port}") == "127.0.0.1 did not answer in time"
        monkeypatch.undo()
    async with behind_a_proxy() as network:
        monkeypatch.setenv("HTTPS_PROXY", network.proxy)
        assert (await why(f"https://{NAME}/")).startswith(f"the certificate of {NAME} is not trusted here")
        network.refusal = "403 Forbidden"
        assert await why(f"https://{NAME}/") == f"the proxy http://{network.proxy} refuses the connection to {NAME}"
        assert (await why("https://10.0.0.1/")) == "The link leads to 10.0.0.1, which is not a public address."


# doctor


def told(network: Network | None, tmp_path: Path, **environ: str) -> list[Finding]:
    vendor = {"MUVI_API_KEY": "k", "SORA_MCP_MUVI_BASE_URL": f"https://{NAME}"} if network else {}
    settings = load({"SORA_MCP_HOME": str(tmp_path), "SORA_MCP_TIMEZONE": "UTC"} | vendor | environ, today=date(2026, 11, 21))
    return list(check_network(settings, offline=False))


async def test_doctor_tests_the_way_of_a_file_before_anything_is_bought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with behind_a_proxy() as network:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ana:hush@{network.proxy}")
        monkeypatch.setenv("NO_PROXY", "localhost")
        proxy, certificates, way = await anyio.to_thread.run_sync(told, network, tmp_path)
        by_name = "it resolves the names, so links are judged by name, not by address"
        assert proxy == Finding("ok", f"proxy: http://{network.proxy} (HTTPS_PROXY), except to localhost (NO_PROXY); {by_name}")
        assert certificates == Finding("ok", "certificates: those of this system are trusted")
        assert (way.verdict, way.text.split(" (")[0]) == (
            "fix",
            f"files of Muvi: could not come from here: the certificate of {NAME} is not trusted here",
        )
        trust(network, tmp_path, monkeypatch)
        load_certificates.cache_clear()
        _, certificates, way = await anyio.to_thread.run_sync(told, network, tmp_path)
        assert certificates == Finding("ok", f"certificates: those of SSL_CERT_FILE={tmp_path / 'ca.pem'} are trusted")
        assert way == Finding("ok", f"files of Muvi: {NAME} answers, asked in the way in which a finished file comes")


def test_doctor_names_one_cause_once_for_all_vendors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    [way] = told(None, tmp_path, MUVI_API_KEY="k", MULERUN_API_KEY="k", FAL_KEY="k")[2:]
    assert (way.verdict, way.text.startswith("files of Muvi, MuleRun, fal: could not come from here: ")) == ("fix", True)


def test_doctor_says_which_certificates_and_proxy_count_and_which_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.text for finding in told(None, tmp_path)] == [
        "proxy: none; names are resolved here",
        "certificates: those of this system are trusted",
    ]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/ca.pem")
    assert told(None, tmp_path)[2] == Finding(
        "note",
        "certificates: REQUESTS_CA_BUNDLE is for other programs and does not count here",
        "if your network inspects traffic, set SSL_CERT_FILE to the same file",
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    load_certificates.cache_clear()
    monkeypatch.setenv("ALL_PROXY", "gopher://ana:hush@proxy.example:70")
    proxy, certificates = told(None, tmp_path)
    assert (proxy.verdict, certificates.verdict, certificates.todo) == ("fix", "fix", "correct SSL_CERT_FILE, or unset it")
    assert ("The proxy gopher://proxy.example:70 cannot be used" in proxy.text, "hush" in proxy.text) == (True, False)


def test_doctor_asks_nobody_without_a_key_or_offline_and_says_what_a_server_of_ones_own_needs(tmp_path: Path) -> None:
    own = {"MUVI_API_KEY": "k", "SORA_MCP_MUVI_BASE_URL": "http://127.0.0.1:9"}
    (way,) = told(None, tmp_path, **own)[2:]
    assert way == Finding(
        "note",
        "files of Muvi: one at the address of its API would be refused. The link leads to 127.0.0.1 without https.",
        "if its files lie there, set SORA_MCP_TRUSTED_HOSTS to 127.0.0.1:9",
    )
    settings = load({"SORA_MCP_HOME": str(tmp_path), "SORA_MCP_TIMEZONE": "UTC", **own}, today=date(2026, 11, 21))
    assert len(list(check_network(settings, offline=True))) == 2
