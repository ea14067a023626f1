"""The confirmation pages that are open on loopback, one for each quote."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import anyio

from sora_mcp.domain import LOCAL
from sora_mcp.domain.money import format_dollars
from sora_mcp.server.charges import say_all

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService
    from sora_mcp.server.approval_question import Question
    from sora_mcp.server.transports.approval_page import ApprovalPage
    from sora_mcp.store.records import Way

log = logging.getLogger(__name__)
MOST_PAGES = 3
"""Pages that wait for an answer at once: a model that keeps asking must not cover the screen."""
Start = Callable[[Callable[..., Coroutine[Any, Any, None]]], Awaitable[None]]
"""Runs what serves a page beside the open service."""
GO_BACK = "Go back to your chat: it goes on from here. You can close this page."


class Pages:
    """Pages of this process. `browser` opens an address before the person at this machine; None where that is not possible."""

    def __init__(self, browser: Callable[[str], bool] | None = None, *, settle_s: float | None = None) -> None:
        self.browser = browser
        self._settle_s = settle_s
        self._pages: dict[str, ApprovalPage] = {}

    def find(self, quote_id: str) -> ApprovalPage | None:
        """Return the page on which the quote waits for its answer."""
        page = self._pages.get(quote_id)
        return page if page is not None and page.is_waiting else None

    async def open(self, question: Question, service: VideoService, start: Start, *, is_led: bool = False) -> ApprovalPage | None:
        """Return a new page, which `start` serves from now on; None where as many wait as may, or no port can be opened.

        `is_led` is whether the client leads the person there.
        """
        self._pages = {quote_id: page for quote_id, page in self._pages.items() if page.is_waiting}
        if len(self._pages) >= MOST_PAGES:
            return None
        page = await _make_page(question, service, self._settle_s, is_led=is_led)
        try:
            await start(page.serve)
        except OSError as error:
            log.warning("no confirmation page can be served: %s", error)
            return None
        self._pages[question.quote_id] = page
        return page

    async def show_in_browser(self, page: ApprovalPage) -> bool:
        """Open the page in the browser. Return False, and forget it, where that fails at once."""
        if self.browser is not None and await anyio.to_thread.run_sync(self.browser, page.address):
            return True
        self.close(page.question.quote_id)
        return False

    def close(self, quote_id: str) -> None:
        """End the quote's page, where there is one: its question is over."""
        if (page := self._pages.pop(quote_id, None)) is not None:
            page.close()


async def take_answer(service: VideoService, quote_id: str, principal: str, *, is_yes: bool, way: Way) -> tuple[str, str]:
    """Write down a person's answer on a page, and return a heading and a sentence for the page. SoraError where it is too late."""
    approvals = service.store.approvals
    if not is_yes:
        await approvals.decline(quote_id, principal, is_no=True)
        return "Not bought", f"Nothing is sent and nothing is charged. {GO_BACK}"
    approval = await approvals.approve(quote_id, by=principal, way=way, principal=principal)
    counts = "counts once" if approval.uses == 1 else f"covers {say_all(approval.uses)} clips"
    return f"Approved: {format_dollars(approval.total)}", f"Your yes {counts}. {GO_BACK}"


async def _make_page(question: Question, service: VideoService, settle_s: float | None, *, is_led: bool) -> ApprovalPage:
    from sora_mcp.server.transports.approval_page import SETTLE_S, ApprovalPage

    approvals = service.store.approvals

    async def decide(is_yes: bool) -> tuple[str, str]:
        return await take_answer(service, question.quote_id, LOCAL, is_yes=is_yes, way="url" if is_led else "page")

    async def revoke() -> str | None:
        approval = await approvals.decline(question.quote_id, LOCAL)
        return None if approval is None else approval.used_by

    return ApprovalPage(question, decide, revoke, service.clock, settle_s=SETTLE_S if settle_s is None else settle_s)
