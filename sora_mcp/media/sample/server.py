"""Serve the sample vendor's HTTP API within this process: accept orders, render their clips in the background, keep all in a folder."""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import anyio

from sora_mcp.domain import Handler
from sora_mcp.domain.errors import StorageError
from sora_mcp.domain.free_space import check_free_space
from sora_mcp.media.sample.order_files import QUEUED_S, OrderFolder, SampleOrder, lock_clip, pack_order, unpack_order
from sora_mcp.media.sample.render import render
from sora_mcp.media.sample.scene import Clip

Answer = tuple[int, dict[str, str], bytes | Path]
Render = Callable[[Clip, Path, Callable[[float], None]], None]

PIXELS_PER_BYTE = 8
"""Of one second: a clip of 20 s of 1080p has less than 5 MB."""
RENDER_S = 30.0
"""Seconds that the request for a file waits for its clip."""
ROUTE = re.compile(r"/v1/videos(?:/(?P<id>s_[0-9a-f]{16})(?P<part>/content|/cancel)?)?")


def serve(folder: Path) -> Handler:
    """Return the handler of the folder's server; one server per folder, so that every caller sees its progress."""
    return _server(folder.absolute()).handler


@lru_cache(maxsize=64)
def _server(folder: Path) -> SampleServer:
    return SampleServer(folder)


def _start_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="sample-clip", daemon=True).start()


def _render(clip: Clip, path: Path, on_progress: Callable[[float], None]) -> None:
    render(clip, path, on_progress=on_progress)


