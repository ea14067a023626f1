"""What the house promises its readers: floors, lengths, words, and no vendor named outside of its room."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import sora_mcp
from scripts.house import (
    GIVEN,
    PACKAGE,
    ROOT,
    Import,
    Module,
    count_body_lines,
    find_circles,
    find_docstring_faults,
    find_edges,
    find_old_words,
    find_participles,
    read_modules,
)
from sora_mcp.vendors import EVERY

FLOORS = (
    ("", "domain"),
    ("telemetry",),
    ("media", "vendors.shared"),
    ("vendors", "net"),
    ("catalogue", "artifacts", "store"),
    ("config",),
    ("jobs",),
    ("server",),
    ("cli",),
    ("__main__",),
)
"""From the ground up: folders of the package. A room imports from lower floors only."""

LATE = {
    ("config", "catalogue"): "only who has a price file waits for what reads it",
    ("__main__", "cli"): "the collector rests first",
    ("server", "server"): "`initialize` is answered without what later requests need",
    ("vendors", "media"): "only who orders a sample clip waits for what makes it",
    ("media", "media"): "PyAV and Pillow are an extra: what needs them is imported when it is asked for",
}
"""Which rooms may import which inside of a function, and why."""

BY_NAME = {
    "cli.main": "a command imports its own module and no other",
    "server.context": "the first answer does not wait for the store's libraries",
}
"""Which files may import by a computed name, and why."""

DRAWERS = re.compile(r"(?:^|_)(utils?|helpers?|common|base|managers?)(?:_|$)|(Manager|Helper|Utils?|Base)$")
VERBS = re.compile(r"_*(process|handle|manage|execute)(?:_|$)")
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 40

MODULES = read_modules()
KNOWN = frozenset(module.name for module in MODULES)
VENDORS = frozenset(vendor.name for vendor in EVERY)


def room_of(name: str) -> str:
    """Return the folder directly under the package; what vendors share is a room of its own."""
    return "vendors.shared" if name.startswith("vendors.shared") else name.split(".")[0]


def floor_of(name: str) -> int:
    """Return how far up a module's room stands."""
    return next(floor for floor, rooms in enumerate(FLOORS) if room_of(name) in rooms)


@cache
def list_imports() -> tuple[tuple[Module, Import], ...]:
    """Return every import of a module of ours by another."""
    return tuple((module, found) for module in MODULES for found in module.imports(KNOWN))


def test_every_room_has_its_floor() -> None:
    assert {room_of(module.name) for module in MODULES} <= {room for floor in FLOORS for room in floor}


def test_imports_go_down_only() -> None:
    up = [
        f"{module.name} -> {found.target}"
        for module, found in list_imports()
        if room_of(found.target) != room_of(module.name) and floor_of(found.target) >= floor_of(module.name) and not found.for_types
    ]
    assert up == []


