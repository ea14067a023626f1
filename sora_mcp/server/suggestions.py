"""Say all that is wrong with a refused call, and what works in its place: values that are offered and never assumed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from sora_mcp.catalogue.advice import ADVISED
from sora_mcp.catalogue.affordable_clips import Room
from sora_mcp.catalogue.best_look import describe_best_within
from sora_mcp.catalogue.clip_plan import describe_parts_within
from sora_mcp.catalogue.explain import explain, explain_price
from sora_mcp.catalogue.families import explain_unknown, name_best_look
from sora_mcp.catalogue.fixes import joint_fixes
from sora_mcp.catalogue.free_edits import describe_trim
from sora_mcp.catalogue.input_videos import ANY_CLIP
from sora_mcp.catalogue.overcharges import describe_risk
from sora_mcp.catalogue.planner import plan
from sora_mcp.catalogue.rules import FIT, one_of
from sora_mcp.domain import CONTINUES, EDITS, JOB_ID, PICTURES, VideoRequest
from sora_mcp.domain.broken_rule import BrokenRule, Fix, describe_rule
from sora_mcp.domain.errors import MOST_BROKEN, BrokenRules, ModelRetired, NeedsConfirmation, OverBudget, SoraError, UnknownModel
from sora_mcp.domain.file_names import find_file_name, is_path, is_video_name
from sora_mcp.domain.money import NO_LIMIT, Micros, format_dollars, round_up, show
from sora_mcp.server.approval_question import describe_cheaper
from sora_mcp.server.argument_fixes import fix_arguments
from sora_mcp.server.context import ToolContext, principal
from sora_mcp.server.raising_limits import add_how_to_raise
from sora_mcp.server.schema import ALIASES
from sora_mcp.server.tools import TOOLS

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService

BUYS: Mapping[str, bool] = {"create_video": True, "estimate_cost": False}
"""The tools that take a request for a video, and whether it is bought."""
KEPT: Mapping[str, frozenset[str]] = {
    tool: frozenset(argument.name for argument in TOOLS[tool].rows if argument.name not in ("request_id", "quote")) for tool in BUYS
}
"""Arguments that no fix leaves out: what they say was asked for."""
ROUNDS = 5
"""The call as it came, without its prompt, by the rules, within the caps, and the last look."""
PICTURE_ARGUMENTS = ("image", EDITS, *PICTURES)


@dataclass(frozen=True)
class Suggestion:
    """A refusal with all that is wrong, and the changes that would work."""

    refusal: SoraError
    fixes: tuple[Fix, ...] = ()


@dataclass
class _Findings:
    """Every broken rule found so far, and its sentence, by its argument; an unknown argument may share its name with an option."""

    rows: dict[tuple[str, bool], BrokenRule] = field(default_factory=dict[tuple[str, bool], BrokenRule])
    sentences: dict[object, str] = field(default_factory=dict[object, str])

    def add(self, refusal: SoraError, fixes: tuple[Fix, ...], call: Mapping[str, Any]) -> None:
        """Add one refusal of the call. A rule of an offer knows better what is allowed than the kind of an argument does."""
        subject = refusal.subject if isinstance(refusal, BrokenRules) else ""
        for rule in refusal.broken or _make_row(refusal, fixes, call):
            key = (rule.argument, rule.code == "unknown_argument")
            self.rows[key] = replace(self.rows.get(key, rule), allowed=rule.allowed)
            if isinstance(refusal, BrokenRules) or not refusal.broken:
                self.sentences[key] = describe_rule(self.rows[key], subject)
        if not isinstance(refusal, BrokenRules) and not (isinstance(refusal, UnknownModel) and fixes):
            self.sentences[refusal.its_code] = refusal.message


async def suggest(refusal: SoraError, tool: str, given: Mapping[str, Any], ctx: ToolContext) -> Suggestion:
    """Return the refusal of a tool with all that is wrong besides, and changes of which each was tried.

    Where arguments or the first frame are wrong, the changes make one call together; else each works alone, but for those that mend
    several broken arguments.
    """
    if isinstance(refusal, BrokenRules) and len(refusal.broken) >= MOST_BROKEN:
        return Suggestion(refusal)  # so much is wrong that no change of a few values helps
    if tool not in BUYS or not isinstance(refusal, ADVISED):
        return Suggestion(refusal, refusal.fixes or (fix_arguments(TOOLS[tool].rows, given) if isinstance(refusal, BrokenRules) else ()))
    try:
        service = await ctx.request_context.lifespan_context.service()
        arguments = TOOLS[tool].parse(given)
        request = arguments.request
    except SoraError:
        return await _mend(refusal, tool, given, ctx)
    if _is_about_frame(refusal):
        if (changed := await _lead_to_edits(refusal, service, request)) is not None:
            return changed
        frames = await _suggest_frames(refusal, service, request)
        return Suggestion(refusal, frames) if frames else await _mend(refusal, tool, given, ctx)
    request = await _read(request, tool, service)
    fixes = await service.advise(refusal, request, principal=principal(), buys=BUYS[tool], clips=_count_clips(arguments))
    if isinstance(refusal, NeedsConfirmation):
        return Suggestion(await _add_to_question(refusal, arguments.request, service), fixes)
    refusal = await _explain(refusal, arguments.request, request, service, fixes=fixes, is_bought=BUYS[tool])
    if not isinstance(refusal, BrokenRules) or request.max_usd is None or any(fix.argument != "model" for fix in fixes):
        return Suggestion(refusal, fixes)
    uncapped = await service.advise(refusal, replace(request, max_usd=None), principal=principal(), clips=_count_clips(arguments))
    return _name_cap(refusal, request.max_usd, tuple(fix for fix in uncapped if fix.argument != "model"), others=fixes)


async def _read(request: VideoRequest, tool: str, service: VideoService) -> VideoRequest:
    """Return the request of a tool with its pictures read."""
    return await (service.inputs.read if BUYS[tool] else service.inputs.read_for_estimate)(request, principal=principal())


async def _explain(
    refusal: SoraError, said: VideoRequest, request: VideoRequest, service: VideoService, *, fixes: tuple[Fix, ...], is_bought: bool
) -> SoraError:
    """Return the refusal with what other values do not mend in plain words; `said` is the request before its pictures were read."""
    budget = await service.budget(principal())
    left, most = budget.remainder, budget.per_video
    if isinstance(refusal, BrokenRules):
        named = refusal if said.continues is None else _name_continues(refusal)
        can_fit = any(fix.argument == f"options.{FIT}" for fix in fixes)
        explained = explain(named, request, service.catalogue, can_fit=can_fit, today=service.today, room=Room(most, left))
        trim = describe_trim(request, None, service.catalogue, today=service.today) if _breaks(refusal, EDITS) else ""
        # Where the model's own clips are above a cap, the length is said once more in clips that are not.
        longest = max(offer.seconds) if (offer := service.catalogue.get(refusal.subject)) is not None else 0
        is_dear = not fixes or any(fix.argument == "seconds" and fix.value != longest for fix in fixes)
        can_split = is_bought and is_dear and _breaks(refusal, "seconds") and request.clip is None
        within = describe_parts_within(request, service.catalogue, each=most, total=left, today=service.today) if can_split else ""
        more = " ".join(filter(None, (trim, within and (f"Within {format_dollars(left)}: {within}" if left < NO_LIMIT else within))))
        return _append(explained, more) if more else explained
    if isinstance(refusal, OverBudget) and is_bought:
        raisable = add_how_to_raise(refusal, service.settings)
        explained = explain_price(raisable, request, service.catalogue, most=most, left=left, today=service.today)
        if request.max_usd is None:
            return explained
        room, named = Room(most, min(left, request.max_usd)), {request.model, *(fix.value for fix in fixes)}
        best = describe_best_within(request, service.catalogue, room=room, but=named, today=service.today)
        return OverBudget(f"{explained.message} {best}") if best else explained
    if isinstance(refusal, ModelRetired):
        best = name_best_look(request, service.catalogue, today=service.today)
        return ModelRetired(" ".join([refusal.message, *best]), broken=refusal.broken)
    if isinstance(refusal, UnknownModel):
        return explain_unknown(refusal, request, service.catalogue, today=service.today, room=Room(most, left))
    return refusal


def _breaks(refusal: BrokenRules, argument: str) -> bool:
    return any(rule.argument == argument for rule in refusal.broken)


def _append(refusal: BrokenRules, sentence: str) -> BrokenRules:
    return BrokenRules(refusal.broken, subject=refusal.subject, fixes=refusal.fixes, message=f"{refusal.message} {sentence}")


async def _add_to_question(refusal: NeedsConfirmation, request: VideoRequest, service: VideoService) -> NeedsConfirmation:
    """Return the refusal with what its price may become where the vendor charged more than quoted, and how the same is had for less."""
    risk, order = None, refusal.order
    if order is not None and order.offer.overcharge is not None:
        quote = await service.store.approvals.get(refusal.quote_id)
        risk = describe_risk(order.offer, quote.total, service.catalogue)
    added = [*filter(None, (risk, describe_cheaper(service, request, refusal)))]
    return refusal.change(" ".join([refusal.message, *added])) if added else refusal


def _name_continues(refusal: BrokenRules) -> BrokenRules:
    """Return the refusal of a continuation: where the model takes no first frame, the argument is not one that the caller said."""
    renamed = [
        replace(rule, argument=CONTINUES) if rule.argument == "image" and rule.allowed.startswith("left out") else rule
        for rule in refusal.broken
    ]
    return BrokenRules(tuple(renamed), subject=refusal.subject, fixes=refusal.fixes)


def _name_cap(refusal: BrokenRules, cap: Micros, fixes: tuple[Fix, ...], *, others: tuple[Fix, ...]) -> Suggestion:
    """Return the refusal with the caller's own cap as one rule more, where all that mends the others costs more."""
    own = joint_fixes(refusal, fixes)
    price = own[-1].micros if own else None
    if price is None or price <= cap:
        return Suggestion(refusal, others)
    rule = BrokenRule("max_usd", show(cap)[1:], f"at least {show(round_up(price))[1:]}", "over_budget")
    values = " and ".join(f"{fix.argument}={json.dumps(fix.value, ensure_ascii=False)}" for fix in own)
    cost, most = format_dollars(round_up(price)), format_dollars(cap)
    ask = f"With {values} it costs {cost}, above max_usd {most}: ask the user whether {cost} is fine."
    return Suggestion(BrokenRules((*refusal.broken, rule), subject=refusal.subject, message=f"{refusal.message} {ask}"), others)


