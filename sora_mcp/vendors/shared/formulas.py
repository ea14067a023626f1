"""Evaluate formulas by which a vendor prices an order: arithmetic, comparisons and choices in JSONata's notation (https://jsonata.org).

A formula that goes beyond that raises ValueError, and LookupError where it names a value that is not given: it is not guessed at.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

Value = Decimal | str | bool
Term = Callable[[Mapping[str, Value]], Value]
"""A part of a formula, to be evaluated with values by name."""
TOKEN = re.compile(r"""(\d+(?:\.\d+)?)|"([^"\\]*)"|'([^'\\]*)'|(\$?[A-Za-z_]\w*)|(!=|<=|>=|[-+*/()\[\]{},?:=<>])|\s+""")
MOST = 2_000
"""Characters of a formula."""
DEPTH = 50
"""Brackets and choices inside of each other."""
LEVELS = (("or",), ("and",), ("=", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
"""Operators, from those that bind least."""
OPERATORS: Mapping[str, tuple[type, Callable[[Any, Any], Value]]] = {
    "or": (bool, lambda one, other: one or other),
    "and": (bool, lambda one, other: one and other),
    "=": (object, operator.eq),
    "!=": (object, operator.ne),
    "<": (Decimal, operator.lt),
    "<=": (Decimal, operator.le),
    ">": (Decimal, operator.gt),
    ">=": (Decimal, operator.ge),
    "+": (Decimal, operator.add),
    "-": (Decimal, operator.sub),
    "*": (Decimal, operator.mul),
    "/": (Decimal, lambda one, other: one / other),
}
"""What an operator works on, and what it does."""
REDUCE: Mapping[str, Callable[[list[Any]], Decimal]] = {"$max": max, "$min": min}
ROUND = {"$ceil": ROUND_CEILING, "$floor": ROUND_FLOOR}
WORDS = ("or", "and", "in", "null", "function")


@functools.lru_cache(maxsize=256)
def read_formula(text: str) -> Term:
    """Return the term of a formula, `{"total_price": …}` or what stands in its place. ValueError where it is more than is known here."""
    reader = _Reader(text)
    whole = reader.take("{")
    if whole:
        reader.need("total_price", kind="text")
        reader.need(":")
    term = reader.read_choice()
    if whole:
        reader.need("}")
    reader.need("", kind="end")
    return term


class _Reader:
    """A formula's tokens, read one after the other."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.at = self.depth = end = 0
        for match in TOKEN.finditer(text[:MOST]):
            number, double, single, name, sign = match.groups()
            quoted = double if double is not None else single
            kinds = {"number": number, "text": quoted, "name": name, "sign": sign}
            self.tokens += [(kind, token) for kind, token in kinds.items() if token is not None]
            if match.start() != end:
                break
            end = match.end()
        if end != len(text):
            raise ValueError(f"unknown at {end}")
        self.tokens.append(("end", ""))

    def take(self, *texts: str, kind: str = "") -> str | None:
        """Return the next token where it is one of these, and go on; else None."""
        found, text = self.tokens[self.at]
        if text not in texts or found not in ((kind,) if kind else ("sign", "name")):
            return None
        self.at += 1
        return text

    def need(self, text: str, *, kind: str = "") -> None:
        """Go on where the next token is this one; else raise ValueError."""
        if self.take(text, kind=kind) is None:
            raise ValueError(f"no {text or kind}")

    def read_choice(self) -> Term:
        """Return the next term, or a choice between two."""
        self.depth += 1
        if self.depth > DEPTH:
            raise ValueError("too deep")
        term = self.read_level(0)
        if self.take("?"):
            yes = self.read_choice()
            self.need(":")
            term = _choose(term, yes, self.read_choice())
        self.depth -= 1
        return term

    def read_level(self, level: int) -> Term:
        """Return terms that operators of this level join."""
        if level == len(LEVELS):
            return self.read_factor()
        term = self.read_level(level + 1)
        while sign := self.take(*LEVELS[level]):
            term = _join(sign, term, self.read_level(level + 1))
        return term

    def read_factor(self) -> Term:
        """Return a number, a text, a value, a function's result, or what stands in brackets."""
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind in ("number", "text"):
            constant = Decimal(text) if kind == "number" else text
            return lambda values: constant
        if (kind, text) == ("sign", "("):
            term = self.read_choice()
            self.need(")")
            return term
        if kind != "name" or text in WORDS:
            raise ValueError(f"unknown: {text}")
        if text in ("true", "false"):
            return lambda values: text == "true"
        return self.read_call(text) if text.startswith("$") else lambda values: values[text]

    def read_call(self, name: str) -> Term:
        """Return the result of a function, of one number or of a list of them."""
        if name not in ROUND and name not in REDUCE:
            raise ValueError(f"unknown: {name}")
        self.need("(")
        if name in REDUCE:
            self.need("[")
        terms = [self.read_choice()]
        while name in REDUCE and self.take(","):
            terms.append(self.read_choice())
        if name in REDUCE:
            self.need("]")
        self.need(")")
        if name in ROUND:
            return lambda values: _as(Decimal, terms[0](values)).to_integral_value(ROUND[name])
        return lambda values: REDUCE[name]([_as(Decimal, term(values)) for term in terms])


def _choose(condition: Term, yes: Term, no: Term) -> Term:
    return lambda values: yes(values) if _as(bool, condition(values)) else no(values)


def _join(sign: str, one: Term, other: Term) -> Term:
    kind, work = OPERATORS[sign]

    def evaluate(values: Mapping[str, Value]) -> Value:
        left, right = _as(kind, one(values)), _as(kind, other(values))
        if type(left) is not type(right):
            raise ValueError(f"{left!r} and {right!r} are of two kinds")  # 5 and "5" may be meant as equal
        return work(left, right)

    return evaluate


def _as(kind: type, value: Value) -> Any:
    """Return the value where it is of this kind. ValueError for "5" as a number."""
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
