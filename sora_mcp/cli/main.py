"""Parse the command line, load the settings, and run one command."""

from __future__ import annotations

import argparse
import errno
import gc
import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from sora_mcp import __version__
from sora_mcp.cli.program_path import describe_program
from sora_mcp.config.logging import log_to_stderr
from sora_mcp.config.setting import BadSetting
from sora_mcp.config.settings import FLAGS, Settings, load
from sora_mcp.config.tracing import start_tracing
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.terminal_command import started_as

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
MOST_LISTED = 100
TRACED = ("stdio", "serve", "watch")
"""Commands that go on for a while; the others would end before a trace is sent."""
DESCRIPTION = "Make videos from a chat. Without a command it is an MCP server on stdio, to be started by an MCP client."


def _parse_month(text: str) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise argparse.ArgumentTypeError("write a month as 2026-11")
    return text


def _parse_port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("must be a number from 1 to 65535")
    return int(text)


def _parse_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= MOST_LISTED:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {MOST_LISTED}")
    return int(text)


@dataclass(frozen=True)
class Command:
    """One command, and the module that has a function of its name."""

    name: str
    module: str
    help: str
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    one_of: tuple[str, ...] = ()
    """Exactly one of these arguments is required."""


STDIO = Command("stdio", "cli.stdio", "")
COMMANDS = (
    Command(
        "serve",
        "cli.serve",
        "MCP server on streamable HTTP at /mcp",
        {
            "--host": {
                "default": "127.0.0.1",
                "help": "default: 127.0.0.1; any other needs --token-file or --issuer, and --allowed-host or --public-url",
            },
            "--port": {"type": _parse_port, "default": 8000, "help": "default: 8000"},
            "--token-file": {
                "metavar": "PATH",
                "help": "users: a line `name:token` for each",
            },
            "--allowed-host": {
                "action": "append",
                "default": [],
                "metavar": "HOST:PORT",
                "help": "host and port that clients use; repeatable",
            },
            "--sessions": {
                "metavar": "KIND",
                "choices": ("stateless", "sticky"),
                "help": "stateless: replicas take turns; default with PostgreSQL. sticky: a client stays with its process; default else",
            },
            "--allowed-origin": {
                "action": "append",
                "default": [],
                "metavar": "ORIGIN",
                "help": "origin of a web page that may call the server; repeatable",
            },
        },
    ),
    Command(
        "demo",
        "cli.demo",
        "make one free sample clip, the way a paid one is made, and show it",
        {"prompt": {"nargs": "*", "metavar": "PROMPT"}, "--no-open": {"action": "store_true", "help": "do not open it"}},
    ),
    Command(
        "watch",
        "cli.demo",
        "finish jobs without a client",
        {"--until-idle": {"action": "store_true", "help": "exit when nothing is left to do"}},
    ),
    Command(
        "jobs",
        "cli.jobs",
        "list jobs",
        {"--limit": {"type": _parse_count, "default": 20, "help": "number of jobs, newest first (default: 20)"}},
    ),
    Command("show", "cli.jobs", "show everything about one job", {"job": {"metavar": "JOB"}}),
    Command(
        "spend",
        "cli.jobs",
        "show what was spent",
        {
            "month": {"nargs": "?", "type": _parse_month, "metavar": "YYYY-MM"},
            "--by": {"choices": ("day", "person", "team"), "default": "day", "help": "a line for each day and model, person or team"},
        },
    ),
    Command(
        "budget",
        "cli.budget",
        "show or change what people, teams and all together may spend",
        {
            "account": {"nargs": "?", "metavar": "ACCOUNT", "help": "all, team:NAME, person:ID; team:* and person:* for all others"},
            "--per-video": {"metavar": "USD", "help": "most that one video may cost, none, or default"},
            "--day": {"metavar": "USD", "help": "most that a day may cost, none, or default"},
            "--month": {"metavar": "USD", "help": "most that a month may cost, none, or default"},
            "--confirm-above": {"metavar": "USD", "help": "price of one call above which a person must approve, none, or default"},
            "--load": {"metavar": "FILE", "help": "take the limits of a TOML file; what it does not name stays"},
        },
    ),
    Command(
        "people",
        "cli.people",
        "list who called the server, or put somebody into a team",
        {
            "person": {"nargs": "?", "metavar": "PERSON", "help": "id, e-mail address or name"},
            "--team": {"metavar": "NAME", "help": "the team that pays besides, or none"},
        },
    ),
    Command(
        "gallery",
        "cli.gallery.build",
        "write a page of all videos, beside the files, and open it",
        {"--no-open": {"action": "store_true", "help": "do not open it"}},
    ),
    Command("approve", "cli.approve", "approve a quote outside the chat", {"quote": {"metavar": "QUOTE"}}),
    Command("fetch", "cli.fetch", "fetch the file of a paid job again that ended without it", {"job": {"metavar": "JOB"}}),
    Command(
        "resolve",
        "cli.resolve",
        "settle a job that may have been charged or not",
        {
            "job": {"metavar": "JOB"},
            "--adopt": {"metavar": "VENDOR_ID", "help": "the vendor has it under this id: follow it"},
            "--charged": {"action": "store_true", "help": "it was charged, and there is no video"},
            "--not-charged": {"action": "store_true", "help": "it was not charged: release the money"},
        },
        one_of=("--adopt", "--charged", "--not-charged"),
    ),
    Command(
        "forget",
        "cli.forget",
        "buy again with a new store, and forget what this month's lost one had spent",
    ),
    Command("delete", "cli.delete", "delete the file of a job for good; the job and what it cost stay", {"job": {"metavar": "JOB"}}),
    Command("tidy", "cli.delete", "delete files in the bucket that no job names, after a yes"),
    Command("resume", "cli.resolve", "allow a model again that cost more than was quoted", {"model": {"metavar": "MODEL"}}),
    Command(
        "vendors",
        "cli.vendors",
        "list features and prices of every model",
        {"--markdown": {"action": "store_true", "help": "as a Markdown table"}},
    ),
    Command(
        "setup",
        "cli.setup.wizard",
        "store and test a key, and add the server to the chat clients found here",
        {"vendor": {"nargs": "?", "metavar": "VENDOR", "help": "vendor of the key; asked for when left out"}},
    ),
    Command(
        "doctor",
        "cli.doctor",
        "check settings, folders, network, keys, clients, clock and media, and say what to fix",
        {"--offline": {"action": "store_true", "help": "ask no vendor: leave out the tests of the keys and of the way of a file"}},
    ),
)


