"""Pack the bundle that Claude Desktop opens: `python -m scripts.bundle [FOLDER]`, by default into dist/.

The bundle holds this package and no library: `server.type: "uv"` has the client's own uv install them at the first start.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from sora_mcp import __version__
from sora_mcp.config.settings import FLAGS, KEYS
from sora_mcp.server import tools

from .facts import DESCRIPTION, ISSUES, REPOSITORY, TITLE, TOOLS

ROOT = Path(__file__).parent.parent
TOOL = "@anthropic-ai/mcpb@2.1.2"
"""The official tool, from npm."""
SCHEMA = "https://raw.githubusercontent.com/modelcontextprotocol/mcpb/main/schemas/mcpb-manifest-v0.4.schema.json"
KEY = "OPENROUTER_API_KEY"
"""The one key that the client asks for: one account, and the most models. Other keys are set by `sora-mcp setup`."""
PRIVACY = "https://openrouter.ai/privacy"
FOLDER, DAILY = "SORA_MCP_OUTPUT_DIR", "SORA_MCP_DAILY_USD"
CARRIED = ("pyproject.toml", "README.md", "LICENSE")
"""Files beside the package: building it reads all three."""
ICON_SIZE, FINER = 512, 4
NOTE = """\
This bundle contains sora-mcp, under the MIT licence (LICENSE), and the typeface DejaVu Sans, under the licence beside it
(sora_mcp/media/sample/typefaces).

It contains no other program. At the first start the client's uv installs the libraries that pyproject.toml names from PyPI, each under
its own licence. One of them is PyAV: its wheels contain FFmpeg with libx264 and libx265, which are under the GNU General Public License,
version 2 or later. Nothing of it is distributed with this bundle. A bundle that carries the installed libraries is another matter: the
GPL then applies to it as a whole.
"""


def make_manifest(version: str = __version__) -> dict[str, Any]:
    """Return manifest.json, in version 0.4."""
    settings = {"key": KEY, "folder": FOLDER, "daily": DAILY}
    command = ["run", "--directory", "${__dirname}", "--extra", "media", "sora-mcp"]
    environ = {variable: f"${{user_config.{name}}}" for name, variable in settings.items()}
    return {
        "$schema": SCHEMA,
        "manifest_version": "0.4",
        "name": "sora-mcp",
        "display_name": TITLE,
        "version": version,
        "description": DESCRIPTION,
        "author": {"name": "The sora-mcp contributors", "url": REPOSITORY},
        "repository": {"type": "git", "url": f"{REPOSITORY}.git"},
        "documentation": f"{REPOSITORY}/blob/main/docs/clients.md",
        "support": ISSUES,
        "license": "MIT",
        "icon": "icon.png",
        "privacy_policies": [PRIVACY],
        "keywords": ["video", "text-to-video", "image-to-video"],
        "server": {
            "type": "uv",
            "entry_point": "sora_mcp/__main__.py",
            "mcp_config": {"command": "uv", "args": command, "env": environ},
        },
        "tools": [{"name": name, "description": TOOLS[name]} for name in tools.TOOLS],
        "prompts_generated": True,
        "user_config": _ask(),
        "compatibility": {"platforms": ["darwin", "win32", "linux"], "runtimes": {"python": ">=3.11"}},
    }


def stage(folder: Path, version: str = __version__) -> None:
    """Put what the bundle holds into an empty folder."""
    shutil.copytree(ROOT / "sora_mcp", folder / "sora_mcp", ignore=shutil.ignore_patterns("__pycache__"))
    for name in CARRIED:
        shutil.copy(ROOT / name, folder / name)
    (folder / "NOTICE.txt").write_text(NOTE, "utf-8")
    (folder / "manifest.json").write_text(json.dumps(make_manifest(version), indent=2) + "\n", "utf-8")
    draw_icon().save(folder / "icon.png")


def pack(folder: Path, bundle: Path, tool: Sequence[str]) -> None:
    """Validate what is staged and pack it with the official tool. Raise CalledProcessError where it refuses."""
    for words in (["validate", str(folder / "manifest.json")], ["pack", str(folder), str(bundle)]):
        subprocess.run([*tool, *words], stdin=subprocess.DEVNULL, stdout=sys.stderr, check=True)


def find_tool() -> list[str]:
    """Return the command of the official tool, which npx fetches from npm where it is not there. Exit where there is no npx."""
    npx = shutil.which("npx")
    if npx is None:
        sys.exit("bundle: npx is not here; the official tool that validates and packs the bundle is an npm package (install Node)")
    return [npx, "--yes", TOOL]


def name_bundle(version: str) -> str:
    """Return the name of a version's bundle."""
    return f"sora-mcp-{version}.mcpb"


def _ask() -> dict[str, Any]:
    """Return what the client asks its user for. What is left empty arrives as a placeholder, which counts as not set."""
    rows = {row.variable: row for row in (*KEYS, *FLAGS)}
    return {
        "key": {
            "type": "string",
            "title": rows[KEY].help,
            "description": "Leave it empty for free sample clips",
            "sensitive": True,
            "required": False,
        },
        "folder": {
            "type": "directory",
            "title": rows[FOLDER].help,
            "description": "Without one: sora-mcp in the folder of your videos",
            "required": False,
        },
        "daily": {
            "type": "number",
            "title": "Daily cap in US dollars",
            "description": rows[DAILY].help,
            "default": float(rows[DAILY].default_text),
            "min": 0,
            "required": False,
        },
    }


def draw_icon() -> Image.Image:
    """Return the play sign of `serverInfo` as a picture."""
    side = ICON_SIZE * FINER
    icon = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(icon)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), radius=side * 7 // 32, fill="#224466")
    draw.polygon([(side * x // 32, side * y // 32) for x, y in ((12, 9), (24, 16), (12, 23))], fill="#ffffff")
    return icon.resize((ICON_SIZE, ICON_SIZE), Image.Resampling.LANCZOS)


def main(arguments: Sequence[str]) -> None:
    """Pack the bundle of this version into a folder, and name it."""
    out = Path(*arguments[:1] or ("dist",)).absolute()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder))
        pack(Path(folder), out / name_bundle(__version__), find_tool())
    print(out / name_bundle(__version__))


if __name__ == "__main__":
    main(sys.argv[1:])
