"""HTTP is closed: who is not named does not come in, who came in sees nothing of others, and strange addresses are not answered."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import MCPError
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from sora_mcp.cli import main as cli
from sora_mcp.server.transports.tokens import read_tokens
from tests.each import each

from ..media.clips import a_clip
from .test_serving import CLIENT, PATIENCE_S, free_port, started, up

ANNA, BEN = "anna-s-token-0123456789", "ben-s-token-0123456789"
PING = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": CLIENT}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    (file := tmp_path / "tokens").write_text(f"# who may come in\n\nanna:{ANNA}\nben:{BEN}\n", "utf-8")
    file.chmod(0o600)
    return file


@contextmanager
def served(said: dict[str, str], *argv: str) -> Iterator[int]:
    """The server on a port of its own."""
    port = free_port()
    with started(said, "serve", "--port", str(port), *argv) as process:
        assert process.stderr is not None
        process.stderr.readline()
        yield port
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)


async def status(port: int, content: bytes | None = None, **headers: str) -> int:
    """What a handshake is answered, with these headers besides."""
    async with httpx2.AsyncClient() as client:
        sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        url = f"http://127.0.0.1:{port}/mcp"
        if content is None:
            return (await client.post(url, json=PING, headers=sent)).status_code
        return (await client.post(url, content=content, headers=sent)).status_code


@asynccontextmanager
async def client(port: int, token: str, mode: Any) -> AsyncGenerator[Client]:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S) as http,
        Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http), mode=mode) as opened,
    ):
        yield opened


# Before the start


@each(
    ("argv", "why"),
    [
        (["--host", "0.0.0.0"], "--host 0.0.0.0 can be reached by others: --token-file has to say who may come in."),
        (["--host", "192.168.1.7", "--allowed-host", "a:1"], "--host 192.168.1.7 can be reached by others: --token-file has to say"),
        (["--host", "::"], "--host :: can be reached by others: --token-file has to say who may come in."),
        (["--host", "example.com", "--token-file", "TOKENS"], "--host example.com can be reached by others: --allowed-host has to say"),
        (["--host", "\x1b[2J"], "--host as given can be reached by others"),
        (["--host", "", "--token-file", "TOKENS", "--allowed-host", "a:1"], "--host must be a name or an address of this machine"),
        (["--host", "my host", "--token-file", "TOKENS", "--allowed-host", "a:1"], "--host must be a name or an address of this machine"),
        (["--host", "a:80", "--token-file", "TOKENS", "--allowed-host", "a:1"], "--host must be a name or an address of this machine"),
        (["--host", "fe80::1%eth0", "--token-file", "TOKENS", "--allowed-host", "a:1"], "--host must be a name or an address of this"),
        (["--allowed-host", "*"], "--allowed-host must be a host:port"),
        (["--allowed-host", "videos.example.com:*"], "--allowed-host must be a host:port"),
        (["--allowed-host", "https://videos.example.com"], "--allowed-host must be a host:port"),
        (["--allowed-origin", "null"], "--allowed-origin must be an origin"),
        (["--allowed-origin", "https://chat.example.com/"], "--allowed-origin must be an origin"),
        (["--allowed-origin", "https://*"], "--allowed-origin must be an origin"),
        (["--allowed-origin", "https://[::1"], "--allowed-origin must be an origin"),
        (["--token-file", "/nowhere/at/all"], "--token-file must be a file that can be read."),
        (["--token-file", "~nobody-here/tokens"], "--token-file must be a file that can be read."),
    ],
)
def test_it_does_not_start(argv: list[str], why: str, said: dict[str, str], tokens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["serve", *(word.replace("TOKENS", str(tokens)) for word in argv)], said) == 2
    err = capsys.readouterr().err
    assert (err.startswith(f"sora-mcp: {why}"), err.count("\n")) == (True, 1)


@each("host", ["127.0.0.1", "localhost"])
def test_a_port_in_use_is_said_before_anything_is_served(host: str, said: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert cli.run(["serve", "--host", host, "--port", str(port)], said) == 2
    assert capsys.readouterr() == ("", f"sora-mcp: port {port} of {host} is in use: --port takes another.\n")


def test_an_address_of_another_machine_is_not_served(said: dict[str, str], tokens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for host in ("192.0.2.1", "no..name"):
        assert cli.run(["serve", "--host", host, "--token-file", str(tokens), "--allowed-host", "a:1"], said) == 2
        err = capsys.readouterr().err
        assert (err.startswith(f"sora-mcp: port 8000 of {host} cannot be opened here ("), err.count("\n")) == (True, 1)


def test_who_reads_that_it_serves_is_let_in_at_once(said: dict[str, str]) -> None:
    with served(said) as port, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S):
        pass


@each(
    ("text", "why"),
    [
        ("", "has no line name:token."),
        ("# nobody\n\n", "has no line name:token."),
        ("anna\n", ", line 1, must be name:token"),
        ("anna:short\n", ", line 1, must be name:token"),
        ("\nan na:0123456789abcdef\n", ", line 2, must be name:token"),
        ("anna:0123456789 abcdef\n", ", line 1, must be name:token"),
        ("anna:0123456789abcdef\nben:0123456789abcdef\n", ", line 2: this token is another name's already."),
    ],
)
def test_a_token_file_that_cannot_be_is_refused_without_a_word_of_it(
    text: str, why: str, said: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "tokens").write_text(text, "utf-8")
    assert cli.run(["serve", "--token-file", str(file)], said) == 2
    err = capsys.readouterr().err
    assert (why in err, "anna" in err, "0123456789" in err) == (True, False, False)


async def test_a_token_file_may_begin_with_a_byte_order_mark(tokens: Path) -> None:
    tokens.write_text(f"ben:{BEN}\n", "utf-8-sig")
    known = await read_tokens(str(tokens)).verify_token(BEN)
    assert known is not None and known.subject == "ben"


async def test_a_token_is_a_persons_and_is_not_kept(tokens: Path) -> None:
    verifier = read_tokens(str(tokens))
    known = await verifier.verify_token(BEN)
    assert known is not None
    assert (known.subject, known.token) == ("ben", "***")
    assert [await verifier.verify_token(text) for text in ("", BEN[:-1], BEN + "x", BEN.upper(), "\ud800")] == [None] * 5
    assert not any(token in repr(vars(verifier)) for token in (ANNA, BEN))


# At the door


@pytest.mark.fault("R11")
@each("host", ["127.0.0.1", "0.0.0.0"])
async def test_strange_addresses_tokens_and_bodies_are_not_answered(host: str, said: dict[str, str], tokens: Path) -> None:
    ben = {"Authorization": f"Bearer {BEN}"}
    named = ("--allowed-host", "127.0.0.1:4433", "--allowed-host", "Videos.example.com", "--allowed-origin", "https://chat.example.com")
    with served(said, "--host", host, "--token-file", str(tokens), *named) as port:
        await up(port)
        own = {"Host": f"127.0.0.1:{port}" if host == "127.0.0.1" else "videos.example.com"}
        got = {
            "all as it should be": await status(port, **ben, **own),
            "the second name": await status(port, **ben, Host="127.0.0.1:4433"),
            "a page that was named": await status(port, **ben, **own, Origin="https://chat.example.com"),
            "no token": await status(port, **own),
            "a wrong token": await status(port, **own, Authorization="Bearer nobody-s-token-012345"),
            "a token in another scheme": await status(port, **own, Authorization=f"Basic {BEN}"),
            "an evil name": await status(port, **ben, Host="evil.example"),
            "a name of another port": await status(port, **ben, Host="videos.example.com:81"),
            "an evil page": await status(port, **ben, **own, Origin="https://evil.example"),
            "a page that only begins well": await status(port, **ben, **own, Origin="https://chat.example.com.evil.example"),
            "a page without a name": await status(port, **ben, **own, Origin="null"),
            "plain text": await status(port, **ben, **own, Content_Type="text/plain"),
            "5 MB": await status(port, b"[" + b" " * 5_000_000, **ben, **own),
            "no JSON": await status(port, b"{", **ben, **own),
        }
    assert got == {
        "all as it should be": 200,
        "the second name": 200,
        "a page that was named": 200,
        "no token": 401,
        "a wrong token": 401,
        "a token in another scheme": 401,
        "an evil name": 421,
        "a name of another port": 421,
        "an evil page": 403,
        "a page that only begins well": 403,
        "a page without a name": 403,
        "plain text": 400,
        "5 MB": 413,
        "no JSON": 400,
    }


@pytest.mark.fault("R11")
async def test_the_loopback_without_tokens_still_looks_at_names_and_pages(said: dict[str, str]) -> None:
    with served(said) as port:
        await up(port)
        got = [
            await status(port),
            await status(port, Host="evil.example"),
            await status(port, Host=f"evil.example:{port}"),
            await status(port, Origin="https://evil.example"),
            await status(port, Origin="null"),
            await status(port, Content_Type="text/plain"),
            await status(port, b" " * 5_000_000),
        ]
        async with httpx2.AsyncClient() as client:
            asked = {how: await client.request(how, f"http://127.0.0.1:{port}/mcp", headers=HEADERS) for how in ("OPTIONS", "PUT", "TRACE")}
            asked["GET"] = await client.get(f"http://127.0.0.1:{port}/mcp", headers={"Accept": "application/json"})
    assert got == [200, 421, 421, 403, 403, 400, 413]
    assert {how: answer.status_code for how, answer in asked.items()} == {"OPTIONS": 405, "PUT": 405, "TRACE": 405, "GET": 406}
    assert [name for answer in asked.values() for name in answer.headers if name.startswith("access-control")] == []


# Inside


@pytest.mark.fault("I12")
async def test_what_is_anothers_is_not_there(said: dict[str, str], tokens: Path) -> None:
    with served(said, "--token-file", str(tokens)) as port:
        await up(port)
        for mode in ("legacy", "auto"):
            async with client(port, ANNA, mode) as anna, client(port, BEN, mode) as ben:
                await check_that_ben_sees_nothing_of_annas(anna, ben, {"prompt": f"a kite, {mode}", "request_id": mode})


async def check_that_ben_sees_nothing_of_annas(anna: Client, ben: Client, wish: dict[str, str]) -> None:
    job = await told(anna, "create_video", **wish)
    other = await told(ben, "create_video", **wish)
    assert (job["job_id"] != other["job_id"], other.get("deduplicated")) == (True, None)
    while (await told(anna, "get_video_status", job_id=job["job_id"], wait_seconds=20))["state"] != "completed":
        pass
    for tool in ("get_video_status", "cancel_video"):
        assert (await told(ben, tool, job_id=job["job_id"]))["error"]["code"] == "not_found"
    seen = [video["job_id"] for video in (await told(ben, "list_videos"))["videos"]]
    assert (other["job_id"] in seen, job["job_id"] in seen) == (True, False)
    assert job["job_id"] not in (await ben.list_resources()).model_dump_json()
    for uri in ("sora://videos/{}", "sora://videos/{}.mp4", "sora://videos/{}/poster.jpg"):
        await anna.read_resource(uri.format(job["job_id"]))
        with pytest.raises(MCPError):
            await ben.read_resource(uri.format(job["job_id"]))
    strange = (await told(ben, "get_video_status", job_id="v_0123456789"))["message"]
    anothers = (await told(ben, "get_video_status", job_id=job["job_id"]))["message"]
    assert anothers.replace(job["job_id"], "v_0123456789") == strange


async def told(who: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await who.call_tool(tool, arguments)
    assert answer.structured_content is not None
    return answer.structured_content


async def test_a_file_of_anothers_is_no_more_there_than_one_that_never_was(said: dict[str, str], tokens: Path, tmp_path: Path) -> None:
    videos, pictures = Path(said["SORA_MCP_OUTPUT_DIR"]), tmp_path / "pictures"
    pictures.mkdir()
    a_clip(pictures / "everybody-s.mp4")
    with served({**said, "SORA_MCP_IMAGE_DIRS": str(pictures)}, "--token-file", str(tokens)) as port:
        await up(port)
        async with client(port, ANNA, "auto") as anna, client(port, BEN, "auto") as ben:
            clip = await told(anna, "edit_video", inputs=["everybody-s.mp4"], action="trim", end=1)
            still = await told(anna, "edit_video", inputs=[clip["job_id"]], action="frame", start=0)
            names = {"clip": Path(clip["path"]).name, "still": Path(still["path"]).name}
            (videos / "loose.png").write_bytes(Path(still["path"]).read_bytes())

            async def asked(who: Client, name: str) -> list[dict[str, Any]]:
                edit = await told(who, "edit_video", inputs=[name], action="gif")
                shot = await told(who, "create_video", prompt="a kite", model="sample:sample", image=name)
                return [edit.get("error") or {}, shot.get("error") or {}]

            own = {
                "clip": (await asked(anna, names["clip"]))[0],
                "still": (await asked(anna, names["still"]))[1],
                "open": (await asked(ben, "everybody-s.mp4"))[0],
            }
            hidden = [
                (name, await asked(ben, name))
                for name in (*names.values(), str(videos / names["clip"]), f"../{videos.name}/{names['clip']}", "loose.png")
            ]
            never = await asked(ben, "NOBODYS")
    assert own == {"clip": {}, "still": {}, "open": {}}
    for name, errors in hidden:
        real = str(videos / Path(name).name)
        expected = json.dumps(never).replace(str(videos / "NOBODYS"), real).replace("NOBODYS", name)
        assert json.dumps(errors) == expected
