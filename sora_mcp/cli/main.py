"""The command line: what can be asked, with which settings, and how it ends."""

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
from sora_mcp.config.logging import log_to_stderr
from sora_mcp.config.rows import BadSetting
from sora_mcp.config.settings import FLAGS, Settings, load
from sora_mcp.domain.errors import SoraError

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
MOST_LISTED = 100
DESCRIPTION = "Make videos from a chat. Without a command it is an MCP server on stdio, to be started by an MCP client."


def _month(text: str) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise argparse.ArgumentTypeError("a month is written as 2026-11")
    return text


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= MOST_LISTED:
        raise argparse.ArgumentTypeError(f"a number from 1 to {MOST_LISTED}")
    return int(text)


@dataclass(frozen=True)
class Command:
    """One word of the command line, and the room that answers it."""

    name: str
    room: str
    says: str
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    one_of: tuple[str, ...] = ()
    """Of these arguments exactly one is given."""


STDIO = Command("stdio", "cli.stdio", "")
COMMANDS = (
    Command(
        "serve",
        "cli.serve",
        "MCP server on streamable HTTP at /mcp",
        {
            "--host": {"default": "127.0.0.1", "help": "default: 127.0.0.1; others than the loopback need both of the next two"},
            "--port": {"type": _port, "default": 8000, "help": "default: 8000"},
            "--token-file": {
                "metavar": "PATH",
                "help": "who may come in: a line `name:token` for each, the name being whose jobs they are",
            },
            "--allowed-host": {"action": "append", "default": [], "metavar": "HOST:PORT", "help": "how clients address it; repeatable"},
            "--allowed-origin": {"action": "append", "default": [], "metavar": "ORIGIN", "help": "web page that may call it; repeatable"},
        },
    ),
    Command("demo", "cli.demo", "make one free sample clip, the way a real one is made", {"prompt": {"nargs": "*", "metavar": "PROMPT"}}),
    Command(
        "watch",
        "cli.demo",
        "finish jobs without a client",
        {"--until-idle": {"action": "store_true", "help": "end when nothing is left to do"}},
    ),
    Command("jobs", "cli.jobs", "what was made", {"--limit": {"type": _count, "default": 20, "help": "how many, newest first"}}),
    Command("show", "cli.jobs", "everything about one job", {"job": {"metavar": "JOB"}}),
    Command("spend", "cli.jobs", "what it cost", {"month": {"nargs": "?", "type": _month, "metavar": "YYYY-MM"}}),
    Command(
        "gallery",
        "cli.gallery.build",
        "one page with every video, beside the files",
        {"--no-open": {"action": "store_true", "help": "write it only"}},
    ),
    Command("approve", "cli.approve", "say yes to a quote, outside of the chat", {"quote": {"metavar": "QUOTE"}}),
    Command(
        "resolve",
        "cli.resolve",
        "say what became of a job whose submission is unclear",
        {
            "job": {"metavar": "JOB"},
            "--adopt": {"metavar": "VENDOR_ID", "help": "it is this job at the vendor: follow it"},
            "--charged": {"action": "store_true", "help": "it was charged, and there is no video"},
            "--not-charged": {"action": "store_true", "help": "it was not charged: free its money"},
        },
        one_of=("--adopt", "--charged", "--not-charged"),
    ),
    Command("resume", "cli.resolve", "buy a model again that cost more than was quoted", {"model": {"metavar": "MODEL"}}),
    Command(
        "vendors",
        "cli.vendors",
        "features and prices of every model",
        {"--markdown": {"action": "store_true", "help": "as the README has it"}},
    ),
    Command(
        "setup",
        "cli.setup.wizard",
        "store a key, test it for free, and tell the chat clients found here of the server",
        {"vendor": {"nargs": "?", "metavar": "VENDOR", "help": "whose key; asked for when left out"}},
    ),
    Command("doctor", "cli.doctor", "check folders, keys, clients, clock and media; say what to fix"),
)


def run(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> int:
    """The exit code. 2 for a command line or a setting that cannot be, 1 for a refusal."""
    _speak()
    arguments = parser().parse_args(argv) if argv else argparse.Namespace(command=None)  # a client that starts it waits for no parser
    command = next((command for command in COMMANDS if command.name == arguments.command), STDIO)
    try:
        settings = load(os.environ if environ is None else environ, flags_of(arguments), today=date.today())
        log_to_stderr(settings)
        code = _entry(command)(settings, arguments)
        sys.stdout.flush()
        return code
    except BadSetting as error:
        return _end(str(error), MISUSED)
    except (SoraError, BaseExceptionGroup) as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        return _end(refusal.message, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _fall_silent()  # who read us has seen enough, as `head` does
        return DONE
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        _fall_silent()
        return _end(f"there is no room for what it says ({error.strerror}); what was done is done.", FAILED)


def _speak() -> None:
    """Makes standard input and output ones that can be used: a closed one is empty, and a letter that it does not have is escaped."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # `<&-`: without this the next file that is opened would get its number
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for as long as the process lives
    cast(io.TextIOWrapper, sys.stdout).reconfigure(errors="backslashreplace")


def _fall_silent() -> None:
    """What still waits to be said is lost, without a word at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def parser() -> argparse.ArgumentParser:
    """Every command takes every setting as a flag."""
    settings = _settings_flags()
    top = argparse.ArgumentParser(prog="sora-mcp", description=DESCRIPTION, parents=[settings], allow_abbrev=False)
    top.add_argument("--version", action="version", version=__version__)
    words = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in COMMANDS:
        word = words.add_parser(command.name, help=command.says, description=command.says, parents=[settings], allow_abbrev=False)
        choice = word.add_mutually_exclusive_group(required=True) if command.one_of else word
        for name, options in command.arguments.items():
            (choice if name in command.one_of else word).add_argument(name, **options)
    return top


def flags_of(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the settings that were given as flags, by their names without the prefix."""
    return {row.name: value for row in FLAGS if (value := getattr(arguments, row.name, None)) is not None}


def _settings_flags() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    group = parent.add_argument_group("settings", "Each is also an environment variable: SORA_MCP_DAILY_USD for --daily-usd.")
    for row in FLAGS:
        text = f"{row.help} (default: {row.default_text})".replace("%", "%%").replace("`", "")
        group.add_argument(row.flag, dest=row.name, metavar=row.name.rpartition("_")[2], help=text)
    return parent


def _entry(command: Command) -> Callable[[Settings, argparse.Namespace], int]:
    """The command's function, in its own room, which is imported only now. What was loaded till then stays, and is never looked through."""
    room = importlib.import_module(f"sora_mcp.{command.room}")
    gc.freeze()
    gc.enable()
    return getattr(room, command.name)


def _refusal(error: BaseException) -> SoraError | None:
    """The first refusal inside of what a task group raised. None is a fault of ours."""
    if isinstance(error, SoraError):
        return error
    if not isinstance(error, BaseExceptionGroup):
        return None
    inner = cast("BaseExceptionGroup[BaseException]", error).exceptions
    return next((found for each in inner if (found := _refusal(each)) is not None), None)


def _end(why: str, code: int) -> int:
    print(f"sora-mcp: {why}", file=sys.stderr)
    return code
