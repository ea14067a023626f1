"""`sora-mcp` and `python -m sora_mcp`."""

from __future__ import annotations

import sys

from .cli import run


def main() -> None:
    """The command line."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
