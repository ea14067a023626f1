"""Replicas of the HTTP server over one PostgreSQL store, each with a home of its own, behind nginx, which takes them in turn."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from scripts.house import ROOT
from tests.cli.test_serving import free_port
from tests.waiting import PATIENCE_S, wait_until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIG = ROOT / "deploy" / "nginx.conf"


@dataclass
class Replica:
    """One server, which can be ended and started again."""

    port: int
    folder: Path
    environ: Mapping[str, str]
    words: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start it, and return once it can answer."""
        words = [sys.executable, "-m", "sora_mcp", "serve", "--port", str(self.port), *self.words]
        with (self.folder / "stderr").open("ab") as file:
            self.process = subprocess.Popen(words, env=dict(self.environ), stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        assert wait_until(lambda: self.process.poll() is not None or answers(self.port)), "the replica to be ready"
        assert self.process.poll() is None, (self.folder / "stderr").read_text()

    def end(self) -> int:
        """End it as a supervisor does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_S)


@dataclass
class Cluster:
    """The replicas, and the port of what stands in front of them."""

    replicas: list[Replica]
    port: int
    folder: Path
    """That of nginx."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count_requests(self) -> Counter[str]:
        """Return how many requests to `/mcp` each replica was given, by nginx's access log."""
        lines = map(json.loads, (self.folder / "access.log").read_text("utf-8").splitlines())
        return Counter(line["replica"] for line in lines if line["path"] == "/mcp")


def answers(port: int) -> bool:
    """Return whether a replica is ready."""
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=5.0, verify=False).status_code == 200
    except httpx2.TransportError:
        return False


@contextmanager
def cluster(folder: Path, database_url: str, environ: Mapping[str, str], *words: str, count: int = 3) -> Iterator[Cluster]:
    """Start replicas and nginx; `words` are arguments of `serve`."""
    with ExitStack() as stack:
        front, replicas = free_port(), list[Replica]()
        for number in range(count):
            (own := folder / f"replica{number}").mkdir()
            named = ("--allowed-host", f"127.0.0.1:{front}", *words)
            replicas.append(Replica(free_port(), own, make_environment(own, database_url, environ), named))
        for replica in replicas:
            replica.start()
            stack.callback(end_quietly, replica)
        (place := folder / "nginx").mkdir()
        (place / "nginx.conf").write_text(write_config(place, front, [replica.port for replica in replicas]), "utf-8")
        assert NGINX is not None
        words = [NGINX, "-p", str(place), "-c", str(place / "nginx.conf"), "-g", "daemon off;"]
        nginx = stack.enter_context(subprocess.Popen(words, stderr=subprocess.DEVNULL))
        stack.callback(nginx.terminate)
        assert wait_until(lambda: nginx.poll() is not None or answers(front))
        yield Cluster(replicas, front, place)


def write_config(folder: Path, front: int, ports: Sequence[int]) -> str:
    """Return the configuration that we ship, with other ports, and with its files in a folder."""
    text = CONFIG.read_text("utf-8").replace("listen 8080;", f"listen 127.0.0.1:{front};").replace("/tmp/", f"{folder}/")
    (first, *others) = re.findall(r" *server sora-\d:8000 .*\n", text)
    for line in others:
        text = text.replace(line, "")
    text = text.replace(first, "".join(re.sub(r"sora-\d:8000", f"127.0.0.1:{port}", first) for port in ports))
    return text.replace("error_log stderr", f"error_log {folder}/error.log").replace("/dev/stdout", f"{folder}/access.log")


def make_environment(folder: Path, database_url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a replica: nothing on disk is shared with another one."""
    own = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PYTHONPATH": str(ROOT),
        "SORA_MCP_HOME": str(folder / "home"),
        "SORA_MCP_OUTPUT_DIR": str(folder / "videos"),
        "SORA_MCP_DATABASE_URL": database_url,
        "SORA_MCP_TIMEZONE": "UTC",
    }
    return {**{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}, **own, **environ}


def end_quietly(replica: Replica) -> None:
    """Kill the replica, if it is still there."""
    if replica.process.poll() is None:
        replica.process.kill()
        replica.process.wait(timeout=PATIENCE_S)
