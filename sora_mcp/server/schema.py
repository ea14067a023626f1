"""The arguments of a tool: one dataclass field each, from which the published schema and the strict check follow."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from sora_mcp.catalogue.rules import one_of
from sora_mcp.domain.broken_rule import BrokenRule
from sora_mcp.domain.errors import MOST_BROKEN, BrokenRules
from sora_mcp.domain.money import PER_USD, Micros
from sora_mcp.domain.text import is_harmless

A = TypeVar("A")
Kind = Literal["text", "whole", "number", "dollars", "switch", "object", "texts"]
KINDS: Mapping[Any, Kind] = {
    str: "text",
    int: "whole",
    float: "number",
    Micros: "dollars",
    bool: "switch",
    dict[str, Any]: "object",
    tuple[str, ...]: "texts",
}
"""The kind of an argument, by the type of its field. A Literal is a text that has to be one of its values."""
JSON_TYPES: Mapping[Kind, str] = {
    "text": "string",
    "whole": "integer",
    "number": "number",
    "dollars": "number",
    "switch": "boolean",
    "object": "object",
    "texts": "array",
}
MOST_NAME = 200
"""Characters of an option's name, and of an id that the caller makes up."""
MOST_TEXT = 4_000
"""Characters of an argument, and of an option, but for a prompt and a picture."""
MOST_ITEMS = 50
"""Options, or texts of a list."""
MOST_DEPTH = 10
"""Lists and objects inside each other."""
MOST_HINTS = 10
"""Unknown arguments for which a similar one is looked for."""
ALIASES: Mapping[str, tuple[str, ...]] = {
    "seconds": ("duration", "length", "duration_seconds", "duration_s", "time", "sec", "secs"),
    "size": ("aspect_ratio", "ratio", "resolution", "dimensions", "format", "aspect", "orientation", "quality"),
    "image": ("image_url", "input_image", "first_frame", "start_image", "image_path", "reference_image", "input_reference"),
    "last_image": ("last_frame", "end_image", "end_frame", "tail_image"),
    "references": ("reference_images", "reference_image_urls"),
    "audio": ("sound", "with_audio", "generate_audio"),
    "prompt": ("text", "description", "query", "idea"),
    "job_id": ("id", "job", "video_id", "video", "task_id"),
    "max_usd": ("budget", "max_price", "max_cost", "limit_usd"),
    "continues": ("continue", "extend", "extends", "continue_from", "previous_job_id"),
    "edits": ("edit", "video_url", "input_video", "source_video", "video_to_edit"),
    "variations": ("n", "count", "takes", "variants", "num_videos", "clips"),
    "clips": ("n", "count", "number", "variants"),
    "wait_seconds": ("wait", "timeout"),
    "options": ("extra", "extras", "params", "parameters", "settings"),
    "inputs": ("input", "clips", "videos", "files", "job_ids", "job_id", "video", "clip"),
    "action": ("edit", "operation", "command"),
    "start": ("from", "begin", "at", "time", "moment", "timestamp", "start_time", "second"),
    "end": ("to", "until", "stop", "end_time"),
    "text": ("caption", "title", "words", "subtitle"),
    "ratio": ("aspect_ratio", "aspect", "size", "format", "shape"),
    "sound": ("audio", "music", "song", "soundtrack"),
    "transition": ("effect", "crossfade"),
}
"""Names that other servers and APIs have for the same argument."""
AMOUNT = re.compile(r"\$?(\d{1,9}(?:\.\d{1,18})?)")
CODES = {
    "prompt": "invalid_prompt",
    "size": "invalid_size",
    "seconds": "invalid_seconds",
    "image": "invalid_image",
    "options": "invalid_option",
}
"""Error codes of the arguments that have their own."""


