"""Upload pictures of this computer to a vendor that takes addresses only, before the paid call. Nothing is bought here."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import anyio
import httpx2

from sora_mcp.domain import Call, Reply, Upload, UploadSlot, Vendor, read_uri
from sora_mcp.domain.errors import NotSent, SoraError, UntrustedURL
from sora_mcp.jobs.input_images import data_of
from sora_mcp.net.client import VendorClient
from sora_mcp.vendors.reading import read_address, read_upload_slot
from sora_mcp.vendors.refusals import read_refusal

MOST_KEPT = 200
"""Addresses of uploaded pictures that are remembered."""


class UploadNotFollowed(NotSent):
    """The vendor names an address for the upload that leads where nothing is sent."""

    def __init__(self, vendor: Vendor, error: UntrustedURL) -> None:
        super().__init__(f"{vendor.title} names an address for the upload that is not followed. {error.message}")


@dataclass
class Uploaded:
    """One picture at a vendor: its address, and since when it has it. Whoever holds the lock uploads it; the others wait."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    url: str = ""
    at: float = 0.0


@dataclass
class Uploader:
    """Uploads pictures. Addresses are kept in memory only: another process, or this one after their time, uploads anew."""

    http_client: VendorClient
    clock: Callable[[], float]
    _known: dict[tuple[str, str], Uploaded] = field(default_factory=dict[tuple[str, str], Uploaded])

    async def place_pictures(self, vendor: Vendor, call: Call) -> Call:
        """Return the paid call with an address in place of every picture of this computer.

        Raises NotSent where another attempt may help, or VendorError where the vendor refuses. Neither has bought anything.
        """
        upload = vendor.upload
        if upload is None:
            return call
        pictures: dict[str, str] = {}
        for path in upload.fields:
            change_texts(call.body, path.split("."), lambda text: pictures.setdefault(text, text))
        for uri in pictures:
            if uri.startswith("data:"):
                pictures[uri] = await self._find_address(vendor, upload, uri)
        body: Any = call.body
        for path in upload.fields:
            body = change_texts(body, path.split("."), lambda text: pictures[text])
        return replace(call, body=body)

    async def _find_address(self, vendor: Vendor, upload: Upload, uri: str) -> str:
        """Return the address of a picture, which is uploaded unless it was within half of the time that it can be fetched."""
        picture = read_uri(uri)
        key = (vendor.name, await anyio.to_thread.run_sync(lambda: picture.sha256))
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        known = self._known.setdefault(key, Uploaded())
        async with known.lock:
            if not (known.url and 0 <= self.clock() - known.at < upload.good_for_s / 2):
                at = self.clock()
                raw = await anyio.to_thread.run_sync(data_of, picture)
                known.url = await self._upload(vendor, upload, raw, picture.media_type or "image/png")
                known.at = at
            return known.url

    async def _upload(self, vendor: Vendor, upload: Upload, raw: bytes, media_type: str) -> str:
        name, there = f"input.{media_type.rpartition('/')[2]}", replace(vendor, base_url=upload.base_url or vendor.base_url)
        try:
            with anyio.fail_after(self.http_client.upload_s):
                asked = await anyio.to_thread.run_sync(_ask, upload, name, media_type, raw)
                reply = await self.http_client.request(there, asked)
                slot = read_upload_slot(vendor, reply)
                if slot is None:
                    raise _describe_refusal(vendor, reply)
                if slot.url and upload.scheme == "https":
                    self.http_client.check_address(slot.url)
                if asked.is_form:
                    return slot.url
                body, headers, method = await anyio.to_thread.run_sync(_encode, upload, slot, name, raw, media_type)
                status, answer = await self.http_client.upload(vendor, slot.target, body, headers, method=method)
        except TimeoutError as error:
            raise NotSent(f"{vendor.title}'s upload does not answer in time.") from error
        except UntrustedURL as error:
            raise UploadNotFollowed(vendor, error) from error
        if not 200 <= status < 300:
            raise NotSent(f"{vendor.title}'s upload answers {status}.")
        return self._check_address(vendor, upload, read_address(vendor, slot, answer))

    def _check_address(self, vendor: Vendor, upload: Upload, url: str | None) -> str:
        if url is None:
            raise NotSent(f"{vendor.title} has the picture, and does not say where.")
        try:
            if upload.scheme == "https":
                self.http_client.check_address(url)
        except UntrustedURL as error:
            raise UploadNotFollowed(vendor, error) from error
        return url


def _ask(upload: Upload, name: str, media_type: str, raw: bytes) -> Call:
    """Return the call for a place, with the number of bytes where the vendor wants it, or with the file itself where it is a form."""
    call, size = upload.ask(name, media_type), len(raw)
    body = {**(call.body or {}), upload.size: size} if upload.size else call.body
    if call.is_form:
        body = {**(body or {}), call.file: f"data:{media_type};base64,{base64.b64encode(raw).decode()}"}
    return replace(call, body=body, headers=(*call.headers, *(((upload.size_header, str(size)),) if upload.size_header else ())))


def _encode(upload: Upload, slot: UploadSlot, name: str, raw: bytes, media_type: str) -> tuple[bytes, Mapping[str, str], str]:
    """Return body, headers and method of the call that carries the bytes: themselves, or a form with them as its last field."""
    if not slot.form:
        return raw, {"Content-Type": media_type, **dict(upload.headers)}, upload.method
    form = httpx2.Request("POST", "https://form.invalid", data=dict(slot.form), files={"file": (name, raw, media_type)})
    return form.read(), {"Content-Type": form.headers["Content-Type"], **dict(upload.headers)}, "POST"


def _describe_refusal(vendor: Vendor, reply: Reply) -> SoraError:
    """Return the vendor's refusal of an upload; of an answer that means nothing, that it may be asked again."""
    refusal = None if 200 <= reply.status < 300 else read_refusal(vendor, reply)
    return refusal or NotSent(f"{vendor.title} answers {reply.status} to the upload, which does not say where to put the picture.")


def change_texts(value: Any, path: Sequence[str], change: Callable[[str], str]) -> Any:
    """Return parsed JSON with the texts at a path changed; lists on the way stand for each of their parts."""
    if isinstance(value, list | tuple):
        return [change_texts(part, path, change) for part in cast("list[Any]", value)]
    if not path:
        return change(value) if isinstance(value, str) else value
    if isinstance(value, dict) and path[0] in value:
        fields = cast("dict[str, Any]", value)
        return {**fields, path[0]: change_texts(fields[path[0]], path[1:], change)}
    return cast(Any, value)
