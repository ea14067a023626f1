"""The played vendors themselves: as strict as the vendors' pages, and usable by other programs."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.played import KEY, VENDORS, Muvi, Wire, played
from tests.played.processes import line, run

BEARER = {"Authorization": f"Bearer {KEY}"}
MUVI = {"model": "openai/sora-2/text-to-video", "input": {"prompt": "a boat", "aspect_ratio": "16:9", "duration": "4"}}
SENT: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "muvi": ("/v1/jobs/submit", BEARER, MUVI),
    "mulerun": ("/vendors/openai/v1/sora-2-pro/generation", BEARER, {"prompt": "a boat", "seconds": "4", "size": "720x1280"}),
    "aimlapi": ("/v2/video/generations", BEARER, {"model": "openai/sora-2-t2v", "prompt": "a boat", "duration": 4}),
    "openrouter": ("/api/v1/videos", BEARER, {"model": "google/veo-3.1-fast", "prompt": "a boat", "duration": 4}),
    "fal": ("/minimax/h3/text-to-video", {"Authorization": f"Key {KEY}"}, {"prompt": "a boat", "duration": 5}),
    "google": ("/v1beta/interactions", {"X-Goog-Api-Key": KEY}, {"model": "gemini-omni-1.1-flash", "input": "a boat"}),
    "runway": ("/v1/text_to_video", {**BEARER, "X-Runway-Version": "2024-11-06"}, {"model": "gen4.5", "promptText": "a boat"}),
    "xai": ("/v1/videos/generations", BEARER, {"model": "grok-imagine-video-1.5", "prompt": "a boat"}),
    "minimax": ("/v2/video_generation", BEARER, {"model": "MiniMax-H3", "prompt": "a boat"}),
    "compatible": ("/v1/videos", BEARER, {"model": "my-model", "prompt": "a boat"}),
    "pixazo": ("/sora-video/v1/video/generate", {"Ocp-Apim-Subscription-Key": KEY}, {"prompt": "a boat", "seconds": 4}),
}
"""A sound order at each vendor."""


async def answer(wire: Wire, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        reply = await client.post(wire.address + path, json=body, headers=headers)
    return reply.status_code, reply.json()


@pytest.mark.parametrize("name", VENDORS)
async def test_a_sound_order_is_taken_once(name: str) -> None:
    path, headers, body = SENT[name]
    async with played(VENDORS[name]()) as wire:
        status, _ = await answer(wire, path, body, headers)
        assert (status in (200, 202), [made.body for made in wire.made]) == (True, [body])


@pytest.mark.parametrize("name", VENDORS)
async def test_an_order_without_the_key_is_refused(name: str) -> None:
    path, _, body = SENT[name]
    async with played(VENDORS[name]()) as wire:
        assert ((await answer(wire, path, body, {"X-Other": KEY}))[0], wire.made) == (401, [])


@pytest.mark.parametrize(
    ("name", "change", "status", "words"),
    [
        ("muvi", {"input": {**MUVI["input"], "duration": 4}}, 400, "Invalid value of duration"),
        ("muvi", {"input": {**MUVI["input"], "duration": "5"}}, 400, "Invalid value of duration"),
        ("muvi", {"input": {**MUVI["input"], "resolution": "720p"}}, 400, "Unrecognized key(s) in object: 'resolution'"),
        ("muvi", {"input": {"aspect_ratio": "16:9"}}, 400, "prompt is required"),
        ("muvi", {"input": {**MUVI["input"], "prompt": "x" * 1001}}, 400, "Invalid value of prompt"),
        ("muvi", {"webhookUrl": "http://example.com"}, 400, "Invalid value of webhookUrl"),
        ("muvi", {"model": "openai/sora-3"}, 404, "Model openai/sora-3 not found"),
        ("mulerun", {"seconds": 4}, 400, "Invalid value of seconds"),
        ("mulerun", {"size": "1920x1080"}, 400, "Invalid value of size"),
        ("mulerun", {"model": "sora-2-pro"}, 400, "Unrecognized key(s) in object: 'model'"),
        ("mulerun", {"image": "https://example.com/x.png"}, 400, "Unrecognized key(s) in object: 'image'"),
        ("aimlapi", {"duration": "4"}, 400, "Invalid value of duration"),
        ("aimlapi", {"duration": True}, 400, "Invalid value of duration"),
        ("aimlapi", {"resolution": "1080p"}, 400, "Invalid value of resolution"),
        ("aimlapi", {"model": "openai/sora-3"}, 400, "Invalid enum value"),
        ("pixazo", {"seconds": "4"}, 400, "Invalid value of seconds"),
        ("pixazo", {"size": "720p"}, 400, "Invalid value of size"),
        ("pixazo", {"image": "https://example.com/x.png"}, 400, "Unrecognized key(s) in object: 'image'"),
    ],
)
async def test_an_order_that_no_page_describes_is_refused(name: str, change: dict[str, Any], status: int, words: str) -> None:
    path, headers, body = SENT[name]
    async with played(VENDORS[name]()) as wire:
        told, said = await answer(wire, path, {**body, **change}, headers)
        assert (told, words in json.dumps(said), wire.made) == (status, True, [])


async def test_a_wire_ends_by_itself() -> None:
    async with played(Muvi(), lifetime_s=0.05) as wire:
        await wire.wait()
        with pytest.raises(httpx2.ConnectError):
            await answer(wire, "/", {}, {})


async def test_another_program_arms_a_fault_and_reads_what_was_made() -> None:
    vendor = await run("tests.played", "muvi", "--lifetime", "20", "--set", "walk=completed", env={})
    address = f"http://127.0.0.1:{int(await line(vendor))}"
    path, headers, body = SENT["muvi"]
    try:
        async with httpx2.AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
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
