"""Create, estimate and list videos. The path of money only refuses: find, check, quote, reserve."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from sora_mcp.artifacts.local import ensure_folder
from sora_mcp.catalogue.advice import Limits, advise
from sora_mcp.catalogue.clip_plan import plan_parts
from sora_mcp.catalogue.input_videos import is_any
from sora_mcp.catalogue.planner import check_max_usd, find_broken_cap, plan
from sora_mcp.catalogue.rules import FIT
from sora_mcp.domain import (
    EDIT_MODEL,
    JOB_ID,
    LIVE,
    LOCAL,
    Job,
    NextClip,
    Offer,
    Order,
    Quote,
    State,
    VideoRequest,
    errors,
)
from sora_mcp.domain.broken_rule import BrokenRule, Fix
from sora_mcp.domain.errors import (
    BrokenRules,
    MissingKey,
    NeedsConfirmation,
    NotCancellable,
    OverBudget,
    PriceUnknown,
    RequestIdConflict,
    SoraError,
    StorageError,
)
from sora_mcp.domain.money import UNASKED_TIMES, Micros
from sora_mcp.jobs.cancel import cancel_at_vendor, describe_end
from sora_mcp.jobs.context import JobContext
from sora_mcp.jobs.continuation import describe_source, find_chain, find_maker
from sora_mcp.jobs.edit import Editing
from sora_mcp.jobs.estimate import Estimate, add_alternatives, compare_offers, plan_estimate
from sora_mcp.jobs.first_frame import FirstFrames
from sora_mcp.jobs.named_videos import name_any_clip
from sora_mcp.jobs.next_steps import (
    Continuations,
    find_change,
    find_cheaper,
    find_continuation,
    is_content_refused,
    is_refused,
)
from sora_mcp.jobs.purchase import identify_words, make_purchase, make_terms
from sora_mcp.jobs.replacements import find_elsewhere, find_replacements
from sora_mcp.jobs.request_inputs import RequestInputs
from sora_mcp.media.edit.edits import EditRequest
from sora_mcp.media.optional import has_media_extra
from sora_mcp.store.budgets import Outlook
from sora_mcp.store.ledger import Grouping
from sora_mcp.store.paused_models import describe_pause
from sora_mcp.store.records import Budget, Caps, Costs, Page, Person, Purchase
from sora_mcp.store.transactions import read_both
from sora_mcp.telemetry import note_purchase


@dataclass
class VideoService(JobContext):
    """Videos of one user: create, estimate, list, cancel, edit."""

    searches: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))
    continuations: Continuations = field(default_factory=Continuations)
    editing: Editing = field(init=False)
    frames: FirstFrames = field(init=False)
    inputs: RequestInputs = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.editing = Editing(self.settings, self.store, self.clock, self.in_memory_facts, self.files)
        self.frames = FirstFrames(self.settings, self.store, self.media_pool, self.files)
        self.inputs = RequestInputs(self, self.frames)

    @property
    def caps(self) -> Caps:
        """The limits of the settings."""
        settings = self.settings
        unasked = Micros(UNASKED_TIMES * settings.confirm_above)
        return Caps(settings.per_video, settings.daily, settings.monthly, settings.zone, unasked, settings.confirm_above)

    async def create(self, request: VideoRequest, *, principal: str, agreed: str | None = None) -> Job:
        """Find an offer, check the request, quote and reserve it. Return the job: new, or the one that exists.

        A refusal means that nothing was sent or held. `agreed` is the quote that a person has just agreed to.
        """
        said = request
        with errors.before_money():
            request = await self.inputs.read(request, principal=principal)
        try:
            purchase = await self._prepare(request, principal, agreed)
            job = await self.store.reservations.reserve(purchase, self.caps)
        except (NeedsConfirmation, RequestIdConflict):
            raise  # the store has looked for such a job already
        except SoraError:
            # It cannot be bought now, or not so: a job that was bought with the same words may exist all the same.
            with contextlib.suppress(StorageError):  # the first error knows whether its own write arrived
                if (job := await self.store.reservations.find(identify_words(request, principal))) is not None:
                    return replace(await self._add_facts(job), day_left=(await self.budget(principal)).room)
            raise
        self.wake()
        job = await self._add_facts(job)
        if job.deduplicated:
            return job
        note_purchase(job.vendor, job.id, videos=request.variations)
        # What only matters while it is bought is not stored: the vendor's answers say more afterwards.
        why = tuple(filter(None, (describe_source(said, request, purchase.order.offer), purchase.order.why)))
        return replace(job, ended=purchase.order.offer.ended, warnings=(*why, *job.warnings))

    async def preview(self, request: VideoRequest, *, principal: str) -> Micros:
        """Return what `create` would set aside now. Raise its refusals, but for a missing yes; nothing is sent or held."""
        request = await self.inputs.read(request, principal=principal)
        purchase = await self._prepare(request, principal, None)
        await self.store.reservations.check(purchase, self.caps)
        return purchase.total

    async def price(self, request: VideoRequest, *, principal: str) -> Micros:
        """Return what one such video costs by the price table. Raise the refusals of an estimate; no vendor is asked."""
        asked = name_any_clip(await self.inputs.read_for_estimate(request, principal=principal), self.catalogue)
        return plan(asked, self.catalogue, today=self.today)[1].micros

    async def advise(
        self, refusal: SoraError, request: VideoRequest, *, principal: str, buys: bool = True, clips: int = 1
    ) -> tuple[Fix, ...]:
        """Return what would work instead of a refused request whose frame was read. Where nothing is bought, what the caps forbid is
        named only where they forbid all."""
        budget = await self.budget(principal)
        limits = self._find_limits(budget, max(clips, request.variations))
        fewer = self._find_fewer(request, budget) if isinstance(refusal, OverBudget) and request.variations > 1 else ()
        found = (*fewer, *advise(refusal, request, self.catalogue, limits, today=self.today))
        if found or buys:
            return found
        return advise(refusal, request, self.catalogue, replace(limits, left=None), today=self.today)

    def _find_limits(self, budget: Budget, clips: int = 1) -> Limits:
        """Return the limits on what may be bought instead of a refused call, or of a paused model."""
        needs_yes = partial(self.needs_yes, budget=budget)
        return Limits(budget.per_video, budget.remainder, needs_yes, has_media_extra(), clips)

    def _find_fewer(self, request: VideoRequest, budget: Budget) -> Iterator[Fix]:
        """Yield the number of takes that can be bought, where that is fewer than were asked for."""
        _, price = plan(request, self.catalogue, today=self.today)
        room = min(cap for cap in (budget.remainder, request.max_usd) if cap is not None)
        takes = room // price.micros if 0 < price.micros <= budget.per_video else 0
        total = replace(price, micros=Micros(price.micros * takes))
        if 0 < takes < request.variations:
            yield Fix("variations", takes, total.micros, clips=takes, needs_yes=self.needs_yes(total, budget))

    async def estimate(self, request: VideoRequest, *, clips: int, principal: str) -> Estimate:
        """Return what `clips` of these would cost now, asking the vendor where it answers. A needed yes gets a quote; nothing is held."""
        said = request
        request = name_any_clip(await self.inputs.read_for_estimate(request, principal=principal), self.catalogue)
        today, catalogue, extra = self.today, self.catalogue, 0
        if parts := plan_parts(request, catalogue, today=today):
            extra = clips * parts[0].extra
            clips, request = clips * parts[0].clips, replace(request, seconds=parts[0].order.seconds)
        order, price, none_left = plan_estimate(request, catalogue, today=today)
        held, table, vendor = price, price, catalogue.get_vendor(order.offer)
        if is_usable := catalogue.is_usable(order.offer):
            price = await self.quotes.ask_vendor(vendor, order, held, today=today)
            held = self.quotes.find_least(vendor, order, held, today=today)
        terms = make_terms(order, held, principal, clips)

        def find_yes(outlook: Outlook) -> tuple[bool, str | None]:
            needs_yes = outlook.passes_unasked or self.needs_yes(held, outlook.budget)
            return needs_yes, self.store.approvals.find_waiting.sync(terms) if needs_yes else None

        check = self.store.budgets.check.bind(held.micros, self.caps, clips=clips, principal=principal)
        outlook, (needs_yes, waiting) = await read_both(check, find_yes)
        refusal = self._find_obstacle(order, outlook) if is_usable else none_left or self._describe_missing_key(order.offer, request)
        refusal = refusal or outlook.passed_cap
        is_open = order.clip is not None and is_any(order.clip)  # the clip that is named later has a price of its own
        asks = needs_yes and refusal is None and not is_open
        quote_id = (waiting or await self.store.approvals.request(terms)) if asks else None
        waits = await self.store.approvals.get(quote_id) if quote_id is not None else None
        good_for_s = 0.0 if waits is None else waits.expires_at - self.clock()
        total, offers = Micros(price.micros * clips + extra), compare_offers(request, catalogue, today=today)
        found = Estimate(order, price, clips, total, needs_yes, waits, good_for_s, refusal, outlook.budget, offers, parts=parts)
        found = add_alternatives(found, request, held, catalogue, is_quoted=price.micros != table.micros, today=today)
        is_paused = is_usable and order.offer.id in catalogue.paused_models
        missing = MissingKey("") if not is_usable and request.model is not None and catalogue.keyed else None
        over = OverBudget("") if is_usable and refusal and refusal == outlook.passed_cap and not parts else missing
        stop = PriceUnknown("") if is_paused else over
        at_hand = () if stop is None else await self.advise(stop, request, principal=principal, buys=is_usable, clips=clips)
        return replace(
            found, at_hand=at_hand, is_usable=is_usable, is_paused=is_paused, going_on=await self._price_continuation(said, principal)
        )

    async def _price_continuation(self, said: VideoRequest, principal: str) -> NextClip | None:
        """Return what `continues` makes of the clip whose last frame a request without a model names; None for any other request."""
        job_id, mark, place = said.image.strip().partition("#") if isinstance(said.image, str) else ("", "", "")
        if said.model is not None or not mark or place.casefold() != "last" or not JOB_ID.fullmatch(job_id):
            return None
        job = await self.store.jobs.get(job_id.casefold(), principal)
        maker = await find_maker(self.store, job)
        return find_continuation(job, maker, self.catalogue, seconds=said.seconds, today=self.today)

    def _find_obstacle(self, order: Order, outlook: Outlook) -> str | None:
        """Return why the offer cannot be bought now at any number of clips: it is paused, or the store has lost purchases."""
        return self._find_pause(order) or (None if outlook.loss is None else outlook.loss.describe())

    def _find_pause(self, order: Order) -> str | None:
        """Return that the offer is paused, where it is; the store looks again at what it reserves."""
        pause = next((pause for pause in self.catalogue.pauses if pause.model == order.offer.id), None)
        return None if pause is None else describe_pause(pause)

    async def job(self, job_id: str, *, principal: str) -> Job:
        """Return the job, with what only this process knows of it. NotFound also for a job of another principal."""
        return await self._add_local_facts(await self.store.jobs.get(job_id, principal))

    def find_change(self, job: Job) -> NextClip | None:
        """Return what `edits` makes of the finished clip at the cheapest model that can be bought; None where there is none."""
        return find_change(job, self.catalogue, today=self.today)

    def find_cheaper(self, job: Job) -> NextClip | None:
        """Return what goes on from the finished clip at another model for half the price or less; None where nothing does."""
        return find_cheaper(job, self.catalogue, today=self.today)

    async def find_file(self, job: Job) -> Path:
        """Return where the job's finished file is on this machine. NotFinished where there is none, StorageError where S3 is away."""
        return await self.files.find(job)

    async def jobs(
        self,
        *,
        principal: str,
        states: Sequence[State] = (),
        query: str | None = None,
        since: float | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> Page:
        """Return a page of jobs, newest first. Queries wait for each other, so that they never take all readers of the store."""
        async with self.searches if query else contextlib.nullcontext():
            return await self.store.jobs.search(principal, states=states, query=query, since=since, limit=limit, cursor=cursor)

    async def jobs_and_budget(self, *, principal: str, query: str | None = None, **asked: Any) -> tuple[Page, Budget]:
        """Return a page of jobs as `jobs` does, and what is left of the limits that apply to the principal."""
        async with self.searches if query else contextlib.nullcontext():
            get = self.store.budgets.get.bind(self.caps, principal)
            budget, page = await read_both(get, lambda _: self.store.jobs.search.sync(principal, query=query, **asked))
            return page, budget

    async def budget(self, principal: str = LOCAL) -> Budget:
        """Return what is left of the limits that apply to the principal; held money counts as spent."""
        return await self.store.budgets.get(self.caps, principal)

    async def meet(self, principal: str, facts: Mapping[str, Any]) -> None:
        """Write down who calls, with what the token says of the person."""
        await self.store.people.meet(Person(principal, **facts))

    async def costs(self, by: Grouping, *, since: date, until: date | None, principal: str, **asked: Any) -> tuple[Costs, ...]:
        """Return what the principal's videos of these days cost, as the ledger sums them; what all did for this machine's own user."""
        last = "" if until is None else until.isoformat()
        owner = None if principal == LOCAL else principal
        return await self.store.ledger.sum_costs(by, since=since.isoformat(), until=last, principal=owner, **asked)

    async def cancel(self, job_id: str, *, principal: str) -> Job:
        """Cancel the job. NotCancellable says why it cannot be, CancelUnclear that the vendor did not say whether it does."""
        job = await self.job(job_id, principal=principal)
        if job.state not in LIVE or job.saving:
            raise NotCancellable(describe_end(job), job)
        if job.model == EDIT_MODEL:
            await self.editing.cancel(job)
            return await self.job(job.id, principal=principal)
        if (gone := await self.store.reservations.cancel_unsent(job)) is not None:
            return gone
        try:
            await cancel_at_vendor(self.store, self.http_client, self.vendor_of(job), job=job)
        finally:
            self.wake()
        return await self.job(job.id, principal=principal)

    async def edit(self, asked: EditRequest, *, principal: str) -> Job:
        """Have an edit made on this computer, free of charge, and return its job: new, or the one that exists."""
        job = await self.editing.begin(asked, principal=principal)
        self.wake()
        return job

    async def _add_facts(self, job: Job) -> Job:
        """Return a job that was just asked for, and its other takes, with what only this process knows."""
        takes = [await self._add_local_facts(take) for take in job.takes]
        return replace(await self._add_local_facts(job), takes=tuple(takes))

    async def _add_local_facts(self, job: Job) -> Job:
        """Return the job with what only this process knows, and until when an unclear call of its model holds it up."""
        job = self.in_memory_facts.add_to(job)
        if job.unwritten is not None or job.trouble is not None:
            return job
        if job.is_above_quote or job.deduplicated or job.state in ("completed", "failed"):
            await self.availability.refresh()
            if (job.is_above_quote or job.deduplicated) and job.model in self.catalogue.paused_models:
                limits = self._find_limits(await self.budget(job.principal))
                job = replace(job, is_paused=True, instead=find_replacements(job, self.catalogue, limits, today=self.today))
        if job.state == "completed" and job.artifact is not None:
            going_on = self.continuations.find(job, await find_maker(self.store, job), self.catalogue, today=self.today)
            return replace(job, continuation=going_on, chain=await find_chain(self.store, job))
        if is_refused(job):
            return await self._add_ways_out(job)
        if job.state != "submitting" or job.submit_token is not None:
            return job
        try:
            if not (alone_s := self.alone_s(job)):
                return job
            return replace(job, waits_until=await self.store.leases.get_blocked_until(job, alone_s))
        except SoraError:
            return job  # nothing that goes wrong here may hide that the job exists

    async def _add_ways_out(self, job: Job) -> Job:
        """Return a job that its vendor refused with what makes its clip at other models, and who refused the same prompt."""
        refusers = await self.store.jobs.list_refusers(job) if is_content_refused(job) else ()
        limits = self._find_limits(await self.budget(job.principal))
        instead = find_elsewhere(job, refusers, self.catalogue, limits, today=self.today)
        return replace(job, instead=instead, refusers=refusers)

    async def _prepare(self, request: VideoRequest, principal: str, agreed: str | None) -> Purchase:
        """Find, check and quote a request whose frame was read: return all that is to be reserved. Refused; nothing is written."""
        with errors.before_money():
            check_seed(request)
            order, table = self._plan(request)
            order = await self.frames.fit(order, str(request.options.get(FIT, "none")), request.size)
            vendor = self.catalogue.get_vendor(order.offer)
            price = self.quotes.find_least(vendor, order, table, today=self.today)
            if (paused := self._find_pause(order)) is not None:
                raise PriceUnknown(paused)
            check_max_usd(request, order, price)
            confirm = price.micros > 0 and bool(price.describe_doubt(self.today))  # the store knows above which price besides
            purchase = make_purchase(
                order,
                price,
                vendor,
                request=request,
                principal=principal,
                confirm=confirm,
                agreed=agreed,
                only_on_page=self.settings.only_on_page,
            )
            # A video is worth its money only where its file can be kept; a share that hangs holds up nobody else.
            await anyio.to_thread.run_sync(ensure_folder, self.settings.output_dir)
            return purchase

    def _describe_missing_key(self, offer: Offer, request: VideoRequest) -> str:
        """Say what the user has to do before this offer can be bought, and what can be had of the request without."""
        return self.catalogue.describe_missing_key((offer,), sample=self.catalogue.describe_sample(request, today=self.today))

    def _plan(self, request: VideoRequest) -> tuple[Order, Quote]:
        """Plan a purchase. MissingKey also names the rules that are broken besides, so that nobody gets a key and is refused again."""
        try:
            order, price = plan(request, self.catalogue, today=self.today)
        except BrokenRules as error:
            offer = self.catalogue.get(error.subject)
            if offer is None or self.catalogue.is_usable(offer):
                raise
            raise MissingKey(self._describe_missing_key(offer, request), broken=error.broken) from None
        if not self.catalogue.is_usable(order.offer):
            raise MissingKey(self._describe_missing_key(order.offer, request), broken=find_broken_cap(request, price))
        return order, price


def check_seed(request: VideoRequest) -> None:
    """Raise BrokenRules where all takes of a request would be the same."""
    if request.variations > 1 and "seed" in request.options:
        rule = BrokenRule("options.seed", request.options["seed"], "left out: with one seed all takes would look alike", "invalid_option")
        raise BrokenRules((rule,), fixes=(Fix("options.seed", None),))
