"""Read vendors' replies; None for what no vendor documents."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sora_mcp.domain import Done, DoneWithoutLink, Failed, JobError, Listing, LostCall, Offer, Pending, Reading, Reply, UploadSlot, Vendor
from sora_mcp.domain.money import PER_USD, Micros
from sora_mcp.domain.text import sanitize
from sora_mcp.vendors.shared.responses import NOT_AS_DOCUMENTED, find_place, find_text, find_value

WEB = re.compile(r"^(?:(https?):)?//", re.IGNORECASE)
MOST_WORD = 40
"""Characters of a vendor's word for a state."""


def read(vendor: Vendor, reply: Reply) -> Reading | DoneWithoutLink | None:
    """Return what the reply means; None where no documentation describes it."""
    try:
        known = 200 <= reply.status < 300 or (reply.call.method == "GET" and reply.status in vendor.ends)
        reading = vendor.read(reply) if known else None
        if reading is None or not _is_named(reading, vendor):
            return None
    except NOT_AS_DOCUMENTED:
        return None
    if isinstance(reading, Done):
        reading = replace(reading, media=replace(reading.media, path=_tidy_link(reading.media.path)))
    if isinstance(reading, Done) and not _is_link(reading.media.path):
        return _find_inline(reading, reply) or DoneWithoutLink(reading.said, reading.micros, reading.id)
    return reading


def _tidy_link(link: Any) -> Any:
    """Return a link as browsers read it: without blanks around it, with its scheme in lower case, and `https` where it has none."""
    if not isinstance(link, str):
        return link
    text = link.strip().replace(" ", "%20")
    return WEB.sub(lambda found: f"{(found[1] or 'https').lower()}://", text, count=1)


def describe_failure(reading: Failed, vendor: Vendor) -> JobError:
    """Return the error of a job that the vendor ended without a video."""
    if reading.state == "cancelled":
        sentence = "cancelled this job"
    else:
        sentence = "refuses this content" if reading.code == "content_refused" else "could not make this video"
    return JobError(reading.code, f"{vendor.title} {sentence}.", reading.charged, sanitize(reading.message))


def read_status(reply: Reply) -> str | None:
    """Return the vendor's word for the state of a job, where `read` does not know it; None where the reply has none."""
    return sanitize(find_text(reply.body, "status", "state", "data.status", "data.state"), MOST_WORD)


def read_offers(vendor: Vendor, reply: Reply, *, checked: date) -> tuple[Offer, ...] | None:
    """Return the offers of the vendor's own list; None where the reply is no such list."""
    try:
        return vendor.offers_of(reply, checked) if vendor.offers_of is not None and reply.status == 200 else None
    except NOT_AS_DOCUMENTED:
        return None


def read_price_list(vendor: Vendor, reply: Reply, *, checked: date) -> tuple[tuple[Offer, ...], frozenset[str]] | None:
    """Return the vendor's offers with the prices of its own list, and the ids of those that it does not have; None where the reply is no
    such list, or has none of its models. The user's own price wins over the list's."""
    if vendor.price_list is None or reply.status != 200:
        return None
    try:
        rates = {offer.id: vendor.price_list.read(reply.body, offer) for offer in vendor.offers if offer.ended is None}
    except NOT_AS_DOCUMENTED:
        return None
    gone = frozenset(model for model, found in rates.items() if found is None)
    if len(gone) == len(rates):
        return None
    source = f"{vendor.at_quote_url().base_url}{vendor.price_list.ask.path}"

    def price(offer: Offer) -> Offer:
        if not (found := rates.get(offer.id)) or offer.confidence == "configured":
            return offer
        return replace(offer, rates=found, source=source, checked=checked, confidence="live", written=offer)

    return tuple(price(offer) for offer in vendor.offers), gone


def read_quote(vendor: Vendor, reply: Reply) -> Micros | None:
    """Return the price that the vendor states; None where the reply is not as documented."""
    try:
        return vendor.quoted(reply) if vendor.quoted is not None and 200 <= reply.status < 300 else None
    except NOT_AS_DOCUMENTED:
        return None