def run(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> int:
    """Run a command and return the exit code: 2 for an unusable command line or setting, 1 for a refusal."""
    _prepare_streams()
    arguments = (
        build_parser().parse_args(argv) if argv else argparse.Namespace(command=None)
    )  # a client that starts the server does not wait for a parser
    command = next((command for command in COMMANDS if command.name == arguments.command), STDIO)
    try:
        settings = load(os.environ if environ is None else environ, read_flags(arguments), today=date.today())
        log_to_stderr(settings)
        if command.name in TRACED:
            start_tracing(os.environ, version=__version__)  # whose variables the SDK reads by itself
        with started_as(describe_program(settings)):
            code = _load_command(command)(settings, arguments)
        sys.stdout.flush()
        return code
    except BadSetting as error:
        return _fail(str(error), MISUSED)
    except (SoraError, BaseExceptionGroup) as error:
        refusal = _find_refusal(error)
        if refusal is None:
            raise
        return _fail(refusal.message, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()  # the reader has seen enough, as `head` does
        return DONE
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        _discard_output()
        return _fail(f"the output could not be written ({error.strerror}); the command itself was carried out.", FAILED)


def _prepare_streams() -> None:
    """Prepare the standard streams: open closed ones on the null device, and escape what the encoding of stdout lacks."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # `<&-`: otherwise the next file that is opened would get its number
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for as long as the process lives
    cast(io.TextIOWrapper, sys.stdout).reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Discard buffered output, so that the exit prints no error about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser. Every command takes every setting as a flag."""
    settings = _build_flags()
    top = argparse.ArgumentParser(prog="sora-mcp", description=DESCRIPTION, parents=[settings], allow_abbrev=False)
    top.add_argument("--version", action="version", version=__version__)
    words = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in COMMANDS:
        word = words.add_parser(command.name, help=command.help, description=command.help, parents=[settings], allow_abbrev=False)
        choice = word.add_mutually_exclusive_group(required=True) if command.one_of else word
        for name, options in command.arguments.items():
            (choice if name in command.one_of else word).add_argument(name, **options)
    return top


def read_flags(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the settings that were given as flags, by their names without the prefix."""
    return {row.name: value for row in FLAGS if (value := getattr(arguments, row.name, None)) is not None}


def _build_flags() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    group = parent.add_argument_group("settings", "Each is also an environment variable: SORA_MCP_DAILY_USD for --daily-usd.")
    for row in FLAGS:
        seen = f"; with a password, set {row.variable} instead: others on this machine see flags" if row.secret else ""
        text = f"{row.help}{seen} (default: {row.default_text})".replace("%", "%%").replace("`", "")
        group.add_argument(row.flag, dest=row.name, metavar=row.name.rpartition("_")[2], help=text)
    return parent


def _load_command(command: Command) -> Callable[[Settings, argparse.Namespace], int]:
    """Import the command's module and return its function. What was loaded until then is kept out of garbage collection."""
    module = importlib.import_module(f"sora_mcp.{command.module}")
    gc.freeze()
    gc.enable()
    return getattr(module, command.name)


def _find_refusal(error: BaseException) -> SoraError | None:
    """Return the first refusal inside the exception of a task group, None for a bug of ours."""
    if isinstance(error, SoraError):
        return error
    if not isinstance(error, BaseExceptionGroup):
        return None
    inner = cast("BaseExceptionGroup[BaseException]", error).exceptions
    return next((found for each in inner if (found := _find_refusal(each)) is not None), None)


def _fail(reason: str, code: int) -> int:
    print(f"sora-mcp: {reason}", file=sys.stderr)
    return code
