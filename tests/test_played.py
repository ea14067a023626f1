"""The played vendors themselves: as strict as the vendors' pages, and usable by other programs."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.played import KEY, VENDORS, Muvi, Wire, played
from tests.played.processes import line, run
from tests.stories import facts, merge
from tests.waiting import PATIENCE_S


def order(name: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    """A sound order at the vendor: path, headers, body."""
    shared = facts(name)
    header, value = shared["auth"]
    return shared["call"]["path"], {header: value.format(key=KEY), **dict(shared["call"].get("headers", ()))}, shared["call"]["body"]


async def answer(wire: Wire, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE_S, verify=False) as client:
        reply = await client.post(wire.address + path, json=body, headers=headers)
    return reply.status_code, reply.json()


async def test_an_order_that_no_page_describes_or_without_the_key_is_refused_and_a_sound_one_is_taken_once() -> None:
    for name, kind in VENDORS.items():
        path, headers, body = order(name)
        async with played(kind()) as wire:
            assert ((await answer(wire, path, body, {"X-Other": KEY}))[0], wire.made) == (401, []), name
            for row in facts(name).get("wrong", ()):
                status, reply = await answer(wire, path, merge(body, row["body"]), headers)
                assert (status, row["words"] in json.dumps(reply), wire.made) == (row["status"], True, []), (name, row, reply)
            status, reply = await answer(wire, path, body, headers)
            assert (200 <= status < 300, [made.body for made in wire.made]) == (True, [body]), (name, reply)


async def test_a_wire_ends_by_itself() -> None:
    async with played(Muvi(), lifetime_s=0.05) as wire:
        await wire.wait()
        with pytest.raises(httpx2.ConnectError):
            await answer(wire, "/", {}, {})


async def test_another_program_arms_a_fault_and_reads_what_was_made() -> None:
    vendor = await run("tests.played", "muvi", "--lifetime", "20", "--set", "walk=completed", env={})
    address = f"http://127.0.0.1:{int(await line(vendor))}"
    path, headers, body = order("muvi")
    try:
        async with httpx2.AsyncClient(base_url=address, headers=headers, trust_env=False, timeout=PATIENCE_S, verify=False) as client:
            await client.post("/-/arm", json={"on": "submit", "fault": "close"})
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.post(path, json=body)
            made = (await client.get("/-/made")).json()
            heard = (await client.get("/-/heard")).json()
            status = (await client.get(f"/v1/jobs/{made[0]['id']}")).json()
        assert ([one["body"] for one in made], [one["role"] for one in heard], status["status"]) == ([body], ["submit"], "completed")
    finally:
        vendor.kill()
        await vendor.wait()
