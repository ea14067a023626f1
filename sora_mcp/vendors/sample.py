"""The sample vendor: free clips, made on this machine, by the same path as a paid video. README.md"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from sora_mcp.domain import Call, Done, Failed, Handler, ImageRule, Offer, Order, Pending, Rate, Reading, Reply, Rule, Size, Vendor
from sora_mcp.domain.money import usd
from sora_mcp.vendors.shared.sizes import FULL_HD, HD, SEED

SIZES = (
    *HD,
    *FULL_HD,
    Size("1024x1024", "1:1", "1024p"),
    Size("640x360", "16:9", "360p"),
    Size("360x640", "9:16", "360p"),
    Size("1792x1024", "7:4", "1024p"),
    Size("1024x1792", "4:7", "1024p"),
)
FREE = usd("0")
CODES = {"content_refused": "content_refused", "timed_out": "vendor_unavailable", "full": "storage_error"}

OFFERS = (
    Offer(
        model="sample",
        slug="sample",
        rules=(Rule("size", SIZES), Rule("seconds", range(4, 21)), Rule("audio", (True, False), default=True), SEED),
        rates=(Rate(FREE, "video"),),
        source="README.md",
        checked=date(2026, 11, 20),
        image=ImageRule(),
        prompt_max=4000,
        expected_s=2,
    ),
)


def submit(order: Order) -> Call:
    """Return the submit call. A first frame is not sent; `warnings` says so."""
    fields = {"model": order.slug, "prompt": order.prompt, "size": order.size.text, "seconds": order.seconds}
    return Call("POST", "/v1/videos", fields | {name: order.options[name] for name in ("audio", "seed") if name in order.options})


def read(reply: Reply) -> Reading | None:
    """Return what a submit or status reply means."""
    body = reply.body
    job, status = body["id"], body["status"]
    match status:
        case "queued":
            return Pending(job, _ask(body), "queued", status)
        case "rendering":
            return Pending(job, _ask(body), "running", status, progress=body["progress"])
        case "completed":
            return Done(Call("GET", body["content"] + _pass_on(body)), status, micros=FREE, id=job)
        case "failed":
            error = body["error"]
            code = CODES.get(error["code"], "internal")
            return Failed(code, status, error["message"], charged="no", id=job)
        case "cancelled":
            return Failed("vendor_rejected", status, charged="no", state="cancelled", id=job)
        case _:
            return None


def warnings(order: Order) -> tuple[str, ...]:
    """Return what the clip will not show of the order."""
    from sora_mcp.media.sample import render

    unseen = () if order.image is None else ("A sample clip is a drawn scene: the first frame is not looked at.",)
    lost = render.describe_lost(order.prompt)
    return unseen if lost is None else (*unseen, lost)


def serve(home: Path) -> Handler:
    """Return the handler of the in-process server, which keeps its clips in the store's folder."""
    from sora_mcp.media.sample import server as sample_server

    return sample_server.serve(home / "sample")


def _ask(body: dict[str, Any]) -> Call:
    return Call("GET", f"/v1/videos/{body['id']}{_pass_on(body)}")


def _pass_on(body: dict[str, Any]) -> str:
    """Return the order as a query: where several machines share the store, any of them may go on with the clip."""
    return f"?order={order}" if (order := body.get("order")) else ""


VENDOR = Vendor(
    name="sample",
    title="The sample vendor",
    base_url="https://sample.invalid",
    keys=(),
    offers=OFFERS,
    submit=submit,
    read=read,
    caveat="A sample clip is a drawn scene that no model made: it does not show the prompt.",
    job_id=r"s_[0-9a-f]{16}",
    refunds=True,
    tells_cost=True,
    cancel=lambda job: Call("POST", f"/v1/videos/{job}/cancel"),
    warn=warnings,
    serve=serve,
)
