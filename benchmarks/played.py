"""Two vendors on loopback, in a thread of their own: one never answers, one is always at work."""

from __future__ import annotations

import itertools
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import ClassVar


class Mute(socketserver.BaseRequestHandler):
    """Takes every connection and says nothing."""

    def handle(self) -> None:
        """Until the other side is gone."""
        while self.request.recv(4096):
            pass


class Busy(BaseHTTPRequestHandler):
    """Every job is being worked on, as Muvi says it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The state of the job that the path ends with."""
        self._answer({"jobId": self.path.rsplit("/", 1)[-1], "status": "processing", "progress": 40})

    def _answer(self, said: dict[str, object]) -> None:
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Orders(Busy):
    """Takes every order too, and counts the questions about jobs."""

    asked: ClassVar[int]
    number: ClassVar[Iterator[int]] = itertools.count()

    def do_GET(self) -> None:
        """Answer one question."""
        type(self).asked += 1
        super().do_GET()

    def do_POST(self) -> None:
        """Take an order."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"jobId": f"order-{next(self.number)}", "status": "pending", "costMicroCents": 400_000})


@contextmanager
def vendor(kind: type[Mute] | type[Busy]) -> Iterator[str]:
    """The vendor's address."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
