"""The prompts of the menu, the guide, and the page of the MCP App, as a client of either era finds them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from mcp import Client, MCPError
from mcp.types import PromptReference

from scripts.house import PACKAGE
from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.server.apps import PLAYER
from tests.each import each

from ..snapshot import check_snapshot
from .conftest import Era
from .counter import PlayedService, a_server


async def said(era: Era, name: str, *, keyed: str = "", **arguments: str) -> str:
    service = PlayedService(catalogue=Catalogue(keyed=frozenset(keyed.split())))
    async with Client(a_server(service), mode=era) as client:
        found = await client.get_prompt(name, arguments)
    return found.messages[0].content.text  # type: ignore[union-attr]


ASKED: Mapping[str, dict[str, str]] = {
    "storyboard": {"idea": "paper boats in Lisbon", "seconds": "15"},
    "storyboard, at a vendor that takes last frames": {"idea": "x", "keyed": "aimlapi muvi"},
    "storyboard, at one that takes none": {"idea": "x", "keyed": "pixazo"},
    "shot": {"idea": "a kite", "model": "muvi:sora-2"},
    "review": {"job_id": "v_0000000000"},
    "spend_report": {"month": "2026-11"},
    "spend_report, of no month": {"month": " "},
}
"""What is filled in, by prompt; `keyed` are the vendors with a key."""


async def test_the_prompts_are_those_of_the_snapshot(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        listed = (await client.list_prompts()).prompts
    check_snapshot(
        "prompts",
        {
            "listed": [prompt.model_dump(mode="json", by_alias=True, exclude_none=True) for prompt in listed],
            "written out": {name: await said(era, name.partition(",")[0], **given) for name, given in ASKED.items()},
        },
    )


async def test_no_prompt_buys_without_a_yes() -> None:
    words = "Buy nothing before I say yes|When I say yes, call create_video with max_usd|Buy nothing unasked"
    for name in ("storyboard", "shot", "review"):
        assert re.search(words, await said("auto", name, **ASKED[name])), name


@each(
    ("name", "arguments", "why"),
    [
        ("review", {}, "review needs job_id: it takes job_id."),
        ("shot", {"idea": " "}, "shot needs idea: it takes idea, model, size, seconds."),
        ("review", {"job_id": "v_1", "mood": "x"}, "review has no mood: it takes job_id."),
        ("spend_report", {"month": "zzz"}, "month is written as 2026-11, not 'zzz'."),
        ("spend_report", {"month": "2026-13"}, "month is written as 2026-11, not '2026-13'."),
        ("review", {"job_id": "my clip"}, "job_id is written as v_0123456789, not 'my clip'."),
        ("zzz", {}, "There is no prompt 'zzz': it is storyboard, shot, review or spend_report."),
    ],
)
async def test_a_prompt_that_cannot_be_written_out_says_why(era: Era, name: str, arguments: dict[str, str], why: str) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        with pytest.raises(MCPError) as refused:
            await client.get_prompt(name, arguments)
        assert (refused.value.code, refused.value.message) == (-32602, why)


async def test_months_are_offered_newest_first(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        found = await client.complete(PromptReference(type="ref/prompt", name="spend_report"), {"name": "month", "value": "2026"})
    assert found.completion.values[:2] == ["2026-11", "2026-10"]


async def test_the_guide_names_every_family_that_is_sold(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        guide = (await client.read_resource("sora://guide/prompting")).contents[0]
    assert guide.mime_type == "text/markdown"
    families = {offer.model.split("-")[0].casefold() for offer in Catalogue().offers}
    assert {family for family in families if family not in guide.text.casefold()} == set()  # type: ignore[union-attr]


async def test_the_page_is_small_stands_alone_and_may_play_what_it_has(era: Era) -> None:
    async with Client(a_server(PlayedService()), mode=era) as client:
        page = (await client.read_resource(PLAYER)).contents[0]
        tools = {tool.name: tool.meta for tool in (await client.list_tools()).tools if tool.meta}
    text: str = page.text  # type: ignore[union-attr]
    assert (page.mime_type, page.meta) == (
        "text/html;profile=mcp-app",
        {"ui": {"csp": {"resourceDomains": ["data:", "blob:"]}, "prefersBorder": True}},
    )
    assert len(text.encode()) < 40_000
    unsafe = ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "http:", "https:", "eval(")
    assert [word for word in (*unsafe, "/* script", "/* wire", "/* style") if word in text] == []
    assert tools == {
        name: {"ui": {"resourceUri": PLAYER}, "ui/resourceUri": PLAYER} for name in ("create_video", "get_video_status", "estimate_cost")
    }


def test_the_page_is_in_the_package() -> None:
    assert all((PACKAGE / "server" / "apps" / name).is_file() for name in ("player.html", "player.css", "wire.js", "player.js"))
