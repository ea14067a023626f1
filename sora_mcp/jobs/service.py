"""The straight line of every wish: find, check, quote, reserve; nothing else decides."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

import anyio

from sora_mcp.artifacts.local import ensure_folder
from sora_mcp.catalogue.availability import Availability
from sora_mcp.catalogue.catalogue import Catalogue, Fit, cheapest, fitting, key_needed
from sora_mcp.catalogue.live_quotes import Quotes
from sora_mcp.catalogue.planner import ADVISED, Plan, Planner, as_said, outline, purchase_of
from sora_mcp.catalogue.rules import FIT
from sora_mcp.config.settings import Settings
from sora_mcp.domain import LIVE, STALE, Job, Quote, State, Vendor, VideoRequest, VideoRequest, errors
from sora_mcp.domain.errors import (
    BrokenRules,
    Fix,
    MissingKey,
    NeedsConfirmation,
    NotCancellable,
    RequestIdConflict,
    SoraError,
    StorageError,
)
from sora_mcp.domain.money import Micros
from sora_mcp.jobs import backoff as schedule
from sora_mcp.jobs.cancel import recall
from sora_mcp.jobs.edit import Editing
from sora_mcp.jobs.first_frame import Framing
from sora_mcp.media.edit.actions import Asked
from sora_mcp.media.pool import MediaPool
from sora_mcp.net.client import VendorClient
from sora_mcp.store import Budget, Caps, Outline, Page, Purchase, Said, Store
from sora_mcp.store.paused_models import said

T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """What a wish would cost, and whether it would be allowed."""

    plan: Plan
    clips: int
    micros: Micros
    needs_confirmation: bool
    quote_id: str | None
    """What a person can agree to before: one such clip with any prompt."""
    refusal: str | None
    """The sentence with which create_video would refuse it now."""
    budget: Budget
    offers: tuple[Fit, ...]
    """The comparison, cheapest first, where no model was named."""


@dataclass
class VideoService:
    """One user's counter: settings, catalogue, store. `wake` tells the worker that there is something to do."""

    settings: Settings
    store: Store
    http_client: VendorClient
    clock: Callable[[], float]
    wake: Callable[[], None] = lambda: None
    alive: int = 0
    """How many jobs are under way, as the worker last saw it."""
    unwritten: dict[str, str] = field(default_factory=dict[str, str])
    """By job: what became of a paid call, as long as the store does not take it down."""
    troubles: dict[str, str] = field(default_factory=dict[str, str])
    """By job: what went wrong with the last question or download, until one goes well."""
    media_pool: MediaPool = field(default_factory=MediaPool)
    availability: Availability = field(init=False)
    quotes: Quotes = field(init=False)

    def __post_init__(self) -> None:
        self.availability = Availability(self.settings.catalogue, self.store, self.http_client, self.clock)
        self.quotes = Quotes(self.http_client, self.clock)

    @property
    def catalogue(self) -> Catalogue:
        """What this user can buy."""
        return self.availability.catalogue

    @property
    def planner(self) -> Planner:
        """What can be bought now, and how."""
        return Planner(self.catalogue, self.today, self.settings.per_video, self.needs_yes)

    @property
    def framing(self) -> Framing:
        """Where first frames come from."""
        return Framing(self.settings, self.store, self.media_pool)

    @property
    def caps(self) -> Caps:
        """What this user may spend."""
        return Caps(self.settings.per_video, self.settings.daily, self.settings.monthly, self.settings.zone)

    @property
    def today(self) -> date:
        """The calendar day in the user's zone."""
        return datetime.fromtimestamp(self.clock(), self.settings.zone).date()

    async def create(self, wish: VideoRequest, *, principal: str, agreed: str | None = None) -> Job:
        """The job that meets the wish: new, or the one that exists. Refused says what to change; then nothing was sent or held.
        `agreed` is the quote that a person has just said yes to."""
        try:
            job, plan = await self._stored(self.store.reserve, wish, principal, agreed)
        except (NeedsConfirmation, RequestIdConflict):
            raise  # the store has looked for such a job already
        except SoraError:
            # It cannot be bought now, or not so: which says nothing of a job that it was bought as before.
            with contextlib.suppress(StorageError):  # the first error knows whether its own write arrived
                if (job := await self._known(wish, principal)) is not None:
                    return replace(await self._seen(job), day_left=(await self.budget()).day_left)
            raise
        self.wake()
        job = await self._seen(job)
        return job if job.deduplicated else replace(job, warnings=(*plan.notes, *job.warnings, *self._alarm()))

    async def foresee(self, wish: VideoRequest, *, principal: str) -> Micros:
        """What `create` would set aside now. Refused as it would be, but for a missing yes; nothing is sent or held."""
        _, plan = await self._stored(self.store.foresee, wish, principal)
        return plan.quote.micros

    async def _stored(self, work: Callable[[Purchase, Caps], T], wish: VideoRequest, principal: str, agreed: str | None = None) -> tuple[T, Plan]:
        """What the store makes of the wish, and the plan. No fix of a refusal passes a cap."""
        try:
            with errors.before_money():
                purchase, plan, request = await self._intended(wish, principal, agreed)
                # Nothing is worth its money where no file could be kept; a share that hangs holds up nobody else.
                await anyio.to_thread.run_sync(ensure_folder, self.settings.output_dir)
            try:
                return await self.store.run(work, purchase, self.caps), plan
            except ADVISED as error:
                error.fixes = self.planner.advice(error, wish, plan, request, left=await self._left())
                raise
        except SoraError as error:
            if error.fixes:
                left = await self._left()
                error.fixes = tuple(fix for fix in error.fixes if fix.micros is None or fix.micros <= left)
            raise

    async def _intended(self, wish: VideoRequest, principal: str, agreed: str | None) -> tuple[Purchase, Plan, VideoRequest]:
        """All that is to be written down, of what was found, checked and priced."""
        request, parents = await self._request(wish, principal)
        plan = await self._framed(self.planner.plan(wish, request), request)
        plan = replace(plan, quote=self.quotes.at_least(plan.choice, plan.order, plan.quote, today=self.today))
        if not self.catalogue.usable(plan.choice):
            raise MissingKey(key_needed((plan.choice,)), fixes=self.planner.others(request, but=plan.choice))
        self.planner.within(wish, plan, request)
        confirm = self.needs_yes(plan.quote)
        words = as_said(principal, wish, request.image)
        return purchase_of(wish, plan, principal, words=words, confirm=confirm, agreed=agreed, parents=parents), plan, request

    async def _known(self, wish: VideoRequest, principal: str) -> Job | None:
        """The job of the same words, whatever they would mean now. RequestIdConflict."""
        try:
            image = None if wish.image is None else (await self.framing.read(wish.image, principal=principal))[0]
        except SoraError:
            return None
        return await self.store.run(self.store.known, Said(principal, wish.request_id, as_said(principal, wish, image)))

    async def _left(self) -> int:
        """What one video may cost now."""
        budget = await self.budget()
        return max(0, min(budget.day_left, budget.month_left, self.settings.per_video))

    def _alarm(self) -> tuple[str, ...]:
        """What every purchase says until a person has looked at it."""
        paused = [pause.model for pause in self.availability.pauses]
        named = paused[0] if len(paused) == 1 else f"{len(paused)} models"
        return (f"Paused, dearer than quoted: {named}.",) if paused else ()

    async def priced(self, wish: VideoRequest, *, principal: str) -> Micros:
        """What one such video costs by the table. Refused as an estimate would be; nothing is asked or written."""
        request, _ = await self._request(wish, principal)
        return self.planner.plan(wish, request).quote.micros

    async def estimate(self, wish: VideoRequest, *, clips: int, principal: str) -> Estimate:
        """What `clips` of these would cost now, asked of the vendor where it answers. Buys and holds nothing; a needed yes gets a quote."""
        request, _ = await self._request(wish, principal)
        plan = held = self.planner.compared(wish, request)
        if self.catalogue.usable(plan.choice):
            plan = replace(plan, quote=await self.quotes.live(plan.choice, plan.order, plan.quote, today=self.today))
            held = replace(held, quote=self.quotes.at_least(held.choice, held.order, held.quote, today=self.today))
        total = Micros(plan.quote.micros * clips)
        refused, left = await self.store.run(self.store.outlook, held.quote.micros, self.caps, clips=clips)
        if not self.catalogue.usable(plan.choice):
            refused = key_needed((plan.choice,))
        elif (paused := next((pause for pause in self.availability.pauses if pause.model == plan.choice.id), None)) is not None:
            refused = said(paused)
        offers = () if wish.model else tuple(cheapest(fitting(list(self.catalogue.choices()), request, today=self.today)))
        asks = self.needs_yes(held.quote)
        quote_id = await self._asked(held, principal) if asks and refused is None else None
        return Estimate(plan, clips, total, asks, quote_id, refused, left, tuple(f for f in offers if f.quote is not None))

    async def _asked(self, plan: Plan, principal: str) -> str:
        """The quote for such a clip with any prompt."""
        order = plan.order
        wanted = Outline(principal, outline(principal, plan), plan.choice.id, order.size.text, order.seconds, plan.quote.micros)
        return await self.store.run(self.store.approvals.ask, wanted)

    def needs_yes(self, price: Quote) -> bool:
        """Whether a person has to agree first."""
        if price.micros == 0:
            return False
        shaky = price.confidence == "derived" or self.today - price.checked > STALE
        return shaky or price.micros > self.settings.confirm_above

    async def job(self, job_id: str, *, principal: str) -> Job:
        """The job as the store has it, and until when it waits. NotFound for others' jobs too."""
        return await self._seen(await self.store.run(self.store.get, job_id, principal))

    async def jobs(
        self, *, principal: str, state: State | None = None, query: str | None = None, limit: int = 20, cursor: str | None = None
    ) -> Page:
        """Jobs, newest first."""
        return await self.store.run(self.store.page, principal, state=state, query=query, limit=limit, cursor=cursor)

    async def budget(self) -> Budget:
        """What is left; held money counts as spent."""
        return await self.store.run(self.store.budget, self.caps)

    async def cancel(self, job_id: str, *, principal: str) -> Job:
        """The job, called back. NotCancellable says why it cannot be, NotRecalled why the vendor could not say."""
        job = await self.job(job_id, principal=principal)
        if job.state not in LIVE or job.saving:
            raise NotCancellable(f"{job.id} is {job.state}: there is nothing to call back.", job)
        if (gone := await self.store.run(self.store.cancel_unsent, job)) is not None:
            return gone
        vendor = self.vendor_of(job)
        if vendor.cancel is None or job.vendor_id is None:
            why = "is being sent" if job.vendor_id is None else f"is at {vendor.title}, which takes nothing back"
            raise NotCancellable(f"{job.id} {why}; what it costs stays counted.", job)
        try:
            await recall(self.store, self.http_client, vendor, job, vendor.cancel(job.vendor_id))
        finally:
            self.wake()
        return await self.job(job.id, principal=principal)

    async def edit(self, asked: Asked, *, principal: str) -> Job:
        """The finished job of an edit, made here and free."""
        return await Editing(self.settings, self.store, self.media_pool, self.clock).edit(asked, principal=principal)

    def vendor_of(self, job: Job) -> Vendor:
        """Who makes the job: also of a model that its list does not have any more."""
        vendor = next((vendor for vendor in self.availability.catalogue.vendors if vendor.name == job.vendor), None)
        if vendor is None:
            raise SoraError(f"{job.vendor} is not known any more to this version.", job_id=job.id)
        return vendor

    def alone_s(self, job: Job) -> float:
        """How long no other submit of the model may follow one that became unclear. Later ones are told apart by `rivals`."""
        find = self.vendor_of(job).find
        return schedule.alone(self.settings.poll_seconds) if find is not None and find.by_time else 0.0

    async def _seen(self, job: Job) -> Job:
        """With what this process knows besides, and the moment until which it waits where an unclear call of its model holds it up."""
        if (heard := self.unwritten.get(job.id)) is not None:
            return replace(job, unwritten=heard)
        if job.state in LIVE and (trouble := self.troubles.get(job.id)) is not None:
            return replace(job, trouble=trouble)
        if job.state != "submitting" or job.submit_token is not None:
            return job
        try:
            if not (alone_s := self.alone_s(job)):
                return job
            return replace(job, waits_until=await self.store.run(self.store.lost.alone_until, job, alone_s))
        except SoraError:
            return job  # nothing that goes wrong here may hide that the job exists

    async def _request(self, wish: VideoRequest, principal: str) -> tuple[VideoRequest, tuple[str, ...]]:
        """The wish with its first frame read, and the jobs that the frame is from."""
        await self.availability.look(wish.model)
        image, parents = None, ()
        if wish.image is not None:
            try:
                image, parents = await self.framing.read(wish.image, principal=principal)
            except BrokenRules as error:
                refused, frames = self.planner.unseen(wish, error), await self._tried(wish, error.fixes, principal)
                refused.fixes = (*frames, *refused.fixes)
                raise refused from None
        return VideoRequest(wish.prompt, size=wish.size, seconds=wish.seconds, image=image, options=dict(wish.options)), parents

    async def _tried(self, wish: VideoRequest, frames: tuple[Fix, ...], principal: str) -> tuple[Fix, ...]:
        """Those of the first frames with which the wish can be met, with their prices."""
        found: list[Fix] = []
        for fix in frames:
            with contextlib.suppress(SoraError):
                found.append(replace(fix, micros=await self.priced(replace(wish, image=fix.value), principal=principal)))
        return tuple(found)

    async def _framed(self, plan: Plan, request: VideoRequest) -> Plan:
        """With the first frame made to fit, where that was asked, and a note of what was done."""
        order, note = await self.framing.fitted(plan.order, plan.choice.offer.image, str(request.options.get(FIT, "none")))
        return replace(plan, order=order, warnings=(*plan.warnings, note)) if note else plan