def test_the_architecture_names_every_room_and_only_files_that_exist() -> None:
    rows = [line.split("|") for line in (ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    rooms = [name for row in rows for name in re.findall(r"`(\w+)`", row[1])]
    named = {name.strip("/").replace("/", ".") for row in rows for name in re.findall(r"`([^`]+)`", row[2])}
    endings = {name.split(".", start)[-1] for name in KNOWN for start in range(name.count(".") + 1)}
    assert sorted(rooms) == sorted({room_of(name).split(".")[0] for name in KNOWN} - {"", "__main__"})
    assert sorted(named - endings) == []


def test_imports_stand_at_the_top() -> None:
    late = [
        f"{module.name} -> {found.target}"
        for module, found in list_imports()
        if found.hidden and (room_of(module.name), room_of(found.target)) not in LATE
    ]
    assert late == []


def test_few_files_import_by_a_computed_name() -> None:
    assert {module.name for module in MODULES if "import_module" in module.text} == set(BY_NAME)


def test_imports_make_no_circle() -> None:
    assert find_circles(find_edges(MODULES)) == []


def test_what_decodes_is_loaded_by_media_alone() -> None:
    edges = find_edges(MODULES)
    loading = {module.name for module in MODULES if re.search(r"^(?:import|from) (?:av|PIL)\b", module.text, re.MULTILINE)}
    while more := {name for name, targets in edges.items() if targets & loading} - loading:
        loading |= more
    assert "media.worker.operations" in loading
    assert {name for name in loading if room_of(name) != "media"} == set()


def test_a_circle_would_be_found() -> None:
    assert find_circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c", "b"]]


def test_a_module_says_in_one_sentence_what_it_is_for() -> None:
    assert [m.name for m in MODULES if not re.search(r"\w", (ast.get_docstring(m.tree) or "").split("\n")[0])] == []


def test_a_file_ends_at_four_hundred_lines() -> None:
    lines = {module.name: len(module.text.splitlines()) for module in MODULES}
    assert {name: count for name, count in lines.items() if count > MOST_FILE_LINES} == {}


def test_a_function_ends_at_forty_lines() -> None:
    sizes = {f"{m.name}.{f.name}": count_body_lines(f, m.text.splitlines()) for m in MODULES for f in m.functions}
    assert {name: size for name, size in sizes.items() if size > MOST_FUNCTION_LINES} == {}


def test_no_file_and_no_name_is_a_drawer_for_everything() -> None:
    names = [(module.name, name) for module in MODULES for name in (*module.name.split("."), *(c.name for c in module.classes))]
    functions = [(module.name, function.name) for module in MODULES for function in module.functions]
    drawers = [(module, name) for module, name in names if DRAWERS.search(name)]
    vague = [(module, name) for module, name in functions if VERBS.match(name) and name not in GIVEN]
    assert (drawers, vague) == ([], [])


def test_functions_are_named_by_verbs_and_not_by_a_bare_participle() -> None:
    assert {module.name: found for module in MODULES if (found := find_participles(module))} == {}


def test_a_docstring_begins_with_a_verb_or_the_name_of_a_thing() -> None:
    assert [fault for module in MODULES for fault in find_docstring_faults(module)] == []


def test_no_name_is_of_the_old_vocabulary() -> None:
    assert [(module.name, name) for module in MODULES for name in find_old_words(module)] == []


def test_a_participle_and_a_riddle_would_be_found() -> None:
    file = ROOT / "sora_mcp" / "__main__.py"
    text = 'def made() -> None:\n    """What was made."""\n\n\ndef find_wish() -> None:\n    """The wish."""\n'
    module = Module("x", file)
    module.__dict__.update(text=text, tree=ast.parse(text))
    assert (find_participles(module), find_old_words(module)) == (["made"], ["made", "find_wish"])
    assert len(find_docstring_faults(module)) == 2


def test_a_vendor_is_named_only_in_the_room_of_vendors() -> None:
    named = [
        (module.name, node.value)
        for module in MODULES
        if not room_of(module.name).startswith("vendors")
        for node in module.nodes
        if isinstance(node, ast.Constant) and node.value in VENDORS
    ]
    assert named == []


def test_the_version_stands_in_one_place() -> None:
    version = sora_mcp.__version__
    places = [path for path in PACKAGE.rglob("*.py") if re.search(rf"['\"]{re.escape(version)}['\"]", path.read_text("utf-8"))]
    assert places == [PACKAGE / "__init__.py"]
    assert version not in (ROOT / "pyproject.toml").read_text("utf-8").split("[build-system]")[-1].split("[project.optional")[0]


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = [*project["dependencies"], *(row for rows in project["optional-dependencies"].values() for row in rows)]
    own = {"PIL", "jwt", "opentelemetry"}  # what packages call themselves
    names = {re.split(r"[\[<>=;]", row)[0].replace("-", "_") for row in declared} | own
    nodes = [node for module in MODULES for node in module.nodes]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    assert {name.split(".")[0] for name in imported} - {*sys.stdlib_module_names, "sora_mcp"} <= names


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


def test_a_vendor_is_a_file_of_at_most_150_lines() -> None:
    lines = {vendor: len((PACKAGE / "vendors" / f"{vendor}.py").read_text("utf-8").splitlines()) for vendor in VENDORS}
    assert {vendor: count for vendor, count in lines.items() if count > 150} == {}
