"""An S3 store on the loopback: moto's server, which can go away and come back with all that it had."""

from __future__ import annotations

import importlib.util
import logging
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.waiting import PATIENCE_S

MISSING = [name for name in ("obstore", "moto", "flask", "flask_cors") if importlib.util.find_spec(name) is None]
needs_s3 = pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not installed (pip install 'sora-mcp[dev]')")
SECRET = "s3cr3t/of+the/bucket"


@dataclass
class S3:
    """A store with one empty bucket."""

    port: int = 0
    bucket: str = field(default_factory=lambda: f"videos-{uuid4().hex[:12]}")
    _server: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What opens it, by AWS's names."""
        return {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.url}

    @property
    def environ(self) -> dict[str, str]:
        """The same with the address of a prefix in the bucket."""
        return {**self.variables, "SORA_MCP_ARTIFACT_URL": f"s3://{self.bucket}/team"}

    def come(self) -> None:
        """Answer, at the same port as before."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from moto.server import ThreadedMotoServer
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]

    def go(self) -> None:
        """Answer nobody."""
        self._server.stop()

    @cached_property
    def _objects(self) -> Any:
        from obstore.store import S3Store

        config: Any = {name.lower(): value for name, value in self.variables.items()}
        return S3Store(self.bucket, config=config, client_options={"allow_http": True})

    def list_keys(self) -> list[str]:
        """Return the keys of all that is in the bucket."""
        import obstore

        return [found["path"] for page in obstore.list(self._objects) for found in page]

    def put(self, key: str, body: bytes) -> None:
        """Put an object there by hand, in place of what is there."""
        import obstore

        obstore.put(self._objects, key, body)

    def age(self, key: str, seconds: float) -> None:
        """Let an object have been put so much earlier."""
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        found: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.bucket].keys[key]
        found.last_modified -= timedelta(seconds=seconds)

    def put_at(self, key: str) -> float:
        """Return when an object was put."""
        import obstore

        return obstore.head(self._objects, key)["last_modified"].timestamp()

    def read_attributes(self, key: str) -> Any:
        """Return what a browser is told of an object."""
        import obstore

        return obstore.get(self._objects, key).attributes

    def delete(self, key: str) -> None:
        """Delete an object."""
        import obstore

        obstore.delete(self._objects, key)


@contextmanager
def s3_store() -> Iterator[S3]:
    """Yield a store that answers."""
    s3 = S3()
    s3.come()
    try:
        assert httpx2.put(f"{s3.url}/{s3.bucket}", timeout=PATIENCE_S, verify=False).status_code == 200
        yield s3
    finally:
        with suppress(Exception):
            s3.go()


@dataclass
class Narrow:
    """A way to the store that takes only so many bytes, and then holds what comes: an upload through it never ends."""

    s3: S3
    room: int
    is_full: threading.Event = field(default_factory=threading.Event)

    def open(self) -> str:
        """Return its address."""
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def _accept(self, listener: socket.socket) -> None:
        while True:
            here, _ = listener.accept()
            there = socket.create_connection(("127.0.0.1", self.s3.port))
            threading.Thread(target=self._forward, args=(here, there), daemon=True).start()
            threading.Thread(target=self._answer, args=(there, here), daemon=True).start()

    def _forward(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while data := here.recv(1 << 16):
                self.room -= len(data)
                if self.room < 0:
                    self.is_full.set()
                    return
                there.sendall(data)

    def _answer(self, there: socket.socket, here: socket.socket) -> None:
        with suppress(OSError):
            while data := there.recv(1 << 16):
                here.sendall(data)
