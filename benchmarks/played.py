"""Two vendors on loopback, in a thread of their own: one never answers, one is always at work."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler


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
        body = json.dumps({"jobId": self.path.rsplit("/", 1)[-1], "status": "processing", "progress": 40}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def vendor(kind: type[Mute] | type[Busy]) -> Iterator[str]:
    """The vendor's address."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