def _count_clips(arguments: Any) -> int:
    """Return how many clips a call of `create_video` or `estimate_cost` asks for."""
    return getattr(arguments, "variations", None) or getattr(arguments, "clips", None) or 1


async def _mend(refusal: SoraError, tool: str, given: Mapping[str, Any], ctx: ToolContext) -> Suggestion:
    """Return the refusal with what is wrong besides. Its fixes, all together, make a call that works at the price that they name; there
    are none where no such call was found. Prompt and video are the caller's own: others stand for them where they are wrong."""
    findings, call, spare = _Findings(), dict(given), dict[str, str]()
    micros: Micros | None = None
    needs_yes = False
    for _ in range(ROUNDS):
        fixes = await _find_fixes(refusal, tool, call | spare, ctx)
        findings.add(refusal, fixes, call)
        call = apply_fixes(call, joint_fixes(refusal, fixes))
        if EDITS in given and EDITS not in call:
            spare[EDITS] = ANY_CLIP
        try:
            micros, needs_yes = await _price(tool, call | spare, ctx)
            break
        except SoraError as error:
            refusal = error
        if isinstance(refusal, BrokenRules) and any(rule.argument == "prompt" for rule in refusal.broken):
            spare["prompt"] = "x"
    # Without its picture the call would buy something else: it only shows what is wrong besides.
    keeps_picture = "image" in call or not {"image", *ALIASES["image"]} & given.keys()
    keeps_picture = keeps_picture and all(_has_option(call, name) for name in PICTURES if _has_option(given, name))
    keeps_picture = keeps_picture and (EDITS in call or not {EDITS, *ALIASES[EDITS]} & given.keys())
    keeps_all = all(name in call or given[name] is None for name in given if name in KEPT[tool])
    changes = find_differences(given, call, micros) if micros is not None and keeps_picture and keeps_all else ()
    whole = BrokenRules(tuple(findings.rows.values()), message=" ".join(findings.sentences.values()))
    return Suggestion(whole, tuple(replace(fix, needs_yes=needs_yes) for fix in changes if fix.argument not in spare))


