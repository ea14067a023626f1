"""LiteLLM's proxy as a real server in front of a played `/v1/videos` server: bought through one version, followed through the next."""

from __future__ import annotations

import os
import subprocess
from base64 import b64decode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2
import pytest

from tests.cli.test_serving import free_port
from tests.clients.environments import CACHE, Environment, NotToBeHad, make_python
from tests.played import KEY, played
from tests.played.modern import FormServer
from tests.played.rig import picture, rig
from tests.waiting import PATIENCE_S, patience

pytestmark = [pytest.mark.oracles, pytest.mark.timeout(1800)]
PACKAGES = {
    "1.106.12": ("litellm[proxy]==1.106.12",),
    "1.110.2": (
        # Its extra `proxy` needs a package that PyPI does not have everywhere, so these are the ones that the server imports.
        *("litellm==1.110.2", "litellm-proxy-extras==0.4.110", "fastapi", "uvicorn", "uvloop", "gunicorn", "granian", "python-multipart"),
        *("httpx2", "orjson", "pyyaml", "backoff", "apscheduler", "fastapi-sso", "pyjwt", "cryptography", "pynacl", "websockets<16"),
        *("rq", "hiredis", "boto3", "rich<14", "restrictedpython", "expression", "semver", "polars", "tomlkit", "inquirerpy"),
        *("azure-identity", "azure-storage-blob", "backports-zstd", "soundfile", "mcp>=2.3,<3"),
    ),
}
PRICES = """
["compatible:fox"]
per_second = "0.15"
image = true
form = true
["compatible:nobody"]
per_second = "0.15"
"""
START_S = 600.0


@dataclass
class Upstream(FormServer):
    """OpenAI's old API, to which the proxy sends forms with a key of its own. It has no word of what a video costs."""

    key: str = "upstream"


async def test_a_video_is_bought_through_one_version_of_the_proxy_and_settled_through_the_next(tmp_path: Path) -> None:
    old, new = (_make(version) for version in PACKAGES)
    frame, port = picture(1280, 720), free_port()
    async with played(Upstream(walk=("queued", "queued", "in_progress")), lifetime_s=1500) as upstream:
        config = _write_config(tmp_path, f"{upstream.address}/v1")
        env = {"COMPATIBLE_BASE_URL": f"http://127.0.0.1:{port}", "TRUSTED_HOSTS": f"127.0.0.1:{port}"}
        async with rig(FormServer(), tmp_path, prices=PRICES, **env) as at:
            async with _serve(old, config, port):
                jobs = [await at.bought("compatible:fox", image=image) for image in (None, frame)]
                with patience("both orders to be taken", START_S):
                    for job in jobs:
                        await at.until(job.id, "queued", "running", "failed", "unknown")
            assert [made.body.get("input_reference") for made in upstream.made] == [None, b64decode(frame.partition(",")[2])]
            app = upstream.app
            assert isinstance(app, Upstream)
            app.walk = ("in_progress", "completed")
            async with _serve(new, config, port):
                ends = [await at.until(job.id, "completed", "failed", "unknown", "expired") for job in jobs]
                refused = await at.until((await at.bought("compatible:nobody")).id, "failed", "completed", "unknown")
            assert [(job.state, job.charged, job.micros, job.actual) for job in ends] == [("completed", "yes", 600_000, 400_000)] * 2
            assert len(upstream.made) == 2
            assert refused.error is not None
            assert (refused.error.code, refused.charged, at.held()) == ("model_retired", "no", 0)
            assert (await at.service.budget()).day_spent == 800_000
        print(f"litellm {' -> '.join(PACKAGES)}: 2 videos, $0.40 each by the proxy's own map of prices")


def _make(version: str) -> Environment:
    try:
        return make_python(f"litellm {version}", PACKAGES[version], CACHE.parent / "oracles" / f"litellm_{version}")
    except NotToBeHad as error:
        pytest.skip(str(error))


def _write_config(folder: Path, upstream: str) -> Path:
    """Write the proxy's settings: one model, its provider's address, a price and the key that clients need."""
    config = folder / "litellm.yaml"
    config.write_text(
        "model_list:\n"
        "  - model_name: fox\n"
        f"    litellm_params: {{model: openai/sora-2, api_base: '{upstream}', api_key: upstream}}\n"
        f"general_settings: {{master_key: '{KEY}'}}\n",
        "utf-8",
    )
    return config


@asynccontextmanager
async def _serve(made: Environment, config: Path, port: int) -> AsyncGenerator[None]:
    """Run the proxy until left. It is ended by its id."""
    command = [str(made.program), str(made.program.with_name("litellm"))]
    command += ["--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    environ = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    log = config.with_suffix(f".{made.folder.name}.log")
    with log.open("w", encoding="utf-8") as heard:
        server = await anyio.open_process(command, env=environ, cwd=config.parent, stdin=subprocess.DEVNULL, stdout=heard, stderr=heard)
        try:
            with patience(f"{made.folder.name} to listen", START_S):
                while not await _is_listening(port):
                    assert server.returncode is None, log.read_text("utf-8")[-2000:]
                    await anyio.sleep(0.5)
            yield
        finally:
            server.terminate()
            with anyio.CancelScope(shield=True):
                await server.wait()


async def _is_listening(port: int) -> bool:
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
            return (await client.get(f"http://127.0.0.1:{port}/health/liveliness")).status_code == 200
    except httpx2.HTTPError:
        return False
