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

from sora_mcp.cli.doctor import check_all
from sora_mcp.cli.program_path import own_command
from sora_mcp.cli.setup import clients, keys
from sora_mcp.config.settings import load
from sora_mcp.domain.secret import Secret
from tests.each import each

from .conftest import Ended, Sora

COMMAND = ["/opt/sora/bin/sora-mcp"]
Setup = Callable[..., Ended]


@pytest.fixture
def setup(sora: Sora, monkeypatch: pytest.MonkeyPatch) -> Setup:
    """Return a function that runs `sora-mcp setup` with this on standard input, and `at_terminal` where a person types it."""

    def run(*words: str, typed: str = "", at_terminal: bool = False) -> Ended:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        monkeypatch.setattr("sys.stdin.isatty", lambda: at_terminal)
        return sora("setup", *words)

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The config file, which is not there yet."""
    return tmp_path / "config" / "sora-mcp" / "config.toml"


def read_keys(environ: dict[str, str]) -> dict[str, str]:
    return {name: key.reveal() for name, key in load(environ, today=date(2026, 11, 21)).keys.items()}


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


# Keys


@each(("status", "verdict"), [(200, "good"), (401, "bad"), (500, "unclear")])
async def test_a_key_is_tested_by_a_call_that_costs_nothing(status: int, verdict: str, said: dict[str, str]) -> None:
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


def test_a_key_is_kept_for_the_user_only_and_the_settings_find_it(setup: Setup, said: dict[str, str], config: Path) -> None:
    code, out, err = setup("pixazo", typed="k-12345\n")
    assert code == 0 and f"PIXAZO_API_KEY is stored in {config}, in plain text, because no open keychain was found.\n" in out
    assert "k-12345" not in out + err
    assert config.stat().st_mode & 0o777 == 0o600
    assert read_keys(said) == {"pixazo": "k-12345"}
    empty = {"PIXAZO_API_KEY": "", "MUVI_API_KEY": "${user_config.key}"}  # as clients leave what nobody filled in
    assert read_keys(said | empty) == {"pixazo": "k-12345"}


@each(
    ("old", "name", "new"),
    [
        ('# mine\ndaily_usd = 3\nPIXAZO_API_KEY = "old"\n', "PIXAZO_API_KEY", {"daily_usd": 3, "PIXAZO_API_KEY": "new"}),
        ('pixazo_api_key = "old"\ndaily_usd = 3\n', "PIXAZO_API_KEY", {"daily_usd": 3, "PIXAZO_API_KEY": "new"}),
        ('Pixazo-Api-Key = "old"\ndaily_usd = 3\n', "PIXAZO_API_KEY", {"daily_usd": 3, "PIXAZO_API_KEY": "new"}),
        ("'PIXAZO_API_KEY' = 'old'  # mine\ndaily_usd = 3\n", "PIXAZO_API_KEY", {"daily_usd": 3, "PIXAZO_API_KEY": "new"}),
        ('\ufeffPIXAZO_API_KEY = "old"\ndaily_usd = 3\n', "PIXAZO_API_KEY", {"daily_usd": 3, "PIXAZO_API_KEY": "new"}),
        ('compatible_api_key = "old"\n', "SORA_MCP_COMPATIBLE_API_KEY", {"SORA_MCP_COMPATIBLE_API_KEY": "new"}),
        ('sora-mcp-compatible-api-key = "old"\n', "SORA_MCP_COMPATIBLE_API_KEY", {"SORA_MCP_COMPATIBLE_API_KEY": "new"}),
    ],
)
def test_a_new_key_takes_the_place_of_the_old_however_that_is_spelt_and_of_nothing_else(
    old: str, name: str, new: dict[str, Any], said: dict[str, str], config: Path
) -> None:
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(old, "utf-8")
    keys.store_key(name, Secret("new"))
    text = config.read_text()
    assert (tomllib.loads(text), "# mine\n" in text) == (new, old.startswith("# mine\n"))
    if name == "PIXAZO_API_KEY":
        assert read_keys(said) == {"pixazo": "new"}


@each("ends", [True, False])
def test_who_gives_no_key_goes_on_with_free_clips(ends: bool, setup: Setup, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_: str) -> str:
        if ends:
            raise EOFError
        return ""

    monkeypatch.setattr("getpass.getpass", answer)
    code, out, _ = setup("pixazo", at_terminal=True)
    assert (code, "No key, so every video is a free sample clip." in out, "chat client" in out, config.exists()) == (0, True, True, False)


def test_who_has_keys_and_adds_none_is_told_where_videos_are_paid(setup: Setup, said: dict[str, str]) -> None:
    setup("pixazo", typed="k-12345\n")
    code, out, _ = setup(typed="\n", at_terminal=True)
    assert (code, "free sample clip" in out) == (0, False)
    assert "No key was added. There is one for Pixazo: videos are paid there." in out
    assert "  compatible  your own /v1/videos server, with a key of its own\n" in out


def test_a_server_of_ones_own_is_asked_for_its_address_before_its_key(setup: Setup, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = setup("compatible", typed="k-12345\n")
    assert (code, config.exists()) == (1, False)
    assert "No key was stored: it needs SORA_MCP_COMPATIBLE_BASE_URL, the address of your server, beside it." in out
    monkeypatch.setattr("getpass.getpass", lambda _: "k-12345")
    code, out, _ = setup("compatible", typed="nonsense\nhttps://gateway.example/v1\n", at_terminal=True)
    stored = tomllib.loads(config.read_text())
    assert (code, stored["SORA_MCP_COMPATIBLE_BASE_URL"]) == (0, "https://gateway.example/v1")
    assert stored["SORA_MCP_COMPATIBLE_API_KEY"] == "k-12345"


def test_after_a_key_that_cannot_be_one_it_is_asked_for_again(setup: Setup, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["with a blank", ""])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    code, out, _ = setup("pixazo", at_terminal=True)
    assert (code, list(typed), config.exists()) == (0, [], False)
    assert "No key, so every video is a free sample clip." in out and "No chat client was found." in out


def test_ctrl_c_says_whether_a_key_was_stored(setup: Setup, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("getpass.getpass", interrupt)
    code, out, _ = setup("pixazo", at_terminal=True)
    assert (code, out.splitlines()[-1], config.exists()) == (130, "Stopped. No key was stored.", False)
    monkeypatch.setattr("getpass.getpass", lambda _: "k-1")
    monkeypatch.setattr("sora_mcp.cli.setup.clients.find_clients", interrupt)
    code, out, _ = setup("pixazo", at_terminal=True)
    assert (code, out.splitlines()[-1], config.exists()) == (130, "Stopped. PIXAZO_API_KEY stays stored.", True)


@each("bad", ["", "with a blank", "k\u00e9y", "k" * 5000])
def test_a_key_that_cannot_be_one_is_refused_in_our_words(bad: str, setup: Setup, config: Path) -> None:
    code, out, _ = setup("pixazo", typed=bad + "\n")
    why = "PIXAZO_API_KEY must be a key without blanks, line ends or special characters.\nNo key was stored.\n"
    assert (code, out, config.exists()) == (1, why, False)


def test_a_vendor_that_nobody_knows_is_a_slip_of_the_keyboard(setup: Setup) -> None:
    code, _, err = setup("nobody", typed="k\n")
    assert (code, err.startswith("sora-mcp: VENDOR must be one of muvi, ")) == (2, True)
    code, out, _ = setup(typed="nobody\n\n", at_terminal=True)  # where it was asked for, it is asked for again
    assert (code, out.count("Vendor (leave empty"), "There is no vendor 'nobody'." in out) == (0, 2, True)


class Ring:
    """A keychain, or one that is locked."""

    def __init__(self, *, locked: bool = False) -> None:
        self.errors = SimpleNamespace(KeyringError=LookupError)
        self.kept: dict[str, str] = {}
        self.locked = locked

    def set_password(self, service: str, name: str, key: str) -> None:
        if self.locked:
            raise LookupError("locked")
        self.kept[name] = key

    def get_password(self, service: str, name: str) -> str | None:
        if self.locked:
            raise LookupError("locked")
        return self.kept.get(name)


def test_the_keychain_is_preferred_and_the_file_names_only_what_is_in_it(
    setup: Setup, said: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Ring())
    code, out, _ = setup("pixazo", typed="k-12345\n")
    assert code == 0 and "PIXAZO_API_KEY is stored in the keychain of this machine.\n" in out
    assert config.read_text() == 'keychain = "PIXAZO_API_KEY"\n'
    assert read_keys(said) == {"pixazo": "k-12345"}
    assert read_keys(said | {"PIXAZO_API_KEY": "mine"}) == {"pixazo": "mine"}
    keys.store_key("MULERUN_API_KEY", Secret("k-2"))
    assert read_keys(said) == {"pixazo": "k-12345", "mulerun": "k-2"}


def test_a_closed_keychain_is_passed_over_in_silence(setup: Setup, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Ring(locked=True))
    assert setup("pixazo", typed="k-12345\n").code == 0
    assert tomllib.loads(config.read_text()) == {"PIXAZO_API_KEY": "k-12345"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_key_for_which_there_is_no_folder_is_refused(setup: Setup, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.parent.parent.mkdir()
    config.parent.symlink_to(tmp_path / "gone")
    for ring in (None, Ring()):  # into the file, and into the keychain
        monkeypatch.setitem(sys.modules, "keyring", ring)
        code, out, err = setup("pixazo", typed="k-12345\n")
        assert (code, "is stored in" in out) == (2, False)
        assert err == (
            f"sora-mcp: {config} cannot be written (File exists), so the key is not stored. "
            "Make the folder writable, or set PIXAZO_API_KEY in the environment.\n"
        )


# Clients


def find_client(home: Path, title: str, text: str | None = None) -> clients.Client:
    """Return a client, whose file has this text where it has any."""
    client = next(client for client in clients.known_clients(home, {}, "linux") if client.title == title)
    if text is not None:
        client.file.parent.mkdir(parents=True, exist_ok=True)
        client.file.write_text(text, "utf-8")
    return client


@each("title", ["Claude Desktop", "Cursor", "VS Code", "Codex", "Gemini CLI", "Windsurf", "opencode", "Zed", "JetBrains"])
def test_an_empty_client_learns_of_the_server(tmp_path: Path, title: str) -> None:
    client = find_client(tmp_path, title)
    assert (clients.read_command(client), clients.write_entry(client, COMMAND), clients.read_command(client)) == (None, None, COMMAND)


def test_everything_else_in_the_file_stays_and_a_copy_is_kept(tmp_path: Path) -> None:
    before = {"theme": "ü", "mcpServers": {"other": {"command": "x"}, "sora": {"command": "old", "env": {"A": "b"}}}}
    client = find_client(tmp_path, "Cursor", json.dumps(before))
    copy = clients.write_entry(client, COMMAND)
    assert copy is not None
    assert json.loads(copy.read_text()) == before
    assert json.loads(client.file.read_text()) == {
        "theme": "ü",
        "mcpServers": {"other": {"command": "x"}, "sora": {"command": COMMAND[0], "args": [], "env": {"A": "b"}}},
    }


LOCAL, REMOTE = {"other": {"type": "local", "command": ["x"]}}, {"other": {"type": "remote", "url": "u"}}


@each(
    "before, after",
    [
        ({}, {"mcp": {"sora": "ours"}}),
        ({"mcp": LOCAL}, {"mcp": {**LOCAL, "sora": "ours"}}),
        ({"mcp": {"servers": REMOTE}}, {"mcp": {"servers": {**REMOTE, "sora": "ours"}}}),
        ({"mcp": {"servers": REMOTE["other"]}}, {"mcp": {"servers": REMOTE["other"], "sora": "ours"}}),
    ],
)
def test_opencode_has_the_command_in_one_list_where_its_version_looks_for_it(before: Any, after: Any, tmp_path: Path) -> None:
    """The shapes of https://opencode.ai/docs/mcp-servers/ of both versions; the second one reads the first's too."""
    client = find_client(tmp_path, "opencode", json.dumps({"$schema": "s", **before}))
    assert client.file == tmp_path / ".config" / "opencode" / "opencode.json"
    clients.write_entry(client, ["/a b/sora-mcp", "--home", "/h"])
    ours = {"type": "local", "command": ["/a b/sora-mcp", "--home", "/h"], "enabled": True}
    assert json.loads(client.file.read_text()) == json.loads(json.dumps({"$schema": "s", **after}).replace('"ours"', json.dumps(ours)))
    assert clients.read_command(client) == ["/a b/sora-mcp", "--home", "/h"]


