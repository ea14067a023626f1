"""The server behind the sample clips: takes orders, makes them one at a time, remembers them in a folder."""

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
from sora_mcp.media.sample.orders import QUEUED_S, JobFolder, Take, alone
from sora_mcp.media.sample.render import render
from sora_mcp.media.sample.scene import Clip

Answer = tuple[int, dict[str, str], bytes | Path]
Render = Callable[[Clip, Path, Callable[[float], None]], None]

ROUTE = re.compile(r"/v1/videos(?:/(?P<id>s_[0-9a-f]{16})(?P<part>/content|/cancel)?)?")


def serve(folder: Path) -> Handler:
    """Answers from this folder. The same studio for the same folder, so that progress is seen by all who ask."""
    return _studio(folder.absolute()).handler


@lru_cache(maxsize=64)
def _studio(folder: Path) -> SampleServer:
    return SampleServer(folder)


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="sample-clip", daemon=True).start()


def _rendered(clip: Clip, path: Path, on_progress: Callable[[float], None]) -> None:
    render(clip, path, on_progress=on_progress)


class SampleServer:
    """All its memory is in the folder; what it holds besides is progress, which a restart may lose."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.time,
        make: Render = _rendered,
        start: Callable[[Callable[[], None]], None] = _in_background,
    ) -> None:
        self._jobs = JobFolder(folder)
        self._clock = clock
        self._make = make
        self._start = start
        self._progress: dict[str, float] = {}
        self._broken: dict[str, str] = {}
        self._guard = threading.Lock()

    async def handler(self, method: str, target: str, body: bytes) -> Answer:
        """One request, answered in a worker thread."""
        return await anyio.to_thread.run_sync(self.answer, method, target, body)

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """One request. Never waits for a clip."""
        route = ROUTE.fullmatch(target.partition("?")[0])
        if route is None:
            return _no(404, "not_found", "There is no such page.")
        if route["id"] is None:
            return self._submit(body) if method == "POST" else _no(405, "wrong_method", "Only POST.")
        take = self._jobs.read(route["id"])
        if take is None:
            return _no(404, "not_found", "There is no such video.")
        match method, route["part"]:
            case "GET", None:
                return _said(200, self._state(take))
            case "GET", "/content":
                return self._content(take)
            case "POST", "/cancel":
                return self._cancel(take)
            case _:
                return _no(405, "wrong_method", "Not like this.")

    def _submit(self, body: bytes) -> Answer:
        try:
            clip = _clip(json.loads(body))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return _no(400, "invalid", f"The order cannot be read: {error}")
        self._jobs.sweep(self._clock())
        take = Take(f"s_{secrets.token_hex(8)}", clip, self._clock())
        self._jobs.write(take)
        if take.fault is None:
            self._begin(take)
        return _said(202, self._state(take))

    def _state(self, take: Take) -> dict[str, Any]:
        """Where it stands, by its age and its file. A clip that nobody makes any more, after a restart, is begun again."""
        age = self._clock() - take.created_at
        if take.cancelled:
            return {"id": take.id, "status": "cancelled"}
        if 0 <= age < QUEUED_S:
            return {"id": take.id, "status": "queued"}
        fault = take.fault or (("broken", self._broken[take.id]) if take.id in self._broken else None)
        if fault is not None:
            return {"id": take.id, "status": "failed", "error": {"code": fault[0], "message": fault[1]}}
        if self._jobs.file(take, "mp4").exists() and not 0 <= age < take.least_s:
            return {"id": take.id, "status": "completed", "content": f"/v1/videos/{take.id}/content"}
        self._begin(take)
        made = self._progress.get(take.id, 1.0 if self._jobs.file(take, "mp4").exists() else 0.0)
        waited = age / take.least_s if 0 <= age < take.least_s else 1.0
        return {"id": take.id, "status": "rendering", "progress": round(min(made, waited, 0.99), 3)}

    def _content(self, take: Take) -> Answer:
        if self._state(take)["status"] != "completed":
            return _no(404, "not_finished", "The video is not finished.")
        path = self._jobs.file(take, "mp4")
        return 200, {"content-type": "video/mp4", "content-length": str(path.stat().st_size)}, path

    def _cancel(self, take: Take) -> Answer:
        if self._state(take)["status"] in ("completed", "failed"):
            return _no(409, "finished", "The video is finished already.")
        cancelled = replace(take, cancelled=True)
        self._jobs.write(cancelled)
        return _said(200, self._state(cancelled))

    def _begin(self, take: Take) -> None:
        """Has the clip made, unless it is there or somebody is at it."""
        with self._guard:
            if take.id in self._progress or self._jobs.file(take, "mp4").exists():
                return
            self._progress[take.id] = 0.0
        self._start(partial(self._finish, take))

    def _finish(self, take: Take) -> None:
        """Makes the clip under another name, so that it is there whole or not at all."""
        part = self._jobs.file(take, "mp4.part")
        try:
            with alone(self._jobs.file(take, "lock")) as mine:
                if mine and not self._jobs.file(take, "mp4").exists():
                    self._make(take.clip, part, partial(self._progress.__setitem__, take.id))
                    os.replace(part, self._jobs.file(take, "mp4"))
        except Exception as error:  # whatever breaks in a codec or on the disk ends this clip, and is told to who asks
            self._broken[take.id] = f"{type(error).__name__}: {error}"
        finally:
            self._progress.pop(take.id, None)


def _clip(fields: Any) -> Clip:
    """An order's clip. Any of the errors of a wrong shape when it is none."""
    width, height = (int(side) for side in fields["size"].split("x"))
    clip = Clip(str(fields["prompt"]), width, height, int(fields["seconds"]), bool(fields.get("audio", True)), fields.get("seed"))
    if not 1 <= clip.seconds <= 60 or any(side % 2 or not 16 <= side <= 4096 for side in (width, height)):
        raise ValueError("size or seconds")
    return clip


def _said(status: int, body: dict[str, Any]) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps(body).encode()


def _no(status: int, code: str, message: str) -> Answer:
    return _said(status, {"error": {"code": code, "message": message}})