async def _price(tool: str, call: Mapping[str, Any], ctx: ToolContext) -> tuple[Micros, bool]:
    """Return what the call would cost, and whether a person has to agree. Raise what the tool would refuse it with; nothing is bought."""
    arguments = TOOLS[tool].parse(call)
    service = await ctx.request_context.lifespan_context.service()
    each = await (service.preview if BUYS[tool] else service.price)(arguments.request, principal=principal())
    total = each if BUYS[tool] else Micros(each * _count_clips(arguments))
    above = (await service.budget(principal())).confirm_above
    return total, above is not None and total > above


async def _find_fixes(refusal: SoraError, tool: str, call: Mapping[str, Any], ctx: ToolContext) -> tuple[Fix, ...]:
    """Return what mends this refusal of the call."""
    if isinstance(refusal, BrokenRules) and (fixes := fix_arguments(TOOLS[tool].rows, call)):
        return fixes
    try:
        service = await ctx.request_context.lifespan_context.service()
        arguments = TOOLS[tool].parse(call)
        request = arguments.request
        if _is_about_frame(refusal):
            return await _suggest_frames(refusal, service, request) or (Fix(_name_argument(refusal), None),)
        request = await _read(request, tool, service)
    except SoraError as error:
        return error.fixes
    return await service.advise(refusal, request, principal=principal(), buys=BUYS[tool], clips=_count_clips(arguments))


