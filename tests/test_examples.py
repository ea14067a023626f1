"""Every story under examples/ runs, in a home of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.house import ROOT
from tests.each import each
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

STORIES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.suffix in (".py", ".sh") and path.name != "__init__.py")


@each("story", STORIES)
def test_the_story_runs(story: str, tmp_path: Path) -> None:
    name, kind = story.split(".")
    if kind == "sh" and shutil.which("bash") is None:
        pytest.skip("there is no bash")
    command = ["bash", f"examples/{story}"] if kind == "sh" else [sys.executable, "-m", f"examples.{name}"]
    own = {"SORA_MCP_HOME": str(tmp_path / "home"), "SORA_MCP_OUTPUT_DIR": str(tmp_path / "videos"), "XDG_CONFIG_HOME": str(tmp_path)}
    environ = os.environ | own | {"PYTHONPATH": str(ROOT), "SORA": f"{sys.executable} -m sora_mcp"}
    told = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE_S)
    assert told.returncode == 0, told.stdout + told.stderr
