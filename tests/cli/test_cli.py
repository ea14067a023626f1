"""The command line, as somebody types it."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.house import ROOT
from sora_mcp import __version__
from sora_mcp.cli import main as cli
from sora_mcp.cli import parser
from sora_mcp.config.logging import Redacting
from sora_mcp.config.settings import FLAGS
from sora_mcp.domain.errors import NotFound
from sora_mcp.domain.secret import Secret
from sora_mcp.store import Store
from tests.each import each
from tests.waiting import PATIENCE_S

from ..stored import CAPS, purchase
from .conftest import Sora, await_yes, is_approved

WITH_WORDS = {
    "show": ["v_1"],
    "fetch": ["v_1"],
    "delete": ["v_1"],
    "approve": ["q_1"],
    "resolve": ["v_1", "--charged"],
    "resume": ["muvi:sora-2"],
}
"""Commands that need more than their name."""

# Settings and the way it ends


def test_every_setting_is_a_flag_of_every_command() -> None:
    words = [
        [],
        *([command.name] for command in parser.COMMANDS if command.name not in WITH_WORDS),
        *([name, *words] for name, words in WITH_WORDS.items()),
    ]
    flags = [word for row in FLAGS for word in (row.flag, "7")]
    for word in words:
        given = parser.read_flags(parser.parse_arguments([*word, *flags]))
        assert given == {row.variable.removeprefix("SORA_MCP_"): "7" for row in FLAGS}


def test_a_flag_may_stand_before_the_command_too() -> None:
    arguments = parser.parse_arguments(["--daily-usd", "5", "jobs", "--monthly-usd=50"])
    assert (arguments.command, parser.read_flags(arguments)) == ("jobs", {"DAILY_USD": "5", "MONTHLY_USD": "50"})


def test_a_bad_setting_ends_with_two_and_one_line_that_names_it(sora: Sora, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    jobs, home = sora("jobs", SORA_MCP_DAILY_USD="s3cr3t"), sora("jobs", "--home", str(tmp_path / "file" / "home"))
    assert jobs == (2, "", "sora-mcp: SORA_MCP_DAILY_USD must be an amount of dollars such as 10 or 2.50.\n")
    assert home == (2, "", "sora-mcp: SORA_MCP_HOME must be a path of a folder.\n")
    assert sora(SORA_MCP_POLL_SECONDS="s3cr3t") == (2, "", "sora-mcp: SORA_MCP_POLL_SECONDS must be a number of seconds above 0.\n")


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux has a folder in which nobody can make one")
def test_a_home_that_cannot_be_made_is_told_in_a_sentence(sora: Sora) -> None:
    told = "The store's folder /proc/foo cannot be made (No such file or directory). Set SORA_MCP_HOME to another one."
    assert sora("jobs", "--home", "/proc/foo") == (1, "", f"sora-mcp: {told}\n")


def test_a_refusal_ends_with_one_and_one_line(sora: Sora) -> None:
    ended = sora("show", "v_0000000000")
    assert (ended.code, ended.out, ended.err.count("\n"), ended.err[:10]) == (1, "", 1, "sora-mcp: ")


def test_a_refusal_inside_of_a_task_group_is_still_one_line() -> None:
    group = BaseExceptionGroup("both", [ValueError("mine"), ExceptionGroup("inner", [NotFound("There is none.")])])
    assert cli._find_refusal(group) == group.exceptions[1].exceptions[0]  # type: ignore[attr-defined]
    assert cli._find_refusal(ExceptionGroup("faults", [ValueError("mine")])) is None


CANNOT_BE = (
    "spend 2026-13",
    "spend november",
    "serve --port 0",
    "serve --port x",
    "jobs --limit 0",
    "nothing",
    "--pixazo-api-key abc jobs",
)


@each("line", CANNOT_BE)
def test_a_command_line_that_cannot_be_ends_with_two(line: str, sora: Sora) -> None:
    assert sora(*line.split())[:2] == (2, "")


@each(
    ("line", "error"),
    [
        ("jobs --limit 0", "sora-mcp: argument --limit: must be a number from 1 to 100\nusage: sora-mcp jobs [settings] [--limit LIMIT]"),
        ("show", "sora-mcp: the following arguments are required: JOB\nusage: sora-mcp show [settings] JOB"),
        ("jbos", "sora-mcp: 'jbos' is not a command. Did you mean jobs?\nusage: sora-mcp [settings] COMMAND …"),
        ("spend --bye=day", "sora-mcp: there is no argument '--bye' here. Did you mean --by?\nusage: sora-mcp spend [settings]"),
        ("jobs --dayly-usd 3", "sora-mcp: there is no argument '--dayly-usd' here. Did you mean --daily-usd?\nusage: sora-mcp jobs"),
        ("resolve v_1", "sora-mcp: one of the arguments --adopt --charged --not-charged is required\nusage: sora-mcp resolve [settings] ("),
    ],
)
def test_a_wrong_word_is_told_in_the_error_a_line_of_usage_and_where_to_read_on(line: str, error: str, sora: Sora) -> None:
    said = sora(*line.split()).err
    command = line.split()[0] if line != "jbos" else ""
    assert said.startswith(error), said
    assert said.endswith(f"\nSee {' '.join(['sora-mcp', command]).strip()} --help.\n") and said.count("\n") == 3


def test_the_help_of_all_begins_with_the_commands_and_groups_the_settings(sora: Sora) -> None:
    code, out, _ = sora("--help")
    headings = [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert (code, headings) == (0, ["commands:", "settings:", "settings of serve:", "addresses of vendors:", "more:"])
    assert [row.flag for row in FLAGS if f"  {row.flag} " not in out] == []
    assert "AI/ML API's API" not in out and "below" not in out


def test_the_help_of_a_command_has_its_own_arguments_and_says_where_the_settings_stand(sora: Sora) -> None:
    code, out, _ = sora("tidy", "--help")
    assert (code, len(out.splitlines()), "--daily-usd" in out) == (0, 5, False)
    assert out.splitlines()[-1] == "Every setting in `sora-mcp --help` is a flag of this command too."


def test_the_version_is_the_packages(sora: Sora) -> None:
    assert sora("--version") == (0, f"{__version__}\n", "")


# The log


def log_line(formatter: Redacting, trouble: str, message: str, argument: str) -> str:
    """Return a line of the log, with the traceback of a ValueError."""
    try:
        raise ValueError(trouble)
    except ValueError:
        return formatter.format(logging.LogRecord("x", logging.ERROR, __file__, 1, message, (argument,), sys.exc_info()))


def test_a_key_is_in_no_line_of_the_log() -> None:
    text = log_line(Redacting([Secret("k-123"), Secret("k-456")]), "with k-456 inside", "a %s b", "k-123")
    assert ("a *** b" in text, "with *** inside" in text, "k-" in text) == (True, True, False)


def test_no_control_character_gets_to_the_terminal_and_no_line_is_forged() -> None:
    evil = "\x1b]0;pwned\x07\x1b[2J\x9b2J\u202e\r\n2026-01-01 ERROR forged"
    text = log_line(Redacting([]), evil.replace("\n", ""), "Invalid Host header: %s", evil)
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    first, *traceback = text.splitlines()
    assert first.endswith(r"Invalid Host header: \x1b]0;pwned\x07\x1b[2J\x9b2J\u202e\r\n2026-01-01 ERROR forged")
    assert traceback[0].startswith("Traceback") and len(traceback) == 4


def test_the_log_goes_to_stderr_at_its_level_and_names_no_addresses(sora: Sora, capsys: pytest.CaptureFixture[str]) -> None:
    assert sora("vendors", SORA_MCP_LOG="info", MUVI_API_KEY="k-123").code == 0
    logging.getLogger("sora_mcp.x").info("the key is k-123")
    logging.getLogger("httpx2").info("GET https://somewhere")
    assert re.fullmatch(r"\S+ \S+ INFO sora_mcp\.x: the key is \*\*\*\n", capsys.readouterr().err)


# What a terminal may be


def in_a_shell(line: str, said: dict[str, str], **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A command as a shell runs it. `sora` is the program."""
    everything = {**os.environ, **said, "PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(
        ["sh", "-c", line.replace("sora", f"{sys.executable} -m sora_mcp", 1)], env=everything, capture_output=True, timeout=PATIENCE_S
    )


