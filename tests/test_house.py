"""What the house promises its readers: floors, lengths, words, and no vendor named outside of its room."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

import sora_mcp
from sora_mcp.vendors import EVERY

from .house import PACKAGE, ROOT, Module, body_lines, circles, modules

FLOORS = (
    ("", "money", "quoted", "keychain", "stopping"),
    ("domain",),
    ("errors",),
    ("guard", "media", "schedule"),
    ("rules",),
    ("mending", "pricefile", "paths", "artifacts", "written"),
    ("vendors",),
    ("settings", "matrix", "served"),
    ("web", "store", "logs", "studio"),
    ("reach",),
    ("framing", "editing", "shelf", "quoting", "planning", "recalling"),
    ("desk",),
    ("submitting",),
    ("following", "reconciling"),
    ("worker",),
    ("server",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""From the ground up. A room is a file, or a folder with what is in it."""

LATE = {
    ("settings", "pricefile"): "only who has a price file waits for what reads it",
    ("__main__", "cli"): "the collector rests first",
    ("server", "server"): "`initialize` is answered without what later requests need",
    ("vendors", "media"): "only who orders a sample clip waits for what makes it",
    ("media", "media"): "PyAV and Pillow are an extra: what needs them is imported when it is asked for",
}
"""Which rooms may import which inside of a function, and why."""

BY_NAME = {
    "cli": "a command imports its own room and no other",
    "server.opened": "the first answer does not wait for the store's libraries",
}
"""Which files may import by a computed name, and why."""

DRAWERS = re.compile(r"(?:^|_)(utils?|helpers?|common|base|managers?|services?)(?:_|$)|(Manager|Service|Helper|Utils?|Base)$")
VERBS = re.compile(r"_*(process|handle|manage|execute)(?:_|$)")
GIVEN = {
    "handle_async_request": "httpx2's transports",
    "process_bind_param": "SQLAlchemy's column types",
    "process_result_value": "SQLAlchemy's column types",
}
"""Names that a library chose, and whose."""

MOST_FILE_LINES = 300
MOST_FUNCTION_LINES = 40

EVERY_MODULE = modules()
KNOWN = frozenset(module.name for module in EVERY_MODULE)
VENDORS = frozenset(vendor.name for vendor in EVERY)


def floor_of(name: str) -> int:
    """How far up a module stands."""
    room = name.split(".")[0]
    return next(floor for floor, rooms in enumerate(FLOORS) if room in rooms)


def room_of(name: str) -> str:
    """The file or folder directly under the package."""
    return name.split(".")[0]


def every(check: str) -> pytest.MarkDecorator:
    """One test a file."""
    return pytest.mark.parametrize(check, EVERY_MODULE, ids=lambda module: module.name or "sora_mcp")


@every("module")
def test_every_room_has_its_floor(module: Module) -> None:
    assert room_of(module.name) in {room for floor in FLOORS for room in floor}


@every("module")
def test_imports_go_down_only(module: Module) -> None:
    up = [
        found.target
        for found in module.imports(KNOWN)
        if room_of(found.target) != room_of(module.name) and floor_of(found.target) >= floor_of(module.name)
    ]
    assert up == []


@every("module")
def test_imports_stand_at_the_top(module: Module) -> None:
    late = [found.target for found in module.imports(KNOWN) if found.hidden and (room_of(module.name), room_of(found.target)) not in LATE]
    assert late == []


def test_few_files_import_by_a_computed_name() -> None:
    assert {module.name for module in EVERY_MODULE if "import_module" in module.text} == set(BY_NAME)


def test_imports_make_no_circle() -> None:
    edges: dict[str, set[str]] = defaultdict(set)
    for module in EVERY_MODULE:
        edges[module.name] |= {found.target for found in module.imports(KNOWN) if not found.for_types}
    assert circles(edges) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c", "b"]]


@every("module")
def test_a_module_says_in_one_sentence_what_it_is_for(module: Module) -> None:
    first = (ast.get_docstring(module.tree) or "").split("\n")[0]
    assert re.search(r"\w", first), "no docstring"


@every("module")
def test_a_file_ends_at_three_hundred_lines(module: Module) -> None:
    assert len(module.text.splitlines()) <= MOST_FILE_LINES


@every("module")
def test_a_function_ends_at_forty_lines(module: Module) -> None:
    lines = module.text.splitlines()
    long = {function.name: size for function in module.functions if (size := body_lines(function, lines)) > MOST_FUNCTION_LINES}
    assert long == {}


@every("module")
def test_no_file_and_no_name_is_a_drawer_for_everything(module: Module) -> None:
    classes = [node.name for node in module.nodes if isinstance(node, ast.ClassDef)]
    functions = [function.name for function in module.functions]
    drawers = [name for name in (*module.name.split("."), *classes) if DRAWERS.search(name)]
    vague = [name for name in functions if VERBS.match(name) and name not in GIVEN]
    assert (drawers, vague) == ([], [])


@every("module")
def test_a_vendor_is_named_only_in_the_room_of_vendors(module: Module) -> None:
    if room_of(module.name) == "vendors":
        return
    named = [node.value for node in module.nodes if isinstance(node, ast.Constant) and node.value in VENDORS]
    assert named == []


def test_the_version_stands_in_one_place() -> None:
    version = sora_mcp.__version__
    places = [path for path in PACKAGE.rglob("*.py") if re.search(rf"['\"]{re.escape(version)}['\"]", path.read_text("utf-8"))]
    assert places == [PACKAGE / "__init__.py"]
    assert version not in (ROOT / "pyproject.toml").read_text("utf-8").split("[build-system]")[-1].split("[project.optional")[0]


# Spelt in pieces, so that this file does not hold what it looks for.
REGISTRIES = tuple(
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"))
)
PLACES = re.compile(r"(?<![\w.~$}])/(?:work|root|opt/pypi|home/\w+|Users/\w+)(?:/|\b)")


def tracked() -> list[Path]:
    """Every file that a clone would have."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    if listed.returncode != 0:
        pytest.skip("this is no clone")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    """Every tracked file that is text."""
    found: list[tuple[Path, str]] = []
    for path in tracked():
        try:
            found.append((path.relative_to(ROOT), path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_file_names_the_host_of_a_registry() -> None:
    assert [str(path) for path, text in texts() if any(host in text for host in REGISTRIES)] == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = {str(path): spots for path, text in texts() if (spots := PLACES.findall(text))}
    assert found == {}


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_a_vendor_is_a_file_of_less_than_120_lines(vendor: str) -> None:
    assert len((PACKAGE / "vendors" / f"{vendor}.py").read_text("utf-8").splitlines()) < 120