def _is_about_frame(refusal: SoraError) -> bool:
    """Return whether a picture could not be read; an offer that does not take it is named in the refusal."""
    if not isinstance(refusal, BrokenRules) or refusal.subject:
        return False
    return refusal.broken[0].argument.removeprefix("options.") in PICTURE_ARGUMENTS


def _name_argument(refusal: SoraError) -> str:
    return refusal.broken[0].argument if isinstance(refusal, BrokenRules) else "image"


def _has_option(call: Mapping[str, Any], name: str) -> bool:
    """Return whether a call says this option, as an argument or among the options."""
    options = call.get("options")
    return name in call or (isinstance(options, dict) and name in options)


async def _suggest_frames(refusal: SoraError, service: VideoService, request: VideoRequest) -> tuple[Fix, ...]:
    """Return the last frame of a clip that was named as a picture, or the file of the same name in a folder that is looked into, where
    the request can be bought with it."""
    got, name = str(refusal.broken[0].got) if isinstance(refusal, BrokenRules) else "", _name_argument(refusal)
    found: list[Fix] = []
    for value in _list_near(got, name):
        with contextlib.suppress(SoraError):
            found.append(Fix(name, value, await service.preview(replace(request, **{name: value}), principal=principal())))
    return tuple(found)


async def _lead_to_edits(refusal: SoraError, service: VideoService, request: VideoRequest) -> Suggestion | None:
    """Return the refusal of a video as a picture with the call that changes the video and its price; None where nothing does. Of a model
    that makes nothing else, that alone."""
    rule = refusal.broken[0]
    got = str(rule.got)
    if rule.argument != "image" or not rule.allowed.startswith("a frame of this video"):
        return None
    named = service.catalogue.find_offers(request.model or "")
    is_editor = bool(named) and all(offer.video is not None for offer in named)
    edited = replace(request, model=request.model if is_editor else None, size=None, seconds=None, image=None, edits=got)
    model = f'model="{request.model}", ' if is_editor else ""
    try:
        order, price = plan(await service.inputs.read(edited, principal=principal()), service.catalogue, today=service.today)
        if not service.catalogue.is_usable(order.offer):
            return None
        cost = f"{order.seconds} s on {order.offer.id}, {format_dollars(price.micros)}"
    except SoraError as error:
        if not is_editor:
            return None
        cost = error.message.rstrip(".")
    if is_editor:
        only = replace(rule, got=None, allowed="left out: this model changes a video")
        whole = f'{describe_rule(only, "")} To change it: create_video({model}edits="{got}"), {cost}.'
        return Suggestion(BrokenRules((only,), message=whole))
    how = f'To change the video itself: create_video(edits="{got}"), {cost}.'
    whole = BrokenRules(refusal.broken, message=f"{refusal.message} {how}")
    return Suggestion(whole, await _suggest_frames(refusal, service, request))


