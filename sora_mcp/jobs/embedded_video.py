"""Save a video that a vendor's answer itself holds, where others name a link."""

from __future__ import annotations

import binascii
from dataclasses import replace
from pathlib import Path

import anyio

from sora_mcp.domain import Call, Reply, Vendor
from sora_mcp.domain.errors import LinkDead, NotSent, NoVideo, UnwritableFile
from sora_mcp.jobs.unwrapped_file import decode_base64, split_data_uri
from sora_mcp.net.client import VendorClient
from sora_mcp.net.download import Download, write_pieces
from sora_mcp.vendors.reading import read_inline


async def save_inline_file(http_client: VendorClient, vendor: Vendor, media: Call, part: Path) -> Download:
    """Ask again for the answer that holds the file at `media.inside`, and write the file to `part`.

    Raises LinkDead, BadMedia, NotSent (worth another try) or StorageError.
    """
    reply = await http_client.request(vendor, replace(media, inside=""))
    if reply.status in (404, 410):
        raise LinkDead(f"{vendor.title} no longer has the answer that holds the video.")
    if not 200 <= reply.status < 300:
        raise NotSent(f"{vendor.title} answers {reply.status}.")
    return await anyio.to_thread.run_sync(_write, vendor, reply, media.inside, part)


def _write(vendor: Vendor, reply: Reply, place: str, part: Path) -> Download:
    if not (found := read_inline(reply, place)):
        raise LinkDead(f"{vendor.title}'s answer no longer holds the video.")
    text = split_data_uri(found.encode("utf-8", "replace"))
    try:
        return write_pieces(part, decode_base64([text]), most=len(text))
    except binascii.Error as error:
        raise NoVideo("damaged base64") from error
    except OSError as error:
        raise UnwritableFile(part.parent, error) from error
