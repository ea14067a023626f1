"""From nothing to a chat that makes videos, as somebody types it."""

from __future__ import annotations

import io
import json
import sys
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from sora_mcp.cli import main as cli
from sora_mcp.cli.own_command import own_command
from sora_mcp.cli.setup import clients, keys
from sora_mcp.config.settings import load
from sora_mcp.security.secrets import Secret
from tests.each import each

Printed = pytest.CaptureFixture[str]
COMMAND = ["/opt/sora/bin/sora-mcp"]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, said: dict[str, str], tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """What comes on standard input, in a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def type_(text: str) -> dict[str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return said

    return type_


@asynccontextmanager
async def answering(status: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A vendor that answers everything with this status, and what it heard."""
    heard: list[bytes] = []

    async def answer(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            heard.append(await stream.receive())
            await stream.send(
                f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode()
            )

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        yield f"http://127.0.0.1:{port}", heard
        tasks.cancel_scope.cancel()


def config(tmp_path: Path) -> Path:
    return tmp_path / "config" / "sora-mcp" / "config.toml"


# Keys


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "good"), (401, "bad"), (500, "unclear")],
)
async def test_a_key_is_tested_by_a_call_that_costs_nothing(said: dict[str, str], status: int, verdict: str) -> None:
    async with answering(status) as (address, heard):
        settings = load(said | {"SORA_MCP_MUVI_BASE_URL": address}, today=date(2026, 11, 21))
        vendor = next(vendor for vendor in settings.catalogue.vendors if vendor.keys)
        found = await anyio.to_thread.run_sync(lambda: keys.test_key(vendor, Secret("k-1"), settings))
    assert found.verdict == verdict
    assert heard[0].startswith(b"GET /v1/jobs?limit=1 HTTP/1.1\r\n")
    assert b"Bearer k-1" in heard[0]


def test_without_a_free_call_it_says_that_it_cannot_tell(said: dict[str, str]) -> None:
    settings = load(said, today=date(2026, 11, 21))
    vendor = next(vendor for vendor in settings.catalogue.vendors if vendor.keys and vendor.check is None)
    assert keys.test_key(vendor, Secret("k"), settings).verdict == "untested"


def test_a_key_is_kept_for_the_user_only_and_the_settings_find_it(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, capsys: Printed
) -> None:
    said = typed("k-12345\n")
    assert cli.run(["setup", "pixazo"], said) == 0
    out, err = capsys.readouterr()
    assert f"PIXAZO_API_KEY is stored in {config(tmp_path)}.\n" in out
    assert "k-12345" not in out + err
    assert config(tmp_path).stat().st_mode & 0o777 == 0o600
    assert load(said, today=date(2026, 11, 21)).keys["pixazo"].reveal() == "k-12345"


def test_what_a_client_left_empty_hides_no_key(typed: Callable[[str], dict[str, str]]) -> None:
    said = typed("k-12345\n")
    assert cli.run(["setup", "pixazo"], said) == 0
    environ = said | {"PIXAZO_API_KEY": "", "MUVI_API_KEY": "${user_config.key}"}
    assert {name: key.reveal() for name, key in load(environ, today=date(2026, 11, 21)).keys.items()} == {"pixazo": "k-12345"}


def test_a_new_key_takes_the_place_of_the_old_and_of_nothing_else(typed: Callable[[str], dict[str, str]], tmp_path: Path) -> None:
    config(tmp_path).parent.mkdir(parents=True)
    config(tmp_path).write_text('# mine\ndaily_usd = 3\nPIXAZO_API_KEY = "old"\n')
    assert cli.run(["setup", "pixazo"], typed("new\n")) == 0
    text = config(tmp_path).read_text()
    assert (tomllib.loads(text), "# mine" in text) == ({"daily_usd": 3, "PIXAZO_API_KEY": "new"}, True)