def _list_near(got: str, argument: str) -> Iterator[str]:
    """Yield what else a picture, or a video to edit, may have been meant to be."""
    if argument == "image" and (JOB_ID.fullmatch(got) or is_video_name(got)):
        yield f"{got}#last"
    elif argument in ("image", EDITS) and is_path(got) and (name := find_file_name(got)) != got:
        yield name


# Changes of a call


def apply_fixes(call: Mapping[str, Any], fixes: Iterable[Fix]) -> dict[str, Any]:
    """Return the call with these changes; None takes an argument, or an option, out."""
    mended = dict(call)
    for fix in fixes:
        option = fix.argument.removeprefix("options.")
        if option == fix.argument or fix.argument in call:
            mended = _set(mended, fix.argument, fix.value)
        else:
            mended["options"] = _set(mended.get("options") or {}, option, fix.value)
    return mended


def find_differences(before: Mapping[str, Any], after: Mapping[str, Any], micros: Micros) -> Iterator[Fix]:
    """Yield the changes that make one call of the other: first what is new or another, then what is to go."""
    old, new = _spread_options(before, after), _spread_options(after, before)
    for name, value in new.items():
        if name not in old or (type(value), value) != (type(old[name]), old[name]):
            yield Fix(name, value, micros)
    for name in old:
        if name not in new:
            yield Fix(name, None, micros)


def _make_row(refusal: SoraError, fixes: tuple[Fix, ...], call: Mapping[str, Any]) -> Iterator[BrokenRule]:
    """Yield the argument that the first fix of a refusal changes, with what would do for it."""
    for first in fixes[:1]:
        values = [fix.value for fix in fixes if fix.argument == first.argument]
        allowed = "left out" if first.value is None else one_of(values)
        yield BrokenRule(first.argument, call.get(first.argument), allowed, refusal.its_code)


def _set(values: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    kept = {**values, name: value}
    return {each: kept[each] for each in kept if each != name or value is not None}


def _spread_options(call: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with the options one by one, where the other call has some too; no options at all are none."""
    options = call.get("options")
    rest = {name: value for name, value in call.items() if name != "options" or value}
    if not isinstance(options, dict) or not isinstance(other.get("options"), dict):
        return rest
    single = {f"options.{name}": value for name, value in cast(dict[str, Any], options).items()}
    return {name: value for name, value in rest.items() if name != "options"} | single
