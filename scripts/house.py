"""Measure the package as its readers meet it: rooms, floors, names, docstrings, lengths. `python -m scripts.house [ROOM]`

Prints a table of figures; with the name of a folder or file, each place of it that falls short.
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sora_mcp"
AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
AnyImport = ast.Import | ast.ImportFrom

IRREGULAR = frozenset(
    (
        "begun bought cut drawn found given gone heard held kept known left lost made meant put said seen sent shown sought spelt "
        "spent taken thought told written"
    ).split()
)
"""Participles that do not end in -ed."""
NOT_VERBS = frozenset(
    (
        "a all an another any anything as at because by each every everything first for from half here his how if in is it its "
        "last less many mine more most much no nobody none not nothing of on one only other others our ours out over some "
        "something such that the their then there these they this those to two under until up what when where whether which who "
        "whom whose why with within without you your"
    ).split()
)
"""First words of a docstring that are certainly no imperative."""
ENDS_LIKE_NO_VERB = re.compile(r"(?<!pre)(?<!s)s$|ing$|(?<!ee)(?<!n)ed$")
IMPERATIVE = frozenset("Access Alias Bias Bring Embed Exceed Feed Focus Need Ping Proceed Process Seed Shed Speed String".split())
OLD_WORDS = re.compile(
    r"(?:^|_)(wish|wishes|desk|shelf|studio|reach|told|said|meant|opened|became|remedies|nouns|made|asked|sold)(?:_|$)", re.IGNORECASE
)
"""The vocabulary that DESIGN left behind, as a part of a name."""

GIVEN = {
    "connection_made": "asyncio's protocols",
    "handle_async_request": "httpx2's transports",
    "handle_exit": "uvicorn's server",
    "handle_events": "uvicorn's protocol",
    "process_bind_param": "SQLAlchemy's column types",
    "process_result_value": "SQLAlchemy's column types",
}
"""Names that a library chose, and whose."""


@dataclass(frozen=True)
class Import:
    """One import of a module of ours by another."""

    target: str
    hidden: bool
    """Inside of a function, so that it happens late."""
    for_types: bool
    """Under TYPE_CHECKING: it never happens."""


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str
    """Without the package: `store.ledger`; the package's own `__init__` is ``."""
    path: Path

    @cached_property
    def text(self) -> str:
        """The source."""
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The source, parsed."""
        return ast.parse(self.text)

    @property
    def folder(self) -> list[str]:
        """The package that relative imports of this file start from."""
        parts = self.name.split(".") if self.name else []
        return parts if self.path.name == "__init__.py" else parts[:-1]

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every syntax node in it."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def functions(self) -> tuple[AnyFunction, ...]:
        """Every function and method."""
        return tuple(node for node in self.nodes if isinstance(node, AnyFunction))

    @property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        """Every class."""
        return tuple(node for node in self.nodes if isinstance(node, ast.ClassDef))

    def imports(self, known: frozenset[str]) -> Iterator[Import]:
        """Yield every import of a module of ours."""
        inside = {id(node) for function in self.functions for node in ast.walk(function) if isinstance(node, AnyImport)}
        guarded = [node for node in self.tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
        typed = {id(node) for guard in guarded for node in ast.walk(guard)}
        for node in (node for node in self.nodes if isinstance(node, AnyImport)):
            for target in self._targets(node):
                if (found := _find_module(target, known)) is not None and found != self.name:
                    yield Import(found, hidden=id(node) in inside, for_types=id(node) in typed)

    def _targets(self, node: AnyImport) -> list[str]:
        """Return the full names, without the package, that an import statement may mean."""
        if isinstance(node, ast.Import):
            return [name.name.removeprefix("sora_mcp.") for name in node.names if name.name.startswith("sora_mcp")]
        if node.level:
            start = self.folder[: len(self.folder) - node.level + 1]
        elif node.module and node.module.split(".")[0] == "sora_mcp":
            start = []
        else:
            return []
        module = (node.module or "").removeprefix("sora_mcp").lstrip(".")
        stem = ".".join([*start, *([module] if module else [])])
        return [".".join(part for part in (stem, name.name) if part) for name in node.names]


def read_modules(package: Path = PACKAGE) -> tuple[Module, ...]:
    """Return every file of the package, by name."""
    return tuple(Module(_name(path.relative_to(package)), path) for path in sorted(package.rglob("*.py")))


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix("__init__").rstrip(".")


def _find_module(target: str, known: frozenset[str]) -> str | None:
    """Return the module that a dotted name lies in: itself, or its parent where the last part is a name inside."""
    return target if target in known else parent if (parent := target.rpartition(".")[0]) in known else None


def room_of(name: str) -> str:
    """Return the folder that a module lies in, as ARCHITECTURE.md counts rooms."""
    for sub in ("vendors.shared", "server.tools", "server.transports"):
        if name == sub or name.startswith(f"{sub}."):
            return sub
    return name.split(".")[0]


def find_edges(modules: tuple[Module, ...], *, late: bool = False) -> dict[str, set[str]]:
    """Return which modules each module imports; those inside of functions only when `late`."""
    known = frozenset(module.name for module in modules)
    edges: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        edges[module.name] |= {found.target for found in module.imports(known) if not found.for_types and (late or not found.hidden)}
    return edges


def find_circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the chains of imports that lead back to where they began."""
    found: list[list[str]] = []

    def walk(way: list[str]) -> None:
        for following in sorted(edges.get(way[-1], ())):
            if following in way:
                found.append([*way[way.index(following) :], following])
            elif following not in seen:
                walk([*way, following])
        seen.add(way[-1])

    seen: set[str] = set()
    for name in sorted(edges):
        if name not in seen:
            walk([name])
    return found


