"""Muvi's list of jobs, where a lost one may be found. https://developer.muvi.video/docs/api-reference/jobs/list"""

from __future__ import annotations

from sora_mcp.domain import Call, Found, Listing, LostCall, Reply
from sora_mcp.vendors.shared.responses import find_value, parse_time


def look(lost: LostCall) -> Call:
    """`modelId` is the slug."""
    return Call("GET", "/v1/jobs", query=(("modelId", str(find_value(lost.call.body, "model"))), ("limit", "100")))


def listed(reply: Reply, lost: LostCall) -> Listing:
    """Rows have no prompt and no tag of ours: model and time are all there is to go by."""
    body = reply.body.get("data", reply.body)
    ours = [row for row in body["jobs"] if row["model"] == find_value(lost.call.body, "model")]
    found = tuple(Found(row["jobId"]) for row in ours if lost.since <= parse_time(row["createdAt"]) <= lost.until)
    more = body["hasMore"] is not False
    return Listing(found, _page(reply.call, body["nextCursor"]) if more else None, whole=not more)


def _page(call: Call, cursor: str) -> Call:
    kept = tuple((name, value) for name, value in call.query if name != "cursor")
    return Call("GET", call.path, query=(*kept, ("cursor", cursor)))
