"""The TypeScript SDKs behind the balancer, where npm can be had: each request reaches another replica, and none is noticed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_replicas import PAID
from tests.clients.environments import NotToBeHad, make_environment
from tests.s3 import needs_s3, s3_store
from tests.stored import empty_schema
from tests.waiting import PATIENCE_S

from .replicas import NGINX, Cluster, cluster

pytestmark = [
    pytest.mark.cluster,
    needs_s3,
    pytest.mark.timeout(900),
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)"),
]
PROGRAM = Path(__file__).parent / "programs" / "in_turn.mjs"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Cluster]:
    """Three replicas with a database and a bucket, in which a paid clip needs a person's yes."""
    folder = tmp_path_factory.mktemp("cluster")
    with s3_store() as s3, empty_schema(postgres_url) as url, cluster(folder, url, {**PAID, **s3.environ}) as opened:
        yield opened


@pytest.mark.parametrize(
    ("version", "mode", "has_forms"),
    [("1", "legacy", False), ("2", "legacy", False), ("2", "auto", True)],
    ids=["1.x", "2.x legacy", "2.x"],
)
def test_a_typescript_client_is_served_by_replicas_in_turn(version: str, mode: str, has_forms: bool, service: Cluster) -> None:
    before = service.count_requests()
    told = run_program(version, mode, f"{service.url}/mcp")
    assert told["tools"] == [9, 9, 9]
    clips: list[dict[str, Any]] = told["clips"]
    assert [(clip["state"], clip["pictures"]) for clip in clips] == [("completed", 1)] * 3, clips
    assert all(clip["poster"] > 1000 for clip in clips)
    assert {clip["id"] for clip in clips} <= set(told["listed"])
    if has_forms:
        assert (told["forms"], len({paid["job_id"] for paid in told["paid"]})) == (3, 3)
    else:  # clients of 2025 have no sessions here, and get a quote in place of a form
        assert (told["forms"], [paid["error"]["code"] for paid in told["paid"]]) == (0, ["needs_confirmation"] * 3)
    counts = service.count_requests() - before
    print(f"SDK {version} {mode}: requests by replica {counts}")
    assert len(counts) == len(service.replicas) and min(counts.values()) >= 4  # each worker of nginx takes turns by itself


def run_program(version: str, mode: str, url: str) -> dict[str, Any]:
    """Return what the client saw. Skip where its packages cannot be had."""
    try:
        environment = make_environment(f"typescript-sdk-{version}")
    except NotToBeHad as error:
        pytest.skip(f"the TypeScript SDK {version} was not tried behind nginx: {error}")
    program = shutil.copy(PROGRAM, environment.folder)  # Node looks for packages beside the program
    command = [str(environment.program), str(program), version, mode, url]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