def test_who_stops_reading_ends_the_command_in_peace(said: dict[str, str]) -> None:
    environ = {**os.environ, **said, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "sora_mcp", "vendors"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert (command.wait(timeout=PATIENCE_S), command.stderr.read()) == (0, b"")


@pytest.fixture
def quote(store: Store) -> str:
    """A quote in a store whose prompts have letters that few terminals have."""
    store.reservations.reserve.sync(purchase(prompt="木 ж 😀"), CAPS)
    return await_yes(store, prompt="木 ж 😀")


@pytest.mark.usefixtures("without_terminal")
@each(("encoding", "command"), [("ascii", "jobs"), ("latin-1:strict", "approve {quote}")])
def test_letters_that_the_terminal_does_not_have_are_escaped(
    encoding: str, command: str, said: dict[str, str], store: Store, quote: str
) -> None:
    ended = in_a_shell(f"sora {command} </dev/null".format(quote=quote), said, PYTHONIOENCODING=encoding)
    assert (ended.returncode, ended.stderr, rb"\u6728 \u0436 \U0001f600" in ended.stdout) == (0, b"", True)
    assert is_approved(store, quote) == command.startswith("approve")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes them")
@pytest.mark.usefixtures("without_terminal")
@each(("closed", "command"), [("<&- >&-", "setup"), ("<&- >&- 2>&-", "approve {quote}")])
def test_a_closed_stream_is_an_empty_one(closed: str, command: str, said: dict[str, str], store: Store, quote: str) -> None:
    ended = in_a_shell(f"sora {command} {closed}".format(quote=quote), said)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert is_approved(store, quote) == command.startswith("approve")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_what_cannot_be_written_for_want_of_room_is_one_line(said: dict[str, str]) -> None:
    ended = in_a_shell("sora vendors >/dev/full", said)
    assert (ended.returncode, ended.stderr.decode().splitlines()) == (
        1,
        ["sora-mcp: the output could not be written (No space left on device); the command itself was carried out."],
    )


# What is not loaded


def run_code(code: str) -> str:
    """Return what a fresh process prints that runs this code."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout


def test_the_stdio_server_imports_nothing_of_the_terminal() -> None:
    code = "import sys, sora_mcp.cli.main, sora_mcp.cli.stdio; print([name for name in sys.modules if name.split('.')[0] == 'rich'])"
    assert run_code(code) == "[]\n"


LATE = """
import importlib.metadata
from sora_mcp.cli.deferred_models import defer_models
defer_models()
importlib.metadata.entry_points = None  # a search for plugins of pydantic would call it
from mcp_types import Tool, client_request_adapter
print(Tool.__pydantic_complete__, client_request_adapter.pydantic_complete)
request = client_request_adapter.validate_python({"method": "tools/call", "params": {"name": "list_sizes"}})
print(type(request).__name__, request.params.name, client_request_adapter.pydantic_complete)
"""


def test_models_and_adapters_of_the_sdk_are_built_at_their_first_use() -> None:
    """Pydantic has no documented switch for adapters."""
    assert run_code(LATE) == "False False\nCallToolRequest list_sizes True\n"
