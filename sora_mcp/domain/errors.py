"""Failures, each with its code, what to change, and what happened to the money.

SoraError
├─ Refused               we said no: nothing was sent, nothing was charged
│  ├─ BrokenRules        an argument is outside of what the offer takes
│  ├─ UnknownModel       no vendor sells it
│  ├─ MissingKey         the vendor is known, its key is not
│  ├─ ModelRetired       the model ended, and a key would be bought in vain
│  ├─ PriceUnknown       the price is not known, or not any more
│  │  └─ UnpricedModel   no source states its price
│  ├─ OverBudget         a cap would be passed
│  ├─ NeedsConfirmation  a person has to say yes first
│  ├─ Declined           a person was asked, and the answer was not yes
│  ├─ RequestIdConflict  the same request_id came with other arguments
│  ├─ NotFound           there is no such job, quote or resource
│  ├─ NotFinished        the job has no file
│  ├─ NotCancellable     the job, or its vendor, cannot be cancelled
│  ├─ MissingMediaExtra  PyAV and Pillow are not installed
│  ├─ StorageError       the store or the disk cannot be read or written
│  │  └─ UnwritableFile  a file cannot be written into its folder
│  └─ Unforeseen         a fault of ours, before anything was held or sent
├─ VendorError           the vendor answered, and the answer was no
├─ CancelUnclear         the vendor was asked to cancel a job, and did not say whether it does
├─ NotSent               no byte of the call reached the vendor
├─ OutcomeUnknown        the call left, and no answer came that we understand
├─ BadMedia              what came is no whole video
│  └─ NoVideo            what came is something else than a video
├─ LinkDead              the link to the video does not work (any more)
└─ UntrustedURL          an address that is not to be followed
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from sora_mcp.domain.broken_rule import BrokenRule, Fix, describe_rule, quote_value
from sora_mcp.domain.job import Charged, Job
from sora_mcp.domain.order import Order, Quote

log = logging.getLogger(__name__)
MOST_BROKEN = 50
"""Broken rules that one refusal names."""
UNFORESEEN = "Something unforeseen went wrong in the server; its log says what."


class SoraError(Exception):
    """A failure with its code, what happened to the money, and what would work instead."""

    code: ClassVar[str] = "internal"
    charged: Charged = "no"
    broken: tuple[BrokenRule, ...] = ()
    """Every argument that is outside of what the offer takes, also where that is not why the call was refused."""

    def __init__(self, message: str, *, fixes: tuple[Fix, ...] = (), job_id: str | None = None, charged: Charged | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fixes = fixes
        self.job_id = job_id
        if charged is not None:
            self.charged = charged

    @property
    def its_code(self) -> str:
        """One of CONTRACT's codes."""
        return self.code


class Refused(SoraError):
    """We said no. Nothing was sent, nothing was charged."""

    def __init__(
        self,
        message: str,
        *,
        broken: tuple[BrokenRule, ...] = (),
        fixes: tuple[Fix, ...] = (),
        job_id: str | None = None,
        charged: Charged | None = None,
    ) -> None:
        """Say the rules that are broken besides behind the reason."""
        super().__init__(" ".join([message, *(describe_rule(rule, "") for rule in broken)]), fixes=fixes, job_id=job_id, charged=charged)
        if broken:
            self.broken = broken[:MOST_BROKEN]


class BrokenRules(Refused):
    """Every argument that is outside of what the offer takes."""

    def __init__(
        self, broken: tuple[BrokenRule, ...], *, subject: str = "", fixes: tuple[Fix, ...] = (), message: str | None = None, more: int = 0
    ) -> None:
        """Name at most MOST_BROKEN rules; `more` is how many are broken besides."""
        more += len(broken[MOST_BROKEN:])
        self.broken = broken[:MOST_BROKEN]
        self.subject = subject
        sentences = " ".join(describe_rule(rule, subject) for rule in self.broken) if message is None else message
        super().__init__(f"{sentences} And {more:,} more." if more else sentences, fixes=fixes)

    @property
    def its_code(self) -> str:
        """The code of the first broken rule."""
        return self.broken[0].code


class UnknownModel(Refused):
    """No vendor sells it."""

    code = "unknown_model"


class MissingKey(Refused):
    """The vendor is known, its key is not. Only the user can add it."""

    code = "missing_key"


class ModelRetired(Refused):
    """The model ended at its maker, and the vendor's key is not here: to get one would be in vain."""

    code = "model_retired"


class PriceUnknown(Refused):
    """The price is not known, or not any more."""

    code = "price_unknown"


class UnpricedModel(PriceUnknown):
    """No source states the model's price, or that of one of its sizes or lengths."""

    def __init__(self, model: str, *, what: str = "", broken: tuple[BrokenRule, ...] = ()) -> None:
        """Name the model; `what` is the part of it that has no price, where others have one."""
        part = f" for {what}" if what else ""
        message = f"{model} has no published price{part}, so it can't be bought. The user can name the price in a file: SORA_MCP_PRICES."
        super().__init__(message, broken=broken)
        self.what = what


class OverBudget(Refused):
    """A cap would be passed."""

    code = "over_budget"


class TooManyAtOnce(Refused):
    """The caller has as much free work under way as one may have at once. It is a cap like those on money, and no argument is wrong."""

    code = "over_budget"

    def __init__(self, what: str, under_way: int, *, most: int | None = None) -> None:
        """Name the kind of work, in the plural, and how much of it is under way; `most` where there is room for some, but not for all."""
        full = f"{under_way} {what} are under way, as many as one may have at once: wait until one of them is done."
        room = f"{under_way} {what} are under way, and one may have {most} at once: ask for fewer, or wait until some are done."
        super().__init__(full if most is None else room)
        self.what = what
        self.under_way = under_way


