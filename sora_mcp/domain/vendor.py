"""Vendors, and what their replies mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from sora_mcp.domain.call import Call, Reply
from sora_mcp.domain.money import Micros
from sora_mcp.domain.offer import Offer, OwnModel, Rate
from sora_mcp.domain.order import Order

Handler = Callable[[str, str, bytes], Awaitable[tuple[int, dict[str, str], bytes | Path]]]
"""A vendor in this process: method, path with query, body; its status, headers, and body or file."""
MOST_ANSWER_BYTES = 1 << 20
"""What a vendor's answer may have, unless its file says more."""


@dataclass(frozen=True)
class Pending:
    """The vendor has the job, under this id. Ask `next` for more."""

    id: str
    next: Call
    state: Literal["queued", "running"]
    said: str
    """The vendor's own word for it."""
    progress: float | None = None
    micros: Micros | None = None
    """What it costs, where the vendor says so."""


@dataclass(frozen=True)
class Done:
    """The video is made; `media` fetches it."""

    media: Call
    said: str
    micros: Micros | None = None
    id: str | None = None
    """The vendor's id, where the answer repeats it."""
    units: str | None = None
    """How many of the vendor's own units it was billed, where it tells no sum: `Vendor.bill` asks for that."""


@dataclass(frozen=True)
class Failed:
    """The vendor's no. `charged` is what it says about the money; `micros` the sum, where it tells."""

    code: str
    said: str
    message: str = ""
    charged: Literal["no", "yes", "unknown"] = "unknown"
    micros: Micros | None = None
    state: Literal["failed", "cancelled"] = "failed"
    id: str | None = None
    refunded: Micros | None = None
    """What the vendor says that it gave back, where it tells."""


Reading = Pending | Done | Failed
"""What a reply means. `read` returns None for an answer that nobody documented."""


@dataclass(frozen=True)
class DoneWithoutLink:
    """The vendor says that the video is made, and names no link that could be followed. No vendor's `read` returns it."""

    said: str
    micros: Micros | None = None
    id: str | None = None


@dataclass(frozen=True)
class LostCall:
    """A paid call of which nobody knows whether the vendor took it: what it can be found by."""

    call: Call
    token: str
    """What was sent in the vendor's correlation header or field, where it has one."""
    since: float
    """The vendor took it between these two moments, if it did."""
    until: float


@dataclass(frozen=True)
class Found:
    """A row of the vendor's list that may be the lost call."""

    id: str | None = None
    """The vendor's id of the job; None where the list does not lead to it."""
    charged: Literal["yes", "no", "unknown"] = "unknown"
    """What the row says about the money."""


@dataclass(frozen=True)
class Listing:
    """One page of a vendor's list."""

    found: tuple[Found, ...]
    more: Call | None = None
    """The next page."""
    whole: bool = True
    """Whether the pages up to this one go back to before the lost call: only then does absence mean something."""


@dataclass(frozen=True)
class Search:
    """A vendor's list in which a lost call is looked for: how it is asked, and what its pages mean."""

    ask: Callable[[LostCall], Call]
    read: Callable[[Reply, LostCall], Listing]
    """May index freely, as `Vendor.read`."""
    by_time: bool = False
    """The list carries nothing of ours: jobs are told apart by model and time, so submits of one model wait for each other."""
    delay_s: float = 0.0
    """How long after the paid call the list may show it for the first time: until then absence means nothing."""


@dataclass(frozen=True)
class PriceList:
    """A vendor's list of models with their prices, which count before the written ones."""

    ask: Call
    read: Callable[[Any, Offer], tuple[Rate, ...] | None]
    """The rates of an offer by the list's body; none where the list states them in no way that is known here, None where it does not
    have the model. May index freely, as `Vendor.read`."""
    needs_key: bool = False
    """Whether it is shown to users with a key only."""
    cut: Callable[[Any], Any] | None = None
    """Returns what is kept of a large list, in a form that `read` takes too. May index freely."""