def count_floors(edges: dict[str, set[str]]) -> int:
    """Return the length of the longest chain of imports; the graph has no circle."""
    heights: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in heights:
            heights[name] = 0  # a circle ends here instead of never
            heights[name] = 1 + max(map(height, edges.get(name, ())), default=0)
        return heights[name]

    return max(map(height, list(edges)), default=0)


def count_body_lines(function: AnyFunction, lines: list[str]) -> int:
    """Return the lines of a function without its signature, docstring, blanks and comments."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    start = (first.end_lineno or first.lineno) if documented else first.lineno - 1
    return sum(1 for line in lines[start : function.end_lineno] if line.strip() and not line.strip().startswith("#"))


def find_participles(module: Module) -> list[str]:
    """Return the functions and properties that are named by a bare participle, such as `made`."""
    return [name for f in module.functions if is_participle(name := f.name.strip("_"))]


def is_participle(name: str) -> bool:
    """Return whether a function's name is one word that is a participle."""
    return "_" not in name and name not in ("speed", "feed", "need", "seed", "embed") and (name.endswith("ed") or name in IRREGULAR)


def find_docstring_faults(module: Module) -> list[str]:
    """Return the docstrings of functions whose first word is no imperative, and those of anything else that begin with What, Who, ..."""
    found: list[str] = []
    for node in module.nodes:
        if isinstance(node, AnyFunction | ast.ClassDef | ast.Module) and (text := ast.get_docstring(node)):
            word = re.match(r"\W*([\w'-]*)", text)[1]  # type: ignore[index]
            relative = word.lower() in ("what", "whether", "how", "which", "where", "why", "who", "whose", "those")
            imperative = word.lower() not in NOT_VERBS and (word in IMPERATIVE or not ENDS_LIKE_NO_VERB.search(word)) and word[:1].isupper()
            if relative or (isinstance(node, AnyFunction) and not _is_property(node) and not imperative):
                line = getattr(node, "lineno", 1)
                found.append(f"{module.path.relative_to(ROOT)}:{line} {getattr(node, 'name', 'module')}: {text.splitlines()[0][:90]}")
    return found


def find_old_words(module: Module) -> list[str]:
    """Return the functions, classes and files whose names use the vocabulary that was left behind."""
    names = [*(f.name for f in module.functions), *(c.name for c in module.classes), *module.name.split(".")]
    return [name for name in names if name not in GIVEN and OLD_WORDS.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))]


def _is_property(function: AnyFunction) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in function.decorator_list)


def figures(modules: tuple[Module, ...]) -> Iterator[tuple[str, str]]:
    """Yield the figures of the whole package, each with what it counts."""
    edges = find_edges(modules)
    functions = [(count_body_lines(f, module.text.splitlines()), f.name) for module in modules for f in module.functions]
    arrows = {(room_of(a), room_of(b)) for a, targets in edges.items() for b in targets if room_of(a) != room_of(b)}
    loose = [m for m in modules if "." not in m.name and m.name and not (PACKAGE / m.name).is_dir()]
    yield "files, lines", f"{len(modules)}, {sum(len(m.text.splitlines()) for m in modules)}"
    yield "loose files beside the rooms", str(len(loose))
    yield "rooms, arrows between them", f"{len({room_of(m.name) for m in modules} - {''})}, {len(arrows)}"
    yield "longest chain of imports, circles", f"{count_floors(edges)}, {len(find_circles(edges))}"
    yield (
        "functions: median and longest body",
        f"{statistics.median(n for n, _ in functions):.0f}, {max(functions)[0]} ({max(functions)[1]})",
    )
    yield "function names that are a bare participle", str(sum(len(find_participles(m)) for m in modules))
    yield "docstrings that do not begin as they should", str(sum(len(find_docstring_faults(m)) for m in modules))
    yield "names of the old vocabulary", str(sum(len(find_old_words(m)) for m in modules))
    longest = max(modules, key=lambda m: len(m.text.splitlines()))
    yield "longest file", f"{len(longest.text.splitlines())} ({longest.name})"


def main(place: str | None) -> None:
    """Print the figures, or the places of one folder or file that fall short."""
    modules = read_modules()
    if place is None:
        rows = list(figures(modules))
        print("\n".join(f"{what.ljust(max(len(w) for w, _ in rows))}  {value}" for what, value in rows))
        return
    for module in modules:
        if str(module.path.relative_to(PACKAGE)).startswith(place):
            for line in find_docstring_faults(module):
                print(line)
            names = [("participle", find_participles(module)), ("old word", find_old_words(module))]
            print(*(f"{module.path.relative_to(ROOT)}: {what}: {name}" for what, found in names for name in found), sep="\n", end="")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
