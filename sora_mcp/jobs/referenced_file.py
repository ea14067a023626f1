"""Download a file that another file names, such as a segment of a playlist."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin, urlsplit

from sora_mcp.domain import Call, Vendor
from sora_mcp.domain.errors import BadMedia, UntrustedURL
from sora_mcp.net.client import VendorClient
from sora_mcp.net.download import Download
from sora_mcp.net.urls import PORTS


async def download_named(client: VendorClient, vendor: Vendor, named: str, *, url: str, target: Path, words: str) -> Download:
    """Download what a file from `url` names to `target`. The key goes to the vendor's own address only where the file came from there.

    `words` name that file in a refusal: "a playlist". Raises BadMedia for an address that is not followed; else as `VendorClient.download`.
    """
    origin, own = _find_origin(named, words), _find_origin(vendor.base_url, words)
    if origin == own != _find_origin(url, words):
        raise BadMedia(f"It is {words} of another host that names the vendor's own address.")
    remove_part(target)
    try:
        return await client.download(vendor, Call("GET", named), target)
    except UntrustedURL as error:
        raise BadMedia(f"It is {words} whose files are not followed: {error.message}") from error


def join_address(url: str, named: str, words: str) -> str:
    """Return an address as a file from `url` names it, made absolute. Raises BadMedia for a malformed one."""
    try:
        return urljoin(url, named)
    except ValueError as error:
        raise BadMedia(f"It is {words} with a malformed address.") from error


def remove_part(part: Path) -> None:
    """Delete a download and what is known of it."""
    part.unlink(missing_ok=True)
    part.with_name(f"{part.name}.etag").unlink(missing_ok=True)


def _find_origin(url: str, words: str) -> tuple[str, int]:
    """Return the host in lower case, and the port. Raises BadMedia for anything but a web address."""
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.scheme in PORTS:
            return parts.hostname, parts.port or PORTS[parts.scheme]
    except ValueError:
        pass  # said below
    raise BadMedia(f"It is {words} that names something else than web addresses.")
