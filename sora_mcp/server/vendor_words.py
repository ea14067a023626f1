"""Name a job's vendor, and quote what it says: always marked as the vendor's own words."""

from __future__ import annotations

from sora_mcp.domain import Job, Vendor
from sora_mcp.domain.errors import SoraError, VendorError
from sora_mcp.domain.text import sanitize
from sora_mcp.vendors import EVERY

VENDORS = {vendor.name: vendor for vendor in EVERY}
MOST_QUOTED = 200
"""Characters of a vendor's own words that a message quotes."""
SENTENCE_ENDS = (".", "!", "?", "…", "。")


def find_vendor(job: Job) -> Vendor | None:
    """Return the job's vendor; None of an edit, which is made here."""
    return VENDORS.get(job.vendor)


def name_vendor(job: Job) -> str:
    """Return the title of the job's vendor."""
    return vendor.title if (vendor := find_vendor(job)) else job.vendor


def describe_reason(job: Job, *, most_quoted: int = MOST_QUOTED) -> str:
    """Say why a job has no video, with so many characters of the vendor's own words; empty where it has no error."""
    if job.error is None:
        return ""
    quoted = quote_vendor(name_vendor(job), job.error.vendor_message, most=most_quoted)
    return " ".join(filter(None, (job.error.message, quoted)))


def name_reason(job: Job, *, most_quoted: int = MOST_QUOTED) -> str:
    """Return the same as a clause, as it stands in brackets."""
    if job.error is None:
        return ""
    title, message = name_vendor(job), job.error.message.removesuffix(".")
    said = _shorten(job.error.vendor_message, most_quoted).removesuffix(".")
    says = " and says" if message.startswith(title) and ". " not in message else f"; {title} says"
    return f'{message}{says}: "{said}"' if said else message


def quote_vendor(title: str, words: str | None, *, most: int = MOST_QUOTED) -> str:
    """Return the vendor's own words as a sentence that is marked as theirs; empty where there are none."""
    said = _shorten(words, most)
    return f'{title} says: "{said}"{"" if said.endswith(SENTENCE_ENDS) else "."}' if said else ""


def _shorten(words: str | None, most: int) -> str:
    plain = (sanitize(words) or "").replace('"', "'")
    return plain if len(plain) <= most else f"{plain[:most]}…"


def find_vendor_error(error: SoraError) -> VendorError | None:
    """Return the vendor's answer that a refusal is, or that is behind it."""
    quoting = error if isinstance(error, VendorError) else error.__cause__
    return quoting if isinstance(quoting, VendorError) else None
