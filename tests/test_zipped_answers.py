"""Answers that a gateway packs although plain ones were asked for: a paid order is known, and its polls are read."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from sora_mcp.net.content_encoding import unpack

from .each import each
from .played import Muvi
from .played.rig import rig


@each("mark", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
async def test_a_byte_order_mark_before_an_answer_changes_nothing(mark: bytes, tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "completed")), tmp_path) as at:
        for role in ("submit", "status"):
            at.wire.arm(role, "zipped", times=100, coding="identity", pack=lambda body: mark + body)
        job = await at.until((await at.bought(seconds=4)).id, "completed", "failed", "unknown")
    assert (job.state, job.charged, len(at.posts)) == ("completed", "yes", 1)


JSON = b'{"id": "v", "status": "queued"}'


@each("coding", ["gzip", "X-GZIP", "deflate", "aws-chunked", "Identity", ""])
async def test_an_order_and_its_polls_are_read_whatever_their_coding(coding: str, tmp_path: Path) -> None:
    async with rig(Muvi(walk=("pending", "processing", "completed")), tmp_path) as at:
        for role in ("submit", "status"):
            at.wire.arm(role, "zipped", times=100, coding=coding)
        job = await at.until((await at.bought(seconds=4)).id, "completed", "failed", "unknown")
    assert (job.state, job.charged, len(at.posts), len(at.wire.made)) == ("completed", "yes", 1, 1)
    assert job.vendor_id is not None


@each("coding", ["br", "zstd", "gzip, br"])
async def test_an_order_in_a_coding_that_is_not_read_names_it_and_none_was_asked_for(coding: str, tmp_path: Path) -> None:
    async with rig(Muvi(), tmp_path) as at:
        at.wire.arm("submit", "zipped", coding=coding, pack=lambda body: b"\x1b" + body)
        job = await at.until((await at.bought(seconds=4)).id, "completed", "failed", "unknown")
    assert (job.state, job.charged, len(at.posts)) == ("unknown", "unknown", 1)
    assert job.error is not None
    assert f"It came packed as {coding}, which was not asked for" in job.error.message
    assert [heard.headers["accept-encoding"] for heard in at.wire.heard] == ["identity"] * len(at.wire.heard)


def test_what_unpacks_to_more_than_is_read_is_nothing() -> None:
    for coding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        assert unpack(pack(JSON), [coding], len(JSON)) == JSON
        assert unpack(pack(JSON), [coding], len(JSON) - 1) is None
        assert unpack(pack(JSON)[:-1], [coding], 1000) is None
        assert unpack(pack(bytes(50_000_000)), [coding], 1000) is None


def test_plain_json_is_read_whatever_it_is_called() -> None:
    assert [unpack(JSON, [coding], 1000) for coding in ("gzip", "br", "zstd", "lzma")] == [JSON] * 4
    assert unpack(JSON, ["gzip", "br"], 1000) == JSON
    assert unpack(b"packed", ["lzma"], 1000) is None