@pytest.mark.parametrize(
    "row",
    ['pixazo_api_key = "old"', 'Pixazo-Api-Key = "old"', "'PIXAZO_API_KEY' = 'old'  # mine", '\ufeffPIXAZO_API_KEY = "old"'],
    ids=["small", "with hyphens", "quoted", "behind a byte order mark"],
)
def test_a_new_key_takes_the_place_of_the_old_however_that_is_spelt(
    row: str, typed: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    config(tmp_path).parent.mkdir(parents=True)
    config(tmp_path).write_text(f"{row}\ndaily_usd = 3\n", "utf-8")
    keys.store_key("PIXAZO_API_KEY", Secret("new"))
    assert tomllib.loads(config(tmp_path).read_text()) == {"daily_usd": 3, "PIXAZO_API_KEY": "new"}
    assert load(typed(""), today=date(2026, 11, 21)).keys["pixazo"].reveal() == "new"


@pytest.mark.parametrize("old", ["compatible_api_key", "sora-mcp-compatible-api-key"])
def test_a_new_key_takes_the_place_of_one_without_the_prefix(old: str, typed: Callable[[str], dict[str, str]], tmp_path: Path) -> None:
    typed("")
    config(tmp_path).parent.mkdir(parents=True)
    config(tmp_path).write_text(f'{old} = "old"\n', "utf-8")
    keys.store_key("SORA_MCP_COMPATIBLE_API_KEY", Secret("new"))
    assert tomllib.loads(config(tmp_path).read_text()) == {"SORA_MCP_COMPATIBLE_API_KEY": "new"}


def test_who_ends_the_input_at_the_question_for_a_key_has_none_kept(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    def ended(_: str) -> str:
        raise EOFError

    said = typed("")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", ended)
    assert cli.run(["setup", "pixazo"], said) == 1
    assert capsys.readouterr().out.endswith("No key was stored.\n")
    assert not config(tmp_path).exists()


@each("bad", ["", "with a blank", "k\u00e9y", "k" * 5000])
def test_a_key_that_cannot_be_one_is_refused_in_our_words(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, capsys: Printed, bad: str
) -> None:
    assert cli.run(["setup", "pixazo"], typed(bad + "\n")) == 1
    out = capsys.readouterr().out
    assert out == "PIXAZO_API_KEY must be a key without blanks, line ends or special characters.\nNo key was stored.\n"
    assert not config(tmp_path).exists()


def test_a_vendor_that_nobody_knows_is_a_slip_of_the_keyboard(typed: Callable[[str], dict[str, str]], capsys: Printed) -> None:
    assert cli.run(["setup", "nobody"], typed("k\n")) == 2
    assert capsys.readouterr().err.startswith("sora-mcp: VENDOR must be one of muvi, ")


def test_a_vendor_that_is_misspelt_at_the_question_is_asked_for_again(
    typed: Callable[[str], dict[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    said = typed("nobody\n\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert cli.run(["setup"], said) == 0
    out = capsys.readouterr().out
    assert (out.count("Vendor (leave empty"), "There is no vendor 'nobody'." in out) == (2, True)


def test_the_keychain_is_preferred_and_the_file_names_only_what_is_in_it(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    kept: dict[tuple[str, str], str] = {}
    ring = SimpleNamespace(
        set_password=lambda service, name, key: kept.__setitem__((service, name), key),
        get_password=lambda service, name: kept.get((service, name)),
        errors=SimpleNamespace(KeyringError=LookupError),
    )
    monkeypatch.setitem(sys.modules, "keyring", ring)
    said = typed("k-12345\n")
    assert cli.run(["setup", "pixazo"], said) == 0
    assert "PIXAZO_API_KEY is stored in the keychain of this machine.\n" in capsys.readouterr().out
    assert config(tmp_path).read_text() == 'keychain = "PIXAZO_API_KEY"\n'
    assert load(said, today=date(2026, 11, 21)).keys["pixazo"].reveal() == "k-12345"
    assert load(said | {"PIXAZO_API_KEY": "mine"}, today=date(2026, 11, 21)).keys["pixazo"].reveal() == "mine"


def test_a_closed_keychain_is_passed_over_in_silence(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: Any) -> None:
        raise LookupError("locked")

    ring = SimpleNamespace(set_password=closed, get_password=closed, errors=SimpleNamespace(KeyringError=LookupError))
    monkeypatch.setitem(sys.modules, "keyring", ring)
    said = typed("k-12345\n")
    assert cli.run(["setup", "pixazo"], said) == 0
    assert tomllib.loads(config(tmp_path).read_text()) == {"PIXAZO_API_KEY": "k-12345"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.parametrize("ring", [True, False], ids=["keychain", "file"])
def test_a_key_for_which_there_is_no_folder_is_said_not_to_be_stored(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed, ring: bool
) -> None:
    kept: dict[str, str] = {}
    if ring:
        take = {"set_password": lambda _, name, key: kept.__setitem__(name, key), "get_password": lambda _, name: kept.get(name)}
        monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(**take, errors=SimpleNamespace(KeyringError=LookupError)))
    folder = config(tmp_path).parent
    folder.parent.mkdir()
    folder.symlink_to(tmp_path / "gone")
    assert cli.run(["setup", "pixazo"], typed("k-12345\n")) == 2
    out, err = capsys.readouterr()
    assert "is stored in" not in out
    assert err == (
        f"sora-mcp: {config(tmp_path)} cannot be written (File exists), so the key is not stored. "
        "Make the folder writable, or set PIXAZO_API_KEY in the environment.\n"
    )


# Clients


def those(home: Path) -> dict[str, clients.Client]:
    return {client.title: client for client in clients.known_clients(home, {}, "linux")}


@each("title", ["Claude Desktop", "Cursor", "VS Code", "Codex", "Gemini CLI", "Windsurf", "opencode"])
def test_an_empty_client_learns_of_the_server(tmp_path: Path, title: str) -> None:
    client = those(tmp_path)[title]
    assert (clients.read_command(client), clients.write_entry(client, COMMAND), clients.read_command(client)) == (None, None, COMMAND)


def test_everything_else_in_the_file_stays_and_a_copy_is_kept(tmp_path: Path) -> None:
    client = those(tmp_path)["Cursor"]
    client.file.parent.mkdir()
    before = {"theme": "ü", "mcpServers": {"other": {"command": "x"}, "sora": {"command": "old", "env": {"A": "b"}}}}
    client.file.write_text(json.dumps(before))
    copy = clients.write_entry(client, COMMAND)
    assert copy is not None
    assert json.loads(copy.read_text()) == before
    assert json.loads(client.file.read_text()) == {
        "theme": "ü",
        "mcpServers": {"other": {"command": "x"}, "sora": {"command": COMMAND[0], "args": [], "env": {"A": "b"}}},
    }


@each(
    "before, after",
    [
        ({}, {"mcp": {"sora": "ours"}}),
        ({"mcp": {"other": {"type": "local", "command": ["x"]}}}, {"mcp": {"other": {"type": "local", "command": ["x"]}, "sora": "ours"}}),
        (
            {"mcp": {"servers": {"other": {"type": "remote", "url": "u"}}}},
            {"mcp": {"servers": {"other": {"type": "remote", "url": "u"}, "sora": "ours"}}},
        ),
        ({"mcp": {"servers": {"type": "remote", "url": "u"}}}, {"mcp": {"servers": {"type": "remote", "url": "u"}, "sora": "ours"}}),
    ],
)
def test_opencode_has_the_command_in_one_list_where_its_version_looks_for_it(before: Any, after: Any, tmp_path: Path) -> None:
    """The shapes of https://opencode.ai/docs/mcp-servers/ of both versions; the second one reads the first's too."""
    client = those(tmp_path)["opencode"]
    assert client.file == tmp_path / ".config" / "opencode" / "opencode.json"
    client.file.parent.mkdir(parents=True)
    client.file.write_text(json.dumps({"$schema": "s", **before}))
    clients.write_entry(client, ["/a b/sora-mcp", "--home", "/h"])
    ours = {"type": "local", "command": ["/a b/sora-mcp", "--home", "/h"], "enabled": True}
    assert json.loads(client.file.read_text()) == json.loads(json.dumps({"$schema": "s", **after}).replace('"ours"', json.dumps(ours)))
    assert clients.read_command(client) == ["/a b/sora-mcp", "--home", "/h"]


def test_opencodes_file_with_comments_is_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.jsonc").write_text('{\n  // mine\n  "mcp": {},\n}')
    client = those(tmp_path)["opencode"]
    with pytest.raises(clients.Unreadable):
        clients.write_entry(client, COMMAND)
    assert (client.file.name, [file.name for file in folder.iterdir()]) == ("opencode.jsonc", ["opencode.jsonc"])


def test_goose_is_told_by_a_person_and_read_by_us(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    """The shape of https://goose-docs.ai/docs/guides/config-files."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    client = those(tmp_path)["goose"]
    client.file.parent.mkdir(parents=True)
    client.file.write_text(before := "GOOSE_MODE: auto\nextensions:\n  developer:\n    type: builtin\n")
    said = typed("\ny\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert cli.run(["setup"], said) == 0
    out = capsys.readouterr().out
    block = clients.format_entry(client, own_command())
    assert f"goose: put this into {client.file}:\n{block}\n" in out
    assert (client.file.read_text(), clients.read_command(client)) == (before, None)
    client.file.write_text(before + block.removeprefix("extensions:\n") + "\n")
    assert clients.read_command(client) == own_command()
    assert cli.run(["setup"], typed("\n")) == 0
    assert "goose: already starts this server.\n" in capsys.readouterr().out


@each(
    "text, command",
    [
        ("", None),
        ("extensions: {}\n", None),
        ("extensions:\n  other:\n    cmd: sora\nsora:\n  cmd: x\n", None),
        ("extensions:\n  other:\n    sora:\n      cmd: x\n", None),
        ("extensions:\n  sora:\n    cmd: /bin/sora-mcp # mine\n    args: []\n", ["/bin/sora-mcp"]),
        ("extensions:\n    sora:\n        args:\n          - serve\n          - '--x'\n        cmd: 'it''s'\n", ["it's", "serve", "--x"]),
        ("extensions:\n  sora:\n    args:\n    - a\n    cmd: x\n    envs:\n      cmd: y\n", ["x", "a"]),
        ('extensions:\n  "sora":\n    cmd: "C:\\\\a b.exe"\n    args: [serve, "--port"]\n', ["C:\\a b.exe", "serve", "--port"]),
        ("extensions:\n  sora:\n    type: streamable_http\n    uri: http://127.0.0.1:8000/mcp\n", []),
    ],
)
def test_an_entry_of_goose_is_read_in_every_usual_spelling(text: str, command: list[str] | None, tmp_path: Path) -> None:
    client = those(tmp_path)["goose"]
    client.file.parent.mkdir(parents=True)
    client.file.write_text(text)
    assert clients.read_command(client) == command


@each("text", ["extensions: {sora: {cmd: x}}\n", "extensions:\n  a: 1\nextensions:\n  b: 1\n", "extensions: &x\n  sora:\n    cmd: y\n"])
def test_extensions_of_goose_in_another_form_are_said_to_be_unreadable(text: str, tmp_path: Path) -> None:
    client = those(tmp_path)["goose"]
    client.file.parent.mkdir(parents=True)
    client.file.write_text(text)
    with pytest.raises(clients.Unreadable):
        clients.read_command(client)


def test_a_toml_file_keeps_its_comments(tmp_path: Path) -> None:
    client = those(tmp_path)["Codex"]
    client.file.parent.mkdir()
    client.file.write_text('# mine\nmodel = "x"\n[mcp_servers.other]\ncommand = "y"')
    clients.write_entry(client, COMMAND)
    text = client.file.read_text()
    assert text.startswith('# mine\nmodel = "x"\n[mcp_servers.other]\ncommand = "y"\n\n[mcp_servers.sora]\n')
    assert set(tomllib.loads(text)["mcp_servers"]) == {"other", "sora"}
    with pytest.raises(clients.Unreadable):
        clients.write_entry(client, ["another"])


@pytest.mark.parametrize("name", ["url", "serverUrl", "httpUrl"])
def test_a_client_that_reaches_us_by_an_address_is_left_alone(
    name: str, typed: Callable[[str], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    client = those(tmp_path)["Cursor"]
    client.file.parent.mkdir()
    client.file.write_text(content := json.dumps({"mcpServers": {"sora": {name: "http://127.0.0.1:8000/mcp"}}}))
    said = typed("\ny\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert cli.run(["setup"], said) == 0
    assert "Cursor: already connects to this server by its address.\n" in capsys.readouterr().out
    cli.run(["doctor"], said)
    assert "ok    Cursor: connects to this server by its address\n" in capsys.readouterr().out
    assert client.file.read_text() == content


@pytest.mark.parametrize("entry", [5, [], "x", {"command": "x", "args": 5}, {"command": 5}, {"args": []}, {"url": 5}])
def test_an_entry_of_ours_in_a_strange_form_is_said_to_be_one(entry: Any, said: dict[str, str], tmp_path: Path, capsys: Printed) -> None:
    client = those(tmp_path)["Cursor"]
    client.file.parent.mkdir()
    client.file.write_text(json.dumps({"mcpServers": {"sora": entry}}))
    with pytest.raises(clients.Unreadable, match="an entry named sora in an unknown form"):
        clients.read_command(client)
    cli.run(["doctor"], said)
    assert f"note  Cursor: {client.file} has an entry named sora" in capsys.readouterr().out


def test_a_toml_file_with_a_byte_order_mark_is_written(tmp_path: Path) -> None:
    client = those(tmp_path)["Codex"]
    client.file.parent.mkdir()
    client.file.write_text('model = "x"\n', "utf-8-sig")
    clients.write_entry(client, COMMAND)
    assert (clients.read_command(client), tomllib.loads(client.file.read_text("utf-8"))["model"]) == (COMMAND, "x")


@each("content", ["{", "// mine\n{}", "[]", '{"mcpServers": []}', "\x00"])
def test_a_file_that_is_not_understood_is_never_written_over(tmp_path: Path, content: str) -> None:
    client = those(tmp_path)["Cursor"]
    client.file.parent.mkdir()
    client.file.write_text(content)
    with pytest.raises(clients.Unreadable):
        clients.write_entry(client, COMMAND)
    assert [(path.name, path.read_text()) for path in client.file.parent.iterdir()] == [("mcp.json", content)]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    client = those(tmp_path)["Cursor"]
    client.file.parent.mkdir()
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    client.file.symlink_to(real)
    clients.write_entry(client, COMMAND)
    assert (client.file.is_symlink(), json.loads(real.read_text())["mcpServers"]["sora"]["command"]) == (True, COMMAND[0])


def test_where_nobody_is_asked_the_block_is_printed_and_nothing_is_written(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, capsys: Printed
) -> None:
    (tmp_path / ".cursor").mkdir()
    assert cli.run(["setup"], typed("")) == 0
    out = capsys.readouterr().out
    assert f"Cursor: put this into {tmp_path / '.cursor' / 'mcp.json'}:\n{{" in out
    assert list((tmp_path / ".cursor").iterdir()) == []


def test_who_says_yes_at_a_terminal_has_it_written(
    typed: Callable[[str], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    (tmp_path / ".cursor").mkdir()
    said = typed("\ny\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert cli.run(["setup"], said) == 0
    assert "Which vendor do you have a key for?\n" in capsys.readouterr().out
    written = json.loads((tmp_path / ".cursor" / "mcp.json").read_text())
    assert list(written["mcpServers"]) == ["sora"]
