"""`sora-mcp` and `python -m sora_mcp`."""

from __future__ import annotations

import gc
import signal
import sys

from pydantic import BaseModel


def main() -> None:
    """Run the command line.

    Until `run` enables the garbage collector again it is off, which saves an eighth of the loading time. The SDK defines several
    hundred models, of which one session uses a few: each builds its validator at first use, which saves another eighth.
    """
    gc.disable()
    BaseModel.model_config["defer_build"] = True
    from sora_mcp.cli.main import run

    # A terminal that closes stops the server as SIGTERM does, so that a paid call can still end; under nohup it is ignored.
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _stop)
    sys.exit(run(sys.argv[1:]))


def _stop(*_: object) -> None:
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
