"""Declare the commands, and parse the command line."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from sora_mcp import __version__
from sora_mcp.cli.wrapping import wrap_text
from sora_mcp.config.setting import Setting
from sora_mcp.config.settings import ADDRESSES, FLAGS, SERVE_SETTINGS
from sora_mcp.domain.terminal_command import NAME

MISUSED = 2
MOST_LISTED = 100
DESCRIPTION = "Make videos from a chat. Without a command it is an MCP server on stdio, to be started by an MCP client."
TAKES_SETTINGS = f"Every setting in `{NAME} --help` is a flag of this command too."
SETTINGS_WORD = " [settings]"
OF_EVERY_COMMAND = (
    "Flags of every command, before or after its name. Each is also an environment variable: SORA_MCP_DAILY_USD for --daily-usd."
)


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
        "list features and prices of every model, or show one whole",
        {
            "model": {"nargs": "?", "metavar": "MODEL", "help": "vendor:model, or a part of it"},
            "--markdown": {"action": "store_true", "help": "as a Markdown table"},
        },
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


class Parser(argparse.ArgumentParser):
    """A parser whose errors are the error, its usage, and where to read more."""

    def error(self, message: str) -> NoReturn:
        """Exit with the error in a few lines."""
        usage = " ".join(self.format_usage().split())
        lines = (f"{NAME}: {message}", usage, f"See {self.prog.removesuffix(SETTINGS_WORD)} --help.")
        self.exit(MISUSED, "".join(f"{wrap_text(line, sys.stderr)}\n" for line in lines))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a word that is none of the choices, with the one that may be meant. argparse would list all commands."""
        if action.choices is not None and value not in action.choices:
            if action.dest != "command":
                return super()._check_value(action, value)
            raise argparse.ArgumentError(None, f"{value!r} is not a command.{_suggest(value, action.choices)}")
        return None


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of a command line. Exit with 2 for one that cannot be, with 0 after help and version."""
    top, words = build_parsers()
    arguments, unknown = top.parse_known_args(argv)
    if unknown:
        parser, flag = words.get(arguments.command, top), unknown[0].partition("=")[0]
        own = [name for command in COMMANDS if command.name == arguments.command for name in command.arguments]
        known = [*own, *(row.flag for row in FLAGS)]
        parser.error(f"there is no argument {flag!r} here.{_suggest(flag, known)}")
    return arguments


def _suggest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def build_parsers() -> tuple[Parser, dict[str, Parser]]:
    """Return the parser, and that of each command. Every command takes every setting as a flag, which only the help of all shows."""
    top = Parser(prog=NAME, usage=f"{NAME}{SETTINGS_WORD} COMMAND …", description=DESCRIPTION, add_help=False, allow_abbrev=False)
    words = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    found = dict[str, Parser]()
    for command in COMMANDS:
        word = words.add_parser(
            command.name,
            prog=f"{NAME} {command.name}{SETTINGS_WORD}",
            help=command.help,
            description=command.help,
            epilog=TAKES_SETTINGS,
            add_help=False,
            allow_abbrev=False,
        )
        found[command.name] = word
        word.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)
        choice = word.add_mutually_exclusive_group(required=True) if command.one_of else word
        for argument, options in command.arguments.items():
            (choice if argument in command.one_of else word).add_argument(argument, **options)
        _add_flags(word.add_argument, FLAGS, is_shown=False)
    others = [row for row in FLAGS if row not in SERVE_SETTINGS and row not in ADDRESSES.values()]
    _add_flags(top.add_argument_group("settings", OF_EVERY_COMMAND).add_argument, others)
    _add_flags(top.add_argument_group("settings of serve").add_argument, [row for row in FLAGS if row in SERVE_SETTINGS])
    _add_flags(top.add_argument_group("addresses of vendors").add_argument, [row for row in FLAGS if row in ADDRESSES.values()])
    more = top.add_argument_group("more")
    more.add_argument("-h", "--help", action="help", help="show this help")
    more.add_argument("--version", action="version", version=__version__, help="show the version")
    return top, found


def read_flags(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the settings that were given as flags, by their names without the prefix."""
    return {row.name: value for row in FLAGS if (value := getattr(arguments, row.name, None)) is not None}


def _add_flags(add: Callable[..., object], rows: Iterable[Setting], *, is_shown: bool = True) -> None:
    for row in rows:
        seen = f"; with a password, set {row.variable} instead: others on this machine see flags" if row.secret else ""
        text = f"{row.help}{seen} (default: {row.default_text})".replace("%", "%%").replace("`", "")
        shown = text if is_shown else argparse.SUPPRESS
        add(row.flag, dest=row.name, metavar=row.name.rpartition("_")[2], help=shown, default=argparse.SUPPRESS)
