"""The house as its files show it: rooms, imports, functions. Read by test_house."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sora_mcp"
AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef
AnyImport = ast.Import | ast.ImportFrom


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
        """Everything in it."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def functions(self) -> tuple[AnyFunction, ...]:
        """Every function and method."""
        return tuple(node for node in self.nodes if isinstance(node, AnyFunction))

    def imports(self, known: frozenset[str]) -> Iterator[Import]:
        """Every import of a module of ours."""
        inside = {id(node) for function in self.functions for node in ast.walk(function) if isinstance(node, AnyImport)}
        guarded = [node for node in self.tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
        typed = {id(node) for guard in guarded for node in ast.walk(guard)}
        for node in (node for node in self.nodes if isinstance(node, AnyImport)):
            for target in self._targets(node):
                if (found := _module(target, known)) is not None and found != self.name:
                    yield Import(found, hidden=id(node) in inside, for_types=id(node) in typed)

    def _targets(self, node: AnyImport) -> list[str]:
        """The full names, without the package, that an import statement may mean."""
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


def modules(package: Path = PACKAGE) -> tuple[Module, ...]:
    """Every file of the package, by name."""
    return tuple(Module(_name(path.relative_to(package)), path) for path in sorted(package.rglob("*.py")))


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix("__init__").rstrip(".")


def _module(target: str, known: frozenset[str]) -> str | None:
    """The module that a dotted name lies in: itself, or its parent where the last part is a name inside."""
    return target if target in known else parent if (parent := target.rpartition(".")[0]) in known else None


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Ways that lead back to where they began."""
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


def body_lines(function: AnyFunction, lines: list[str]) -> int:
    """Lines of a function without its signature, docstring, blanks and comments."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    start = (first.end_lineno or first.lineno) if documented else first.lineno - 1
    return sum(1 for line in lines[start : function.end_lineno] if line.strip() and not line.strip().startswith("#"))