@dataclass(frozen=True)
class Balance:
    """The money that is left on an account: a free call, asked at `Vendor.at_quote_url`, and where its answer has the sum."""

    ask: Call
    left: str
    """Path of the sum."""
    less: str = ""
    """Path of what is spent of it already, where the sum is that of all payments."""
    currency: str = ""
    """Path of the currency, where it is stated: a sum in another one than dollars is not shown."""
    per_usd: int = 1
    """How many of the sum's units are a dollar."""


@dataclass(frozen=True)
class UploadSlot:
    """The place for one picture that a vendor names: where its bytes are put, without a key, and the address that it has from then on."""

    target: str = ""
    """Empty where the call for a place had the file already: `Upload.ask`."""
    url: str = ""
    """Empty where the answer to the bytes names it: `Upload.address`."""
    form: Mapping[str, str] = field(default_factory=dict[str, str])
    """The fields of the form in which the file is posted, last and as `file`; none where its bytes are the body."""


@dataclass(frozen=True)
class Upload:
    """The way of a picture of this computer to a vendor that takes addresses only, before the paid call. Uploading costs nothing."""

    ask: Callable[[str, str], Call]
    """The call for a place, from file name and media type. A form has the file itself, in the field that `Call.file` names, and is sent
    with the key: its answer has the address."""
    read: Callable[[Reply], UploadSlot]
    """May index freely, as `Vendor.read`."""
    fields: tuple[str, ...]
    """Where the paid call's body has pictures or videos, as `input.image_url`; lists on the way stand for each of their parts."""
    good_for_s: float
    """How long an uploaded file can be fetched."""
    base_url: str | None = None
    """The vendor's other address, where a place is asked for; None is the same as its own."""
    size: str = ""
    """The field of that call's body for the number of bytes, where the vendor wants it."""
    size_header: str = ""
    """The header of that call for it."""
    method: Literal["PUT", "POST"] = "PUT"
    """How the bytes are sent, where they are no form."""
    headers: tuple[tuple[str, str], ...] = ()
    """What is sent with them."""
    address: Callable[[Any], str | None] | None = None
    """The file's address in the answer to the bytes; None where it is not ready. May index freely."""
    scheme: str = "https"
    """What an address begins with; another one means a name that only this vendor knows."""


@dataclass(frozen=True)
class Webhook:
    """A vendor's posts to an address of ours when a job moves on. What they say is never read: each only means "ask now"."""

    add: Callable[[Call, str], Call]
    """Returns the paid call with that address in it."""
    challenge: str = ""
    """The field of a first post's JSON body that the answer has to repeat, where the vendor checks the address so."""


@dataclass(frozen=True)
class Sites:
    """A key that counts at one of several sites: the vendor's own variables say at which."""

    key: str
    """The variable with the key."""
    name: str
    """The variable with the site's name."""
    address: str
    """The variable with the site's address, which counts before its name."""
    addresses: Mapping[str, str]
    """The address of each site, by its name."""
    default: str
    """The site of a key of which nobody says where it belongs: the one that it is named after."""


@dataclass(frozen=True)
class Refusal:
    """One way in which a vendor says no: this status, with this word in its message, means this code of ours."""

    status: int
    code: str
    word: str = ""
    charged: Literal["no", "unknown"] = "no"