def cut_price_list(vendor: Vendor, reply: Reply) -> Any:
    """Return what is kept of the body of the vendor's own list: all of it, unless the vendor says which part has the prices."""
    try:
        return vendor.price_list.cut(reply.body) if vendor.price_list is not None and vendor.price_list.cut is not None else reply.body
    except NOT_AS_DOCUMENTED:
        return reply.body


def read_balance(vendor: Vendor, reply: Reply) -> Micros | None:
    """Return what is left of the account's money, which may be a debt; None where the reply is not as documented."""
    balance = vendor.balance
    if balance is None or reply.status != 200 or (balance.currency and find_value(reply.body, balance.currency) not in ("USD", None)):
        return None
    try:
        left, spent = (Decimal(str(find_value(reply.body, path))) if path else Decimal(0) for path in (balance.left, balance.less))
        return Micros(math.floor((left - spent) * PER_USD / balance.per_usd))
    except NOT_AS_DOCUMENTED:
        return None


def read_search_page(vendor: Vendor, reply: Reply, lost: LostCall) -> Listing | None:
    """Return one page of the vendor's job list; None where it is not as documented, and so proves nothing."""
    if vendor.find is None or not 200 <= reply.status < 300:
        return None
    try:
        listing = vendor.find.read(reply, lost)
        return listing if all(row.id is None or is_id(row.id, vendor) for row in listing.found) else None
    except NOT_AS_DOCUMENTED:
        return None


def read_upload_slot(vendor: Vendor, reply: Reply) -> UploadSlot | None:
    """Return the place for a picture that the vendor names; None where the reply is not as documented."""
    try:
        slot = vendor.upload.read(reply) if vendor.upload is not None and 200 <= reply.status < 300 else None
        if slot is None:
            return None
        url: Any = slot.url  # of the vendor's JSON
        has_file = reply.call.is_form
        has_address = isinstance(url, str) and (url or (not has_file and _names_address(vendor)))
        return slot if has_address and (has_file or _is_link(slot.target)) else None
    except NOT_AS_DOCUMENTED:
        return None


def read_address(vendor: Vendor, slot: UploadSlot, answer: Any) -> str | None:
    """Return the address of an uploaded file: from its place, or from the answer to its bytes; None where neither has a usable one."""
    upload = vendor.upload
    try:
        url: object = upload.address(answer) if upload is not None and upload.address is not None else slot.url
    except NOT_AS_DOCUMENTED:
        return None
    if upload is None or not isinstance(url, str):
        return None
    return url if upload.scheme == "https" or re.fullmatch(rf"{upload.scheme}://[!-~]{{1,5000}}", url) else None


def _names_address(vendor: Vendor) -> bool:
    return vendor.upload is not None and vendor.upload.address is not None


def is_id(text: object, vendor: Vendor) -> bool:
    """Return whether the text has the form of this vendor's ids. Ids become parts of addresses."""
    return isinstance(text, str) and ".." not in text and re.fullmatch(vendor.job_id, text) is not None


def _is_named(reading: Reading, vendor: Vendor) -> bool:
    """Return whether the reading has a usable id, or needs none."""
    return is_id(reading.id, vendor) or (reading.id is None and not isinstance(reading, Pending))


def _find_inline(done: Done, reply: Reply) -> Done | None:
    """Return where the answer itself has the video, when its link is a `data:` URI and the answer can be asked for again without buying."""
    is_inline = reply.call.method == "GET" and _is_data(done.media.path)
    place = find_place(reply.body, done.media.path) if is_inline else None
    return None if place is None else replace(done, media=replace(reply.call, inside=place))


def read_inline(reply: Reply, place: str) -> str:
    """Return the file that the answer has at the place, in base64 or as a `data:` URI; empty where it has none there."""
    return find_text(reply.body, place)


def _is_link(path: object) -> bool:
    return isinstance(path, str) and path.startswith(("/", "https://", "http://"))


def _is_data(path: object) -> bool:
    return isinstance(path, str) and path.startswith("data:")
