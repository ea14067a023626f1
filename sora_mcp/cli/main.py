"""Parse the command line, load the settings, and run one command."""

from __future__ import annotations

import argparse
import errno
import gc
import importlib
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import cast

from sora_mcp import __version__
from sora_mcp.cli.parser import COMMANDS, STDIO, Command, parse_arguments, read_flags
from sora_mcp.cli.program_path import describe_program
from sora_mcp.cli.wrapping import print_error
from sora_mcp.config.logging import log_to_stderr
from sora_mcp.config.setting import BadSetting
from sora_mcp.config.settings import Settings, load
from sora_mcp.config.tracing import start_tracing
from sora_mcp.domain.errors import SoraError
from sora_mcp.domain.terminal_command import started_as

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
TRACED = ("stdio", "serve", "watch")
"""Commands that go on for a while; the others would end before a trace is sent."""


def run(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> int:
    """Run a command and return the exit code: 2 for an unusable command line or setting, 1 for a refusal."""
    _prepare_streams()
    # A client that starts the server does not wait for a parser.
    arguments = parse_arguments(argv) if argv else argparse.Namespace(command=None)
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
    print_error(reason)
    return code