@dataclass(frozen=True)
class Vendor:
    """A company that runs an API: facts, and pure functions."""

    name: str
    title: str
    base_url: str
    """Empty where only the user knows it."""
    keys: tuple[str, ...]
    """Environment variables that may hold the key, in order."""
    offers: tuple[Offer, ...]
    submit: Callable[[Order], Call]
    """The one call that costs."""
    read: Callable[[Reply], Reading | None]
    """May index freely: a missing part raises LookupError, TypeError or ValueError, which the one caller reads as None."""
    caveat: str = ""
    """A sentence about clips that no model makes from the prompt, which users hear once a chat; empty where one does."""
    sites: Sites | None = None
    """Where one of the keys may belong elsewhere than at `base_url`."""
    key_page: str = ""
    """Where a customer makes the first of `keys`; where no text names that page, the one of the documentation that says how. Empty where
    the vendor has no keys, or only the user knows it."""
    auth: tuple[str, str] = ("Authorization", "Bearer {key}")
    refusals: tuple[Refusal, ...] = ()
    """Before the usual meanings of HTTP's statuses; the first that fits counts."""
    message: tuple[str, ...] = ("error.message", "message")
    """Paths to the vendor's words in an error's body; the first text found counts."""
    retry_after: str | None = None
    """Path to the seconds to wait in an error's body."""
    correlation: str | None = None
    """Header that carries our submit token and is echoed in the vendor's logs."""
    token_field: str | None = None
    """Path of the field of the paid call's body that carries our submit token, where the vendor finds jobs by it."""
    job_id: str = r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}"
    """Pattern of the vendor's own ids: they become a part of paths, so none may lead to another one."""
    refunds: bool | None = None
    """Whether a failed job is given back by itself; None is "not documented"."""
    check: Call | None = None
    """A call that costs nothing and tells whether the key is good, where there is one."""
    cancel: Callable[[str], Call] | None = None
    """The call that takes back a job by the vendor's id, where there is one."""
    cancel_note: str = ""
    """What cancelling refunds, where that is not the same for all clips: a clause without a full stop."""
    tells_cost: bool = False
    """Whether its last answer says what the video cost."""
    own: Callable[[str, OwnModel], Offer] | None = None
    """Makes an offer of a model that the user names in the price file."""
    ask: Callable[[str, Call], Call] | None = None
    """How to ask for a job by an id that no answer to the paid call led to: the id, the paid call."""
    find: Search | None = None
    """Where to look for a paid call whose answer was lost."""
    listing: Call | None = None
    """Its public list of models, where offers are read from it and not written here."""
    offers_of: Callable[[Reply, date], tuple[Offer, ...]] | None = None
    """The offers in that list, as of a day. A row that cannot be read is left out, never guessed at."""
    price_list: PriceList | None = None
    """Its list of prices, asked at `at_quote_url`, where offers are written here."""
    balance: Balance | None = None
    """What is left of the account's money, where the vendor documents a call for it."""
    quote: Callable[[Order], Call | None] | None = None
    """A free call that says what an order would cost; None where none can."""
    quoted: Callable[[Reply], Micros | None] | None = None
    """What that call, or `bill`, was answered; may index freely, as `read`."""
    bill: Callable[[Offer, bool, str], Call] | None = None
    """A free call that says what the billed units cost: of this offer, with or without a first frame."""
    quote_url: str | None = None
    """The vendor's other address, where quotes, bills, prices and balances are asked; None is the same as `base_url`."""
    ends: tuple[int, ...] = ()
    """Statuses other than 2xx with which a question after a job may be answered for good: `read` reads them too."""
    most_answer_bytes: int = MOST_ANSWER_BYTES
    """The most that an answer may have; more where one may repeat the picture that was sent, or carry the video."""
    forgets: tuple[tuple[int, str], ...] = ()
    """How it says, besides by 404 and 410, that it does not know a job that was asked for: a status, and a word in its message."""
    warn: Callable[[Order], tuple[str, ...]] | None = None
    """What a caller should know of this order before it is made."""
    upload: Upload | None = None
    """Where pictures of this computer are put first; None where the paid call carries their bytes, or takes none."""
    webhook: Webhook | None = None
    """Its posts when a job moves on, where it documents how a paid call asks for them."""
    serve: Callable[[Path], Handler] | None = None
    """Answers in this process, from the folder of the store, instead of over the network."""

    def __post_init__(self) -> None:
        """Bind the offers to this vendor."""
        bound = tuple(offer if offer.vendor == self.name else replace(offer, vendor=self.name) for offer in self.offers)
        object.__setattr__(self, "offers", bound)

    def at_quote_url(self) -> Vendor:
        """Return the vendor at its address for quotes."""
        return self if self.quote_url is None else replace(self, base_url=self.quote_url)
