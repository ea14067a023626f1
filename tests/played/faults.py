"""Ways to misbehave, each one played on a connection after its request was read; whether the job is taken before is an argument."""

from __future__ import annotations

import asyncio
import functools
import gzip
import itertools
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .nouns import Answer, Heard
from .wire import Fault, Talk

Meant = Callable[[], Answer]
Args = dict[str, Any]
CHUNK = b"\x00" * 65536


def _answer(meant: Meant, args: Args) -> Answer:
    """What would have been said; with `taken: false` the vendor did not do it."""
    if args.get("taken", True):
        return meant()
    return Answer(200, b'{"never": "taken"}')


async def _close(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """Ends without a word. At `accept` nothing was read, later the job may be taken."""
    if heard.role:
        _answer(meant, args)


async def _reset(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    if heard.role:
        _answer(meant, args)
    talk.reset()


async def _hang(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    if heard.role:
        _answer(meant, args)
    await talk.hold()


async def _half_headers(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    _answer(meant, args)
    await talk.send(b"HTTP/1.1 200 OK\r\nContent-Le")


async def _hang_mid_body(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """Stops after `share` of the body, or after `bytes` of it."""
    answer = _answer(meant, args)
    await talk.send(answer.head() + answer.body[: args.get("bytes", int(len(answer.body) * args.get("share", 0.5)))])
    talk.wire.watch(f"{heard.role}:stuck")
    await talk.hold()


async def _drip(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """One byte each `every_s`; with `body: true` only the body drips."""
    answer = _answer(meant, args)
    content = answer.head(("X-Fill", "x" * 2000)) + answer.body
    if args.get("body"):
        await talk.send(answer.head())
        content = answer.body
    for byte in content:
        await talk.send(bytes([byte]))
        await asyncio.sleep(args.get("every_s", 0.05))


async def _trickle(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """The right answer, at a steady `bytes_per_s`."""
    answer, began = _answer(meant, args), asyncio.get_running_loop().time()
    await talk.send(answer.head(("Connection", "close")))
    step = max(1, min(len(CHUNK), args["bytes_per_s"] // 4))
    for start in range(0, len(answer.body), step):
        await talk.send(bytes(answer.body[start : start + step]))
        await asyncio.sleep(began + (start + step) / args["bytes_per_s"] - asyncio.get_running_loop().time())


async def _slow(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """The right answer, after a while."""
    answer = _answer(meant, args)
    await asyncio.sleep(args.get("seconds", 0.2))
    await talk.send(answer.head(("Connection", "close")) + answer.body)


async def _short_body(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """Promises more than it sends."""
    answer = _answer(meant, args)
    await talk.send(answer.head(length=len(answer.body) + args.get("missing", 92)) + answer.body)


async def _cut(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """Closes after `share` of the body."""
    answer = _answer(meant, args)
    await talk.send(answer.head() + answer.body[: int(len(answer.body) * args.get("share", 0.5))])


async def _long_body(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """Promises less than it sends."""
    answer = _answer(meant, args)
    await talk.send(answer.head(length=len(answer.body) // 2) + answer.body)


async def _instead(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """Another answer: `status`, `json` or `text` or `hex`, `headers`. The job is taken only where that is said."""
    if args.get("taken", False):
        meant()
    text = args.get("text", "")
    body = json.dumps(args["json"]).encode() if "json" in args else bytes.fromhex(args.get("hex", "")) or text.encode()
    headers = tuple((str(name), str(value)) for name, value in args.get("headers", {"Content-Type": "application/json"}).items())
    answer = Answer(args.get("status", 200), body, headers)
    await talk.send(answer.head(("Connection", "close")) + answer.body)


async def _mended(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """The right answer with parts exchanged, after `seconds`: `with` is laid over its JSON, a key with null is taken out."""
    answer = _answer(meant, args)
    await asyncio.sleep(args.get("seconds", 0.0))
    body = {**json.loads(answer.body), **args.get("with", {})}
    content = json.dumps({name: value for name, value in body.items() if value is not None or name not in args.get("with", {})}).encode()
    answer = Answer(args.get("status", answer.status), content, (*answer.headers, *args.get("headers", {}).items()))
    await talk.send(answer.head(("Connection", "close")) + answer.body)


async def _mended_headers(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """The right body under other headers."""
    answer = replace(meant(), headers=tuple(args["headers"].items()))
    await talk.send(answer.head(("Connection", "close")) + answer.body)


async def _zipped(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """The right answer, packed as `coding` says although nobody asked for it."""
    answer, coding = meant(), args["coding"]
    pack = args.get("pack") or {"gzip": gzip.compress, "deflate": zlib.compress}.get(coding.rpartition("-")[2].lower(), bytes)
    answer = replace(answer, body=pack(answer.body), headers=(*answer.headers, ("Content-Encoding", coding)))
    await talk.send(answer.head(("Connection", "close")) + answer.body)


async def _interim(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """1xx answers for ever."""
    _answer(meant, args)
    while True:
        await talk.send(f"HTTP/1.1 {args.get('status', 103)} Wait\r\n\r\n".encode())
        await asyncio.sleep(0.05)


async def _two_lengths(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    answer = _answer(meant, args)
    await talk.send(answer.head(("Content-Length", str(len(answer.body) + 7))) + answer.body)


async def _bad_chunk(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    answer = _answer(meant, args)
    await talk.send(answer.head(("Transfer-Encoding", "chunked"), length=None) + b"zz\r\n" + answer.body + b"\r\n")


async def _fat_header(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    answer = _answer(meant, args)
    await talk.send(answer.head(("X-Fat", "f" * args.get("bytes", 200_000))) + answer.body)


async def _old_http(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """HTTP/0.9: a body and nothing else."""
    await talk.send(_answer(meant, args).body)


async def _bomb(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """`mib` of zeros, packed twice: some hundred bytes on the wire."""
    _answer(meant, args)
    packed = gzip.compress(zeros(args.get("mib", 16)), mtime=0)
    answer = Answer(200, packed, (("Content-Type", "application/json"), ("Content-Encoding", args.get("encoding", "gzip, gzip"))))
    await talk.send(answer.head() + answer.body)


async def _endless(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """A body without an end, or of `mib`, and without a length unless `length` is told."""
    _answer(meant, args)
    await talk.send(Answer(200, b"", (("Content-Type", "video/mp4"),)).head(length=args.get("length")))
    for _ in range(args["mib"] * 16) if "mib" in args else itertools.count():
        await talk.send(CHUNK)


async def _hop(talk: Talk, heard: Heard, meant: Meant, args: Args) -> None:
    """A redirect of `status` to `to`; the job is not taken."""
    answer = Answer(args.get("status", 302), b"", (("Location", args["to"]),))
    await talk.send(answer.head(("Connection", "close")))


@functools.cache
def zeros(mib: int) -> bytes:
    """The inner packing, made piece by piece, so that the bomb is small here too."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b"\x00" * (1 << 20)) for _ in range(mib)) + packer.flush()


FAULTS: Mapping[str, Fault] = {
    "close": _close,
    "reset": _reset,
    "hang": _hang,
    "half_headers": _half_headers,
    "hang_mid_body": _hang_mid_body,
    "drip": _drip,
    "slow": _slow,
    "trickle": _trickle,
    "short_body": _short_body,
    "cut": _cut,
    "long_body": _long_body,
    "instead": _instead,
    "mended": _mended,
    "mended_headers": _mended_headers,
    "zipped": _zipped,
    "interim": _interim,
    "two_lengths": _two_lengths,
    "bad_chunk": _bad_chunk,
    "fat_header": _fat_header,
    "old_http": _old_http,
    "bomb": _bomb,
    "endless": _endless,
    "hop": _hop,
}