class SampleServer:
    """Answers requests from the orders in a folder. In memory it only holds progress, which a restart may lose."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.time,
        make: Render = _render,
        start: Callable[[Callable[[], None]], None] = _start_thread,
    ) -> None:
        self._orders = OrderFolder(folder)
        self._clock = clock
        self._make = make
        self._start = start
        self._progress: dict[str, float] = {}
        self._broken: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    async def handler(self, method: str, target: str, body: bytes) -> Answer:
        """Answer one request in a worker thread."""
        return await anyio.to_thread.run_sync(self.answer, method, target, body)

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """Answer one request at once; never wait for a clip."""
        path, _, query = target.partition("?")
        route = ROUTE.fullmatch(path)
        if route is None:
            return _error(404, "not_found", "There is no such page.")
        if route["id"] is None:
            return self._submit(body) if method == "POST" else _error(405, "wrong_method", "Only POST.")
        order = self._orders.read(route["id"]) or self._adopt(route["id"], query.removeprefix("order="))
        if order is None:
            return _error(404, "not_found", "There is no such video.")
        match method, route["part"]:
            case "GET", None:
                return _json(200, self._state(order))
            case "GET", "/content":
                return self._content(order)
            case "POST", "/cancel":
                return self._cancel(order)
            case _:
                return _error(405, "wrong_method", "Not like this.")

    def _submit(self, body: bytes) -> Answer:
        try:
            clip = _read_clip(json.loads(body))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return _error(400, "invalid", f"The order cannot be read: {error}")
        self._orders.delete_old(self._clock())
        number = secrets.token_hex(8)
        if clip.seed is None:  # as a model does: the same words give another picture each time
            clip = replace(clip, seed=int(number[:7], 16))
        order = SampleOrder(f"s_{number}", clip, self._clock())
        self._orders.write(order)
        if order.fault is None:
            self._begin(order)
        return _json(202, self._state(order))

    def _adopt(self, id: str, packed: str) -> SampleOrder | None:
        """Take over an order that was given to a server on another machine; None where it is not all there."""
        order = unpack_order(packed) if packed else None
        if order is None or order.id != id:
            return None
        self._orders.write(order)
        return order

    def _state(self, order: SampleOrder) -> dict[str, Any]:
        """Return the order's state, and the order itself for other servers."""
        return self._find_state(order) | {"order": pack_order(order)}

    def _find_state(self, order: SampleOrder) -> dict[str, Any]:
        """Return the order's state by its age and its file. Restart a clip that no process renders any more."""
        age = self._clock() - order.created_at
        if order.cancelled:
            return {"id": order.id, "status": "cancelled"}
        if 0 <= age < QUEUED_S:
            return {"id": order.id, "status": "queued"}
        fault = order.fault or self._broken.get(order.id)
        if fault is not None:
            return {"id": order.id, "status": "failed", "error": {"code": fault[0], "message": fault[1]}}
        if self._orders.path_of(order, "mp4").exists() and not 0 <= age < order.least_seconds:
            return {"id": order.id, "status": "completed", "content": f"/v1/videos/{order.id}/content"}
        self._begin(order)
        rendered = self._progress.get(order.id, 1.0 if self._orders.path_of(order, "mp4").exists() else 0.0)
        waited = age / order.least_seconds if 0 <= age < order.least_seconds else 1.0
        return {"id": order.id, "status": "rendering", "progress": round(min(rendered, waited, 0.99), 3)}

    def _content(self, order: SampleOrder) -> Answer:
        if self._find_state(order)["status"] == "rendering":  # it was made on another machine, and nobody here has asked for it yet
            self._wait_for_clip(order)
        if self._find_state(order)["status"] != "completed":
            return _error(404, "not_finished", "The video is not finished.")
        path = self._orders.path_of(order, "mp4")
        return 200, {"content-type": "video/mp4", "content-length": str(path.stat().st_size)}, path

    def _wait_for_clip(self, order: SampleOrder) -> None:
        """Return once the clip is rendered, or after RENDER_S."""
        end = time.monotonic() + RENDER_S
        while order.id in self._progress and time.monotonic() < end:
            time.sleep(0.05)

    def _cancel(self, order: SampleOrder) -> Answer:
        if self._find_state(order)["status"] in ("completed", "failed"):
            return _error(409, "finished", "The video is finished already.")
        cancelled = replace(order, cancelled=True)
        self._orders.write(cancelled)
        return _json(200, self._state(cancelled))

    def _begin(self, order: SampleOrder) -> None:
        """Start rendering the clip, unless it is there or in progress."""
        with self._lock:
            if order.id in self._progress or self._orders.path_of(order, "mp4").exists():
                return
            self._progress[order.id] = 0.0
        self._start(partial(self._finish, order))

    def _finish(self, order: SampleOrder) -> None:
        """Render the clip under a temporary name, so that it is there whole or not at all."""
        part = self._orders.path_of(order, "mp4.part")
        try:
            with lock_clip(self._orders.path_of(order, "lock")) as is_ours:
                if is_ours and not self._orders.path_of(order, "mp4").exists():
                    self._make_part(order, part)
                    os.replace(part, self._orders.path_of(order, "mp4"))
        except StorageError as error:
            self._broken[order.id] = ("full", error.message)
        except Exception as error:  # whatever breaks in a codec or on the disk fails this order
            self._broken[order.id] = ("broken", f"{type(error).__name__}: {error}")
        finally:
            self._progress.pop(order.id, None)

    def _make_part(self, order: SampleOrder, part: Path) -> None:
        """Render the clip to `part`; what is left of one that fails is deleted."""
        clip = order.clip
        check_free_space(part.parent, clip.width * clip.height * clip.seconds // PIXELS_PER_BYTE)
        try:
            self._make(clip, part, partial(self._progress.__setitem__, order.id))
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _read_clip(fields: Any) -> Clip:
    """Return the clip that a request body describes. Raises AttributeError, KeyError, TypeError or ValueError when it is malformed."""
    width, height = (int(side) for side in fields["size"].split("x"))
    clip = Clip(str(fields["prompt"]), width, height, int(fields["seconds"]), bool(fields.get("audio", True)), fields.get("seed"))
    if not 1 <= clip.seconds <= 60 or any(side % 2 or not 16 <= side <= 4096 for side in (width, height)):
        raise ValueError("size or seconds")
    return clip


def _json(status: int, body: dict[str, Any]) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps(body).encode()


def _error(status: int, code: str, message: str) -> Answer:
    return _json(status, {"error": {"code": code, "message": message}})
