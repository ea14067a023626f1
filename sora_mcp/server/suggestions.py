"""What else is wrong with a call that its tool does not take, and one call that works in its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from mcp.server.mcpserver import Context

from sora_mcp.catalogue.rules import one_of
from sora_mcp.domain import VideoRequest
from sora_mcp.domain.errors import BrokenRule, BrokenRules, Fix, SoraError, said
from sora_mcp.domain.money import Micros
from sora_mcp.server.context import ServerContext, principal
from sora_mcp.server.schema import checked
from sora_mcp.server.tools.definitions import FACES
from sora_mcp.server.tools.request import parse_request

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

LOOKS: Mapping[str, Callable[[VideoService, VideoRequest], Awaitable[Micros]]] = {
    "create_video": lambda service, wish: service.foresee(wish, principal=principal()),
    "estimate_cost": lambda service, wish: service.priced(wish, principal=principal()),
}
"""What the tools that make a wish would say of it: its price, or a refusal. Nothing is bought."""
ROUNDS = 5
"""The call as it came, without its prompt, by the rules, within the caps, and the last look."""


@dataclass
class Told:
    """Every broken rule that was heard of, and its sentence, by its argument; a name that there is not may be an option's too."""

    rows: dict[tuple[str, bool], BrokenRule] = field(default_factory=dict[tuple[str, bool], BrokenRule])
    sentences: dict[object, str] = field(default_factory=dict[object, str])

    def hear(self, no: SoraError, call: Mapping[str, Any]) -> None:
        """Takes down a refusal of the call. A rule knows better what is allowed than the kind of an argument does."""
        subject = no.subject if isinstance(no, BrokenRules) else ""
        for rule in no.broken if isinstance(no, BrokenRules) else _row(no, call):
            key = (rule.argument, rule.code == "unknown_argument")
            self.rows[key] = replace(self.rows.get(key, rule), allowed=rule.allowed)
            self.sentences[key] = said(self.rows[key], subject)
        if not isinstance(no, BrokenRules):
            self.sentences[no.its_code] = no.message


async def whole(error: BrokenRules, tool: str, given: Mapping[str, Any], ctx: Context[ServerContext, Any] | None) -> BrokenRules:
    """The refusal with all that is wrong besides. Its fixes, all together, make a call that the desk takes, at the price that they
    name; there are none where no such call was found. A prompt is the caller's own: another stands for it where it is wrong."""
    look = LOOKS.get(tool)
    if look is None or ctx is None:
        return error
    told, no, call, spare, micros = Told(), cast(SoraError, error), dict(given), dict[str, str](), None
    for _ in range(ROUNDS):
        told.hear(no, call)
        call = changed(call, no.together)
        try:
            wish = parse_request(**checked(tool, FACES[tool].arguments, call | spare))
            micros = await look(await ctx.request_context.lifespan_context.service(), wish)
            break
        except SoraError as refused:
            no = refused
        if isinstance(no, BrokenRules) and any(rule.argument == "prompt" for rule in no.broken):
            spare = {"prompt": "x"}
    fixes = differences(given, call, micros) if micros is not None else ()
    mends = tuple(fix for fix in fixes if fix.argument not in spare)
    return BrokenRules(tuple(told.rows.values()), fixes=mends, message=" ".join(told.sentences.values()))


def changed(call: Mapping[str, Any], fixes: Iterable[Fix]) -> dict[str, Any]:
    """The call with these changes; None takes an argument, or an option, out."""
    made = dict(call)
    for fix in fixes:
        option = fix.argument.removeprefix("options.")
        if option == fix.argument or fix.argument in call:
            made = _put(made, fix.argument, fix.value)
        else:
            made["options"] = _put(made.get("options") or {}, option, fix.value)
    return made


def differences(before: Mapping[str, Any], after: Mapping[str, Any], micros: Micros) -> Iterator[Fix]:
    """The changes that make the one call of the other: what is new or another, and then what is to go."""
    old, new = _spread(before, after), _spread(after, before)
    for name, value in new.items():
        if name not in old or (type(value), value) != (type(old[name]), old[name]):
            yield Fix(name, value, micros)
    for name in old:
        if name not in new:
            yield Fix(name, None, micros)


def _row(no: SoraError, call: Mapping[str, Any]) -> Iterator[BrokenRule]:
    """The argument that the first fix of a refusal changes, and what would do for it."""
    for first in no.fixes[:1]:
        values = [fix.value for fix in no.fixes if fix.argument == first.argument]
        yield BrokenRule(first.argument, call.get(first.argument), "left out" if first.value is None else one_of(values), no.its_code)


def _put(values: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    kept = {**values, name: value}
    return {each: kept[each] for each in kept if each != name or value is not None}


def _spread(call: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The call with its options one by one where the other has some too; no options at all are none."""
    options = call.get("options")
    rest = {name: value for name, value in call.items() if name != "options" or value}
    if not isinstance(options, dict) or not isinstance(other.get("options"), dict):
        return rest
    single = {f"options.{name}": value for name, value in cast(dict[str, Any], options).items()}
    return {name: value for name, value in rest.items() if name != "options"} | single
