"""Make a release: `python -m scripts.release VERSION [--dry-run]`, or `make release VERSION=x`.

Writes the version and the changelog's heading, and puts wheel, source archive, bundle, `server.json` and their checksums into
dist/VERSION. Nothing is committed, tagged or uploaded: what a person does next is printed.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import sora_mcp

from . import bundle, plugin, server_json
from .facts import IMAGE

ROOT = Path(__file__).parent.parent
CODE, CHANGELOG = ROOT / "sora_mcp" / "__init__.py", ROOT / "CHANGELOG.md"
HEADING = "## [Unreleased]\n"
LICENCES = {
    "wheel and source archive": "MIT; the typeface DejaVu Sans under the free licence beside it. They carry no library.",
    "bundle (.mcpb)": "the same, with NOTICE.txt: it carries no library, so nothing of PyAV's GPL parts.",
    "image, target slim": "MIT, with libraries, each under its own licence (psycopg: LGPL-3.0); no PyAV.",
    "image, target latest": "MIT AND GPL-2.0-or-later: it carries PyAV, whose wheels contain FFmpeg with libx264 and libx265.",
}
"""What each thing that is uploaded is under."""
NEXT = """\
Look at `git diff`, and try the files. Then:
  git commit -am "Release {version}" && git tag -a v{version} -m v{version} && git push --follow-tags
  uv publish dist/{version}/*.whl dist/{version}/*.tar.gz
  gh release create v{version} dist/{version}/*
  mcp-publisher publish dist/{version}/server.json
  docker buildx build --platform linux/amd64,linux/arm64 --push --tag {image}:{version} --tag {image}:latest .
  docker buildx build --platform linux/amd64,linux/arm64 --push --target slim --tag {image}:{version}-slim --tag {image}:slim ."""


def edit(version: str, day: date) -> dict[Path, str]:
    """Return the new text of every file that names the version. Exit with the reason where it cannot be released."""
    changelog = CHANGELOG.read_text("utf-8")
    _check(version, changelog)
    changelog = changelog.replace(HEADING, f"{HEADING}\n## [{version}] - {day.isoformat()}\n", 1)
    code = re.sub(r'(?m)^__version__ = ".*"$', f'__version__ = "{version}"', CODE.read_text("utf-8"))
    return {CODE: code, CHANGELOG: changelog, server_json.FILE: server_json.write(version), **plugin.files(version)}


def build(version: str, out: Path) -> None:
    """Put what is uploaded into an empty folder."""
    subprocess.run([_find_uv(), "build", "--quiet", "--out-dir", str(out), str(ROOT)], stdin=subprocess.DEVNULL, check=True)
    packed = out / bundle.name_bundle(version)
    with tempfile.TemporaryDirectory() as folder:
        bundle.stage(Path(folder), version)
        bundle.pack(Path(folder), packed, bundle.find_tool())
    (out / "server.json").write_text(server_json.write(version, _hash(packed)), "utf-8")
    (out / ".gitignore").unlink(missing_ok=True)
    (out / "LICENCES.txt").write_text(list_licences(), "utf-8")
    sums = "".join(f"{_hash(file)}  {file.name}\n" for file in sorted(out.iterdir()))
    (out / "SHA256SUMS").write_text(sums, "utf-8")


def release(version: str, texts: Mapping[Path, str], out: Path, *, build: Callable[[str, Path], None] = build) -> None:
    """Write the texts and build; put the old texts back where that fails."""
    if out.exists():
        sys.exit(f"release: {out} is there already; remove it first")
    before = {path: path.read_text("utf-8") for path in texts}
    try:
        for path, text in texts.items():
            path.write_text(text, "utf-8")
        build(version, out)
    except BaseException:
        for path, text in before.items():
            path.write_text(text, "utf-8")
        shutil.rmtree(out, ignore_errors=True)
        raise


def describe(texts: Mapping[Path, str]) -> str:
    """Return the changed lines of each file."""
    lines = list[str]()
    for path, text in texts.items():
        name = str(path.relative_to(ROOT))
        lines += difflib.unified_diff(path.read_text("utf-8").splitlines(), text.splitlines(), name, name, n=0, lineterm="")
    return "\n".join(lines)


def list_licences() -> str:
    """Return a line for each thing that is uploaded."""
    return "".join(f"{name}: {licence}\n" for name, licence in LICENCES.items())


def main(arguments: Sequence[str]) -> None:
    """Release, or with `--dry-run` only say what would change and be built."""
    parser = argparse.ArgumentParser(prog="release", description="Make a release.")
    parser.add_argument("version")
    parser.add_argument("--dry-run", action="store_true", help="write and build nothing")
    given = parser.parse_args(arguments)
    texts = edit(given.version, datetime.now(UTC).date())
    out = ROOT / "dist" / given.version
    if given.dry_run:
        manifest = json.dumps(bundle.make_manifest(given.version))  # made, so that a fault in it shows
        built = "wheel, source archive, LICENCES.txt, SHA256SUMS, server.json"
        print(f"{describe(texts)}\n\nWould build into dist/{given.version}: {built}, {bundle.name_bundle(given.version)}")
        print(f"(manifest of {len(manifest)} bytes).\n\n{list_licences()}\nNothing was written.")
        return
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout:
        sys.exit("release: commit or put away your changes first (git status)")
    release(given.version, texts, out)
    print(NEXT.format(version=given.version, image=IMAGE))


def _check(version: str, changelog: str) -> None:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"release: VERSION must be three numbers such as 0.2.0, not {version!r}")
    if f"## [{version}]" in changelog:
        sys.exit(f"release: CHANGELOG.md has {version} already")
    if _number(version) < _number(sora_mcp.__version__):
        sys.exit(f"release: {version} is older than {sora_mcp.__version__}")
    unreleased = changelog.partition(HEADING)[2].split("\n## [")[0]
    if "\n- " not in unreleased:
        sys.exit("release: CHANGELOG.md has nothing under [Unreleased]")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _find_uv() -> str:
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("release: uv is not here; it builds the wheel and the source archive")
    return uv


if __name__ == "__main__":
    main(sys.argv[1:])