def test_opencodes_file_with_comments_is_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.jsonc").write_text('{\n  // mine\n  "mcp": {},\n}')
    client = find_client(tmp_path, "opencode")
    with pytest.raises(clients.Unreadable):
        clients.write_entry(client, COMMAND)
    assert (client.file.name, [file.name for file in folder.iterdir()]) == ("opencode.jsonc", ["opencode.jsonc"])


def test_goose_is_set_up_by_a_person_and_read_by_us(setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shape of https://goose-docs.ai/docs/guides/config-files."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    client = find_client(tmp_path, "goose", before := "GOOSE_MODE: auto\nextensions:\n  developer:\n    type: builtin\n")
    code, out, _ = setup(typed="\ny\n", at_terminal=True)
    block = clients.format_entry(client, own_command())
    assert code == 0 and f"goose: put this into {client.file}:\n{block}\n" in out
    assert (client.file.read_text(), clients.read_command(client)) == (before, None)
    client.file.write_text(before + block.removeprefix("extensions:\n") + "\n")
    assert clients.read_command(client) == own_command()
    code, out, _ = setup(typed="\n")
    assert code == 0 and "goose: already starts this server.\n" in out


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
    assert clients.read_command(find_client(tmp_path, "goose", text)) == command


@each("text", ["extensions: {sora: {cmd: x}}\n", "extensions:\n  a: 1\nextensions:\n  b: 1\n", "extensions: &x\n  sora:\n    cmd: y\n"])
def test_extensions_of_goose_in_another_form_are_unreadable(text: str, tmp_path: Path) -> None:
    with pytest.raises(clients.Unreadable):
        clients.read_command(find_client(tmp_path, "goose", text))


def test_a_toml_file_keeps_its_comments(tmp_path: Path) -> None:
    before = '# mine\nmodel = "x"\n[mcp_servers.other]\ncommand = "y"'
    client = find_client(tmp_path, "Codex", before)
    clients.write_entry(client, COMMAND)
    text = client.file.read_text()
    assert text.startswith(f"{before}\n\n[mcp_servers.sora]\n")
    assert set(tomllib.loads(text)["mcp_servers"]) == {"other", "sora"}
    with pytest.raises(clients.Unreadable):
        clients.write_entry(client, ["another"])


def test_a_toml_file_with_a_byte_order_mark_is_written(tmp_path: Path) -> None:
    client = find_client(tmp_path, "Codex", '\ufeffmodel = "x"\n')
    clients.write_entry(client, COMMAND)
    assert (clients.read_command(client), tomllib.loads(client.file.read_text("utf-8"))["model"]) == (COMMAND, "x")


@each("name", ["url", "serverUrl", "httpUrl"])
def test_a_client_that_connects_to_us_by_an_address_is_left_alone(name: str, setup: Setup, sora: Sora) -> None:
    content = json.dumps({"mcpServers": {"sora": {name: "http://127.0.0.1:8000/mcp"}}})
    client = find_client(Path.home(), "Cursor", content)
    code, out, _ = setup(typed="\ny\n", at_terminal=True)
    assert code == 0 and "Cursor: already connects to this server by its address.\n" in out
    assert "ok    Cursor: connects to this server by its address\n" in sora("doctor").out
    assert client.file.read_text() == content


def test_claude_code_is_not_told_again_what_it_knows(setup: Setup) -> None:
    _, out, _ = setup(typed="\n", at_terminal=True)
    assert "Claude Code" not in out
    entry = {"command": own_command()[0], "args": own_command()[1:]}
    find_client(Path.home(), "Claude Code", json.dumps({"mcpServers": {"sora": entry}}))
    code, out, _ = setup(typed="\n", at_terminal=True)
    assert (code, "Claude Code: already starts this server.\n" in out, "claude mcp add" in out) == (0, True, False)


@each("entry", [5, [], "x", {"command": "x", "args": 5}, {"command": 5}, {"args": []}, {"url": 5}])
def test_an_entry_of_ours_in_a_strange_form_is_named_as_one(entry: Any, said: dict[str, str]) -> None:
    client = find_client(Path.home(), "Cursor", json.dumps({"mcpServers": {"sora": entry}}))
    with pytest.raises(clients.Unreadable, match="an entry named sora in an unknown form"):
        clients.read_command(client)
    findings = check_all(load(said, today=date(2026, 11, 21)), offline=True)
    assert f"Cursor: {client.file} has an entry named sora in an unknown form" in [
        found.text for found in findings if found.verdict == "note"
    ]


@each("content", ["{", "// mine\n{}", "[]", '{"mcpServers": []}', "\x00"])
def test_a_file_that_is_not_understood_is_never_written_over(tmp_path: Path, content: str) -> None:
    client = find_client(tmp_path, "Cursor", content)
    with pytest.raises(clients.Unreadable):
        clients.write_entry(client, COMMAND)
    assert [(path.name, path.read_text()) for path in client.file.parent.iterdir()] == [("mcp.json", content)]


@each(
    "title, content",
    [("Cursor", "{"), ("Codex", "mcp_servers = 5"), ("Zed", '// mine\n{"theme": "One",}'), ("goose", "extensions: {a: 1}\n")],
)
def test_where_a_file_cannot_be_read_the_entry_to_paste_is_printed_and_the_file_stays(
    title: str, content: str, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path.home() / ".config"))
    client = find_client(Path.home(), title, content)
    code, out, _ = setup(typed="\ny\n", at_terminal=True)
    assert code == 0 and f"{title}: {client.file} " in out and ", so nothing was written.\n" in out
    assert f"{title}: put this into {client.file}:\n{clients.format_entry(client, own_command())}\n" in out
    assert (client.file.read_text(), [file.name for file in client.file.parent.iterdir()]) == (content, [client.file.name])