@dataclass(frozen=True)
class Spec:
    """Facts about an argument that its type and default do not tell; stands in `Annotated`. A bounded number has both bounds."""

    description: str = ""
    minimum: int | None = None
    maximum: int | None = None
    is_name: bool = False
    """True for an id that the caller makes up: it is stored as it is, so it has to be short and printable."""
    is_job: bool = False
    """True for the id of a job, which any other name of the job's file may stand for."""
    is_picture: bool = False
    """True for a first frame that need not be known yet: `true` means that there will be one."""
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of an object: the type of the values that most calls need. Others are taken too."""
    most_characters: int = MOST_TEXT
    most_words: int | None = None
    most_items: int = MOST_ITEMS
    """Of a list: how many it may have."""
    values: tuple[str, ...] = ()
    """Values that the schema names; any other one is refused by what uses it, which knows what to say."""


@dataclass(frozen=True)
class Argument:
    """One argument of a tool, as schema and check need it."""

    name: str
    kind: Kind
    spec: Spec = Spec()
    required: bool = False
    one_of: tuple[str, ...] = ()

    @property
    def least(self) -> int | None:
        """The smallest number."""
        return self.spec.minimum

    @property
    def most(self) -> int | None:
        """The largest number."""
        return self.spec.maximum

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema that a client sees: one type, and only keywords that every converter reads."""
        known = {
            "items": {"type": "string"} if self.kind == "texts" else None,
            "properties": {name: {"type": kind} for name, kind in self.spec.properties.items()} or None,
            "enum": list(self.one_of or self.spec.values) or None,
            "minimum": self.least,
            "maximum": self.most,
            "description": self.spec.description or None,
        }
        return {"type": JSON_TYPES[self.kind], **{name: value for name, value in known.items() if value is not None}}

    @property
    def legal_values(self) -> str:
        """The legal values in words."""
        if self.one_of:
            return one_of(self.one_of)
        if self.spec.is_job and self.kind == "text":
            return "a job's id, from create_video or list_videos"
        if self.spec.is_name:
            return f"a text of 1 to {MOST_NAME} printable characters"
        if self.spec.most_words is not None:
            return f"a text of at most {self.spec.most_words} words"
        bounds = f" from {self.least} to {self.most}" if self.most is not None else ""
        return {
            "text": "a text that is not empty",
            "whole": f"a whole number{bounds}" + ("" if bounds else " such as 8"),
            "number": f"a number{bounds}",
            "dollars": "an amount of dollars such as 0.50",
            "switch": "true or false",
            "object": 'an object such as {"seed": 7}',
            "texts": 'a list of texts such as ["v_…"]',
        }[self.kind]

    def takes(self, value: Any) -> bool:
        """Return whether the value is legal. Nothing is converted: a text is no number, true is no 1, and 4.0 is not 4."""
        match self.kind:
            case "text":
                return isinstance(value, str) and self._takes_text(value)
            case "whole":
                return type(value) is int and self._is_within(value)
            case "number":
                return type(value) in (int, float) and self._is_within(value) and abs(value) <= sys.float_info.max
            case "dollars":
                return parse_dollars(value) is not None
            case "switch":
                return isinstance(value, bool)
            case "object":
                return isinstance(value, dict) and _is_short_object(cast(dict[str, Any], value))
            case "texts":
                return type(value) is list and _is_short_list(cast(list[Any], value), self.spec)

    def convert(self, value: Any) -> Any:
        """Return a legal value as the type of the dataclass field."""
        match self.kind:
            case "dollars":
                return parse_dollars(value)
            case "texts":
                return tuple(value)
            case _:
                return value

    def _takes_text(self, text: str) -> bool:
        if len(text) > self.spec.most_characters or (self.spec.most_words is not None and len(text.split()) > self.spec.most_words):
            return False
        if self.spec.is_name and not (len(text) <= MOST_NAME and is_harmless(text)):
            return False
        return bool(text) and (not self.one_of or text in self.one_of)

    def _is_within(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def read_arguments(declared: type[Any]) -> tuple[Argument, ...]:
    """Return the arguments that the fields of a dataclass declare."""
    hints = get_type_hints(declared, include_extras=True)
    return tuple(_read_argument(one.name, hints[one.name], required=one.default is MISSING) for one in fields(declared))


def _read_argument(name: str, hint: Any, *, required: bool) -> Argument:
    spec = Spec()
    if get_origin(hint) is Annotated:
        hint, spec = get_args(hint)
    kind = next((part for part in get_args(hint) if part is not NoneType), hint) if NoneType in get_args(hint) else hint
    values = cast(tuple[str, ...], get_args(kind)) if get_origin(kind) is Literal else ()
    return Argument(name, "text" if values else KINDS[kind], spec, required=required, one_of=values)


def input_schema(arguments: Sequence[Argument]) -> dict[str, Any]:
    """Return the schema of a tool's input.

    It does not say that other arguments are refused, although they are: Google's SDK (google-genai 3.6) fails on that keyword.
    """
    required = [argument.name for argument in arguments if argument.required]
    return {
        "type": "object",
        "properties": {argument.name: argument.schema for argument in arguments},
        **({"required": required} if required else {}),
    }


def output_schema(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of a tool's result: the message, the fields that matter with their types, and any others."""
    known = {"message": {"type": "string"}, **{name: _field_schema(kind) for name, kind in fields.items()}}
    return {"type": "object", "properties": known, "required": ["message"], "additionalProperties": True}


def _field_schema(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object"}} if kind == "objects" else {"type": kind}


def check_arguments(tool: str, arguments: Sequence[Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the call without nulls. Raise BrokenRules, which names everything unknown, missing or of the wrong kind at once."""
    known = {argument.name: argument for argument in arguments}
    call = {name: value for name, value in given.items() if value is not None or name not in known}
    unknown = [name for name in call if name not in known]
    broken = [*_name_unknown(tool, known, unknown[:MOST_BROKEN]), *_find_wrong(known, call), *_find_missing(known, call)]
    if broken:
        raise BrokenRules(tuple(broken), more=len(unknown[MOST_BROKEN:]))
    return call


def parse_arguments(declared: type[A], arguments: Sequence[Argument], call: Mapping[str, Any]) -> A:
    """Return a checked call as the dataclass that declares the arguments."""
    return declared(**{argument.name: argument.convert(call[argument.name]) for argument in arguments if argument.name in call})


def parse_dollars(value: object) -> Micros | None:
    """Return the whole micros of an amount written as a number or a text; None when it is no amount."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        amount = AMOUNT.fullmatch(value.strip())
        return Micros(int(Decimal(amount[1]) * PER_USD)) if amount else None
    if not 0 <= value < 10**9:
        return None
    return Micros(int(Decimal(str(value)) * PER_USD))


INSTEAD = {
    ("estimate_cost", "edits"): 'model="edit" says what an edit costs at each model',
    **{("edit_video", name): "end is the second at which it ends" for name in ("seconds", "duration", "length")},
}
"""What answers the question of an argument that a tool does not have."""


def find_similar(name: str, known: Iterable[str]) -> str | None:
    """Return the argument that an unknown name probably means."""
    plain = name[:100].casefold().replace("-", "_")
    alias = next((own for own in known if plain in ALIASES.get(own, ())), None)
    return alias or next(iter(difflib.get_close_matches(plain, list(known), n=1, cutoff=0.6)), None)


def is_short(value: object) -> bool:
    """Return whether a value is small enough to be looked at: its texts, names and numbers of MOST_TEXT characters at most."""
    left, waiting = MOST_TEXT, [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        left -= _measure(one)
        if left < 0 or depth > MOST_DEPTH:
            return False
        if isinstance(one, dict):
            waiting += [(part, depth + 1) for pair in cast(dict[object, object], one).items() for part in pair]
        elif isinstance(one, list):
            waiting += [(part, depth + 1) for part in cast(list[object], one)]
    return True


def _measure(value: object) -> int:
    """Return how long a value is, without what is inside of it."""
    if isinstance(value, str | list | dict):
        return len(cast(str, value))
    return max(1, value.bit_length() // 4) if isinstance(value, int) else 1


def _is_short_object(values: Mapping[str, Any]) -> bool:
    return len(values) <= MOST_ITEMS and all(len(name) <= MOST_NAME and is_short(value) for name, value in values.items())


def _is_short_list(values: list[Any], spec: Spec) -> bool:
    return 0 < len(values) <= spec.most_items and all(type(one) is str and 0 < len(one) <= spec.most_characters for one in values)


def _name_unknown(tool: str, known: Mapping[str, Argument], unknown: Sequence[str]) -> Iterator[BrokenRule]:
    for number, name in enumerate(unknown):
        near = find_similar(name, known) if number < MOST_HINTS else None
        takes = f"did you mean {near}?" if near else f"it takes {one_of(list(known))}"
        hint = INSTEAD.get((tool, name), takes)
        yield BrokenRule(name[:100], None, f"left out: {tool} has no such argument ({hint})", "unknown_argument")


def _find_wrong(known: Mapping[str, Argument], call: Mapping[str, Any]) -> Iterator[BrokenRule]:
    for name, argument in known.items():
        if name in call and not argument.takes(call[name]):
            yield BrokenRule(name, *_name_limit(argument, call[name]), CODES.get(name, "invalid_argument"))


def _name_limit(argument: Argument, value: Any) -> tuple[Any, str]:
    """Return what came and what is allowed: of a value that is too long, only how long it is."""
    if isinstance(value, str) and len(value) > argument.spec.most_characters:
        return f"{len(value):,} characters", f"at most {argument.spec.most_characters:,} characters"
    if type(value) in (list, dict) and len(value) > argument.spec.most_items:
        return f"{len(value):,} of them", f"{argument.legal_values}, at most {argument.spec.most_items}"
    return (value if is_short(value) else f"a value of more than {MOST_TEXT:,} characters"), argument.legal_values


def _find_missing(known: Mapping[str, Argument], call: Mapping[str, Any]) -> Iterator[BrokenRule]:
    for name, argument in known.items():
        if argument.required and name not in call:
            yield BrokenRule(name, None, f"given: {argument.legal_values}", CODES.get(name, "invalid_argument"))