FACTS_OF_YES = ("quote_id", "price", "order", "reason", "page", "only_on_page", "is_of_several", "total")


class NeedsConfirmation(Refused):
    """A person has to say yes to this quote first."""

    code = "needs_confirmation"

    def __init__(
        self,
        message: str,
        *,
        quote_id: str,
        price: Quote | None = None,
        order: Order | None = None,
        reason: str = "",
        page: str | None = None,
        only_on_page: bool = False,
        is_of_several: bool = False,
        total: int = 0,
    ) -> None:
        """Name the quote. `reason` says why a person is asked where the price alone is none; `is_of_several` where it is one of several
        such clips, which a quote of an estimate could cover; `total` is what the quote costs.

        `page` says that the user was asked on a page in a browser of this machine; without one there is the terminal, unless the yes counts
        `only_on_page`.
        """
        super().__init__(message)
        self.quote_id = quote_id
        self.price = price
        self.order = order
        self.reason = reason
        self.page = page
        self.only_on_page = only_on_page
        self.is_of_several = is_of_several
        self.total = total

    def change(self, message: str | None = None, **changes: Any) -> NeedsConfirmation:
        """Return the same refusal with another message, or other facts."""
        facts = {name: value for name, value in vars(self).items() if name in FACTS_OF_YES}
        return NeedsConfirmation(self.message if message is None else message, **(facts | changes))


class Declined(Refused):
    """A person was asked, and the answer was not yes."""

    code = "declined"


class RequestIdConflict(Refused):
    """The same request_id came with other arguments."""

    code = "request_id_conflict"


class NotFound(Refused):
    """There is none of that name, or it belongs to somebody else."""

    code = "not_found"


class NoSuchJob(NotFound):
    """There is no such job of the caller's: the list of jobs says which there are."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {quote_value(job_id)}.")


class NotFinished(Refused):
    """The job has no file: not yet, or it never will."""

    code = "not_finished"


class NotCancellable(Refused):
    """The job, or its vendor, cannot be cancelled: its money is as it was."""

    code = "not_cancellable"

    def __init__(self, message: str, job: Job, *, must_pay: bool = False) -> None:
        """Keep the job as it is; `must_pay` says that nothing can stop it from being made and charged."""
        super().__init__(message, job_id=job.id)
        self.job = job
        self.must_pay = must_pay and job.charged == "held"
        self.charged = job.charged


class MissingMediaExtra(Refused):
    """PyAV and Pillow are not installed."""

    code = "missing_media_extra"


class StorageError(Refused):
    """The store or the disk cannot be read or written; so nothing is spent."""

    code = "storage_error"


class UnwritableFile(StorageError):
    """A file cannot be written into its folder."""

    def __init__(self, folder: Path, error: OSError) -> None:
        why = f" ({error.strerror})" if error.strerror else ""
        super().__init__(f"The file cannot be written into {folder}{why}.")


class Unforeseen(Refused):
    """A fault of ours that struck before anything was held or sent."""


@contextmanager
def before_money() -> Generator[None]:
    """Turn whatever fails inside into a refusal: nothing is held or sent there. A fault of ours is logged."""
    try:
        yield
    except SoraError:
        raise
    except Exception as error:
        log.exception("unforeseen, before anything was held or sent")
        raise Unforeseen(UNFORESEEN) from error


class VendorError(SoraError):
    """The vendor answered, and the answer was no."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        vendor: str = "",
        vendor_message: str | None = None,
        charged: Charged = "no",
        retry_after_s: float | None = None,
    ) -> None:
        """Keep the vendor's answer; `vendor` is its title, for messages that quote `vendor_message`."""
        super().__init__(message)
        self.vendor_code = code
        self.vendor = vendor
        self.vendor_message = vendor_message
        self.charged = charged
        self.retry_after_s = retry_after_s

    @property
    def its_code(self) -> str:
        """The code that the vendor's answer meant."""
        return self.vendor_code


class CancelUnclear(SoraError):
    """The vendor was asked to cancel a job, and did not say whether it does: the job and its money are as they were."""

    def __init__(self, code: str, message: str, job: Job) -> None:
        super().__init__(message, job_id=job.id)
        self.vendor_code = code
        self.job = job
        self.charged = job.charged

    @property
    def its_code(self) -> str:
        """The code of what went wrong."""
        return self.vendor_code


class NotSent(SoraError):
    """No byte of the call reached the vendor: it may be sent again."""

    code = "vendor_unavailable"


class OutcomeUnknown(SoraError):
    """The call left, and no answer came that we understand: it is never sent again."""

    code = "vendor_unavailable"
    charged = "unknown"


class BadMedia(SoraError):
    """The file that came is no whole video."""

    code = "result_invalid"
    charged = "yes"


class NoVideo(BadMedia):
    """The file that came is something else than a video."""

    def __init__(self, words: str) -> None:
        super().__init__(f"It is {words}, no video.")


class LinkDead(SoraError):
    """The link to the video does not work, or not any more."""

    code = "result_invalid"
    charged = "yes"


class UntrustedURL(SoraError):
    """An address that is not to be followed."""

    code = "result_invalid"
    charged = "yes"