def test_jetbrains_is_known_by_the_folder_of_its_agent(tmp_path: Path) -> None:
    client = find_client(tmp_path, "JetBrains")
    assert not client.is_here
    (tmp_path / ".junie").mkdir()
    assert client.is_here
    clients.write_entry(client, COMMAND)
    assert json.loads((tmp_path / ".junie" / "mcp" / "mcp.json").read_text())["mcpServers"]["sora"]["command"] == COMMAND[0]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    client = find_client(tmp_path, "Cursor")
    client.file.parent.mkdir()
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    client.file.symlink_to(real)
    clients.write_entry(client, COMMAND)
    assert (client.file.is_symlink(), json.loads(real.read_text())["mcpServers"]["sora"]["command"]) == (True, COMMAND[0])


def test_where_nobody_is_asked_the_block_is_printed_and_only_a_persons_yes_has_it_written(setup: Setup, tmp_path: Path) -> None:
    (folder := tmp_path / ".cursor").mkdir()
    code, out, _ = setup()
    assert code == 0 and f"Cursor: put this into {folder / 'mcp.json'}:\n{{" in out
    assert list(folder.iterdir()) == []
    code, out, _ = setup(typed="\ny\n", at_terminal=True)
    assert code == 0 and "\n  fal         https://fal.ai/dashboard/keys\n" in out
    assert list(json.loads((folder / "mcp.json").read_text())["mcpServers"]) == ["sora"]
