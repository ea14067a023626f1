"""The image and the files of `deploy/` say what the program has: settings, flags, ports, users, paths and times."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts.facts import IMAGE, NAME
from scripts.house import ROOT
from sora_mcp.cli.parser import parse_arguments
from sora_mcp.cli.serve import DRAIN_S
from sora_mcp.config.settings import PREFIX, ROWS
from sora_mcp.jobs.submit import DRAIN_S as SUBMIT_DRAIN_S
from sora_mcp.jobs.submit import LAST_WRITE_S
from sora_mcp.server.transports.http import GRACE_S, MOST_BODY
from tests.cluster.replicas import NGINX, write_config

yaml: Any = pytest.importorskip("yaml")
DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
NGINX_CONF = (DEPLOY / "nginx.conf").read_text("utf-8")
USER = "10001"


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def kubernetes() -> dict[str, dict[str, Any]]:
    """Every object, by its kind."""
    return {found["kind"]: found for found in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8"))}


def container() -> dict[str, Any]:
    (found,) = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    return found


def replicas() -> dict[str, Any]:
    """The services of compose that are ours."""
    return {name: service for name, service in compose()["services"].items() if name.startswith("sora-")}


def instruction(name: str) -> str:
    """Return what the last instruction of this name says."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", joined, re.MULTILINE)[-1].strip()


def serve_port(words: list[str]) -> int:
    """Return the port that `serve` would open with these words."""
    parsed = parse_arguments(words)
    assert (parsed.command, parsed.host) == ("serve", "0.0.0.0")
    return parsed.port


def test_every_setting_that_is_named_is_one() -> None:
    named = {name for service in replicas().values() for name in service["environment"]}
    named |= {name for kind, field in (("ConfigMap", "data"), ("Secret", "stringData")) for name in kubernetes()[kind][field]}
    named |= set(re.findall(rf"{PREFIX}\w+", DOCKERFILE))
    assert named - set(ROWS) == set()
    assert len(named) > 10


def test_every_value_that_is_set_can_be_read() -> None:
    pytest.importorskip("prometheus_client")
    pytest.importorskip("obstore")
    given = dict(re.findall(rf"({PREFIX}\w+)=(\S+)", DOCKERFILE)) | kubernetes()["ConfigMap"]["data"] | kubernetes()["Secret"]["stringData"]
    assert {name for name, text in given.items() if ROWS[name].read(text) is None} == set()


def test_ports_agree() -> None:
    port = serve_port(json.loads(instruction("CMD")))
    assert [serve_port(service["command"]) for service in replicas().values()] == [port, port]
    assert serve_port(container()["args"]) == port == int(instruction("EXPOSE"))
    assert f"http://127.0.0.1:{port}/livez" in instruction("HEALTHCHECK")
    ports = {named["name"]: named["containerPort"] for named in container()["ports"]}
    metrics = kubernetes()["ConfigMap"]["data"]["SORA_MCP_METRICS_PORT"]
    assert ports == {"http": port, "metrics": int(metrics)}
    assert kubernetes()["Deployment"]["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"] == metrics
    assert re.findall(r"server ([\w-]+):(\d+) ", NGINX_CONF) == [(name, str(port)) for name in replicas()]
    assert compose()["services"]["nginx"]["ports"] == ["127.0.0.1:8080:8080"] and "listen 8080;" in NGINX_CONF


def test_probes_ask_for_paths_that_are_answered() -> None:
    probes = {name: container()[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: (probe["path"], probe["port"]) for name, probe in probes.items()} == {
        "startup": ("/readyz", "http"),
        "liveness": ("/livez", "http"),
        "readiness": ("/readyz", "http"),
    }


def test_a_replica_has_the_time_that_it_takes_to_end() -> None:
    paid_calls_s = SUBMIT_DRAIN_S + LAST_WRITE_S
    pod, probe = kubernetes()["Deployment"]["spec"]["template"]["spec"], container()["readinessProbe"]
    drain_s = float(kubernetes()["ConfigMap"]["data"]["SORA_MCP_DRAIN_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] >= drain_s + GRACE_S + paid_calls_s + 10
    assert drain_s > probe["periodSeconds"] * probe["failureThreshold"] + 5
    grace = {service["stop_grace_period"] for service in replicas().values()}
    assert grace == {"45s"} and DRAIN_S + GRACE_S + paid_calls_s + 10 <= 45


def test_nobody_is_root_and_the_root_is_read_only() -> None:
    assert instruction("USER") == f"{USER}:{USER}"
    for service in replicas().values():
        assert (service["user"], service["read_only"], service["tmpfs"]) == (f"{USER}:{USER}", True, ["/tmp"])
        assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
        assert [volume.split(":")[1] for volume in service["volumes"]] == [instruction("VOLUME")]
    context, own = kubernetes()["Deployment"]["spec"]["template"]["spec"]["securityContext"], container()["securityContext"]
    assert (context["runAsNonRoot"], context["runAsUser"], context["fsGroup"]) == (True, int(USER), int(USER))
    assert own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert {mount["mountPath"] for mount in container()["volumeMounts"]} == {"/data", "/tmp"}
    folders = dict(re.findall(r"(SORA_MCP_HOME|SORA_MCP_OUTPUT_DIR|\bHOME)=(\S+)", DOCKERFILE))
    assert {path.split("/")[1] for path in folders.values()} == {"data"} and len(folders) == 3


def test_one_replica_stays_while_others_are_replaced() -> None:
    found = kubernetes()
    deployment, budget = found["Deployment"]["spec"], found["PodDisruptionBudget"]["spec"]
    assert (deployment["replicas"], budget["minAvailable"], deployment["strategy"]["rollingUpdate"]["maxUnavailable"]) == (2, 1, 0)
    labels = deployment["template"]["metadata"]["labels"]
    (spread,) = deployment["template"]["spec"]["topologySpreadConstraints"]
    selectors = [deployment["selector"], budget["selector"], spread["labelSelector"], {"matchLabels": found["Service"]["spec"]["selector"]}]
    assert selectors == [{"matchLabels": labels}] * 4
    assert [port["targetPort"] for port in found["Service"]["spec"]["ports"]] == ["http"]


def test_a_container_gets_the_settings_and_asks_for_what_it_needs() -> None:
    names = [{name: of["name"]} for source in container()["envFrom"] for name, of in source.items()]
    assert names == [{f"{kind[0].lower()}{kind[1:]}Ref": kubernetes()[kind]["metadata"]["name"]} for kind in ("ConfigMap", "Secret")]
    assert set(container()["resources"]) == {"requests", "limits"} and "memory" in container()["resources"]["limits"]
    volumes = {volume["name"] for volume in kubernetes()["Deployment"]["spec"]["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container()["volumeMounts"]} == volumes


def test_who_signs_people_in_has_a_client_for_the_pages() -> None:
    """Else a start says that nobody can approve a price."""
    assert "SORA_MCP_CLIENT_ID" in kubernetes()["ConfigMap"]["data"]


def test_secrets_are_filled_in_by_whoever_runs_it() -> None:
    of_pods = kubernetes()["Secret"]["stringData"]
    assert {re.sub(r"^postgresql://sora:(.*)@.*", r"\1", text) for text in of_pods.values()} == {"change-me"}
    assert [name for name in kubernetes()["ConfigMap"]["data"] if ROWS[name].secret] == []
    for service in replicas().values():
        told = {name: text for name, text in service["environment"].items() if name in ROWS and ROWS[name].secret}
        assert {name for name, text in told.items() if "${" not in text} <= {"AWS_ACCESS_KEY_ID"}
        assert service["secrets"] == ["tokens"] and compose()["secrets"] == {"tokens": {"file": "tokens.txt"}}


def test_the_image_is_ours_and_has_what_its_tags_say() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f'io.modelcontextprotocol.server.name="{NAME}"' in DOCKERFILE
    assert json.loads(instruction("ENTRYPOINT")) == list(project["scripts"])
    extras = [set(found.split(",")) for found in re.findall(r"'\.\[([\w,]+)\]'", DOCKERFILE)]
    assert extras == [{"observe", "postgres", "s3"}, {"media", "observe", "postgres", "s3"}]
    assert extras[1] <= set(project["optional-dependencies"])
    assert re.findall(r"^FROM base AS (\w+)$", DOCKERFILE, re.MULTILINE) == ["slim", "latest"], "the last one is built without a target"
    assert container()["image"].partition(":")[0] == IMAGE


def test_only_what_is_copied_gets_into_the_build() -> None:
    shown = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    copied = [word.removeprefix("./") for line in lines for word in line.split()]
    assert sorted(shown) == sorted(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_nginx_lets_through_what_the_server_takes() -> None:
    (most,) = re.findall(r"client_max_body_size (\d+)m;", NGINX_CONF)
    assert int(most) << 20 > MOST_BODY
    assert "non_idempotent" not in NGINX_CONF, "a request that may have bought something is sent once"
    (shape,) = re.findall(r"log_format .*?;", NGINX_CONF, re.DOTALL)
    assert re.findall(r"\$(?:request_uri|request|args|query_string)\b", shape) == []


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    assert NGINX is not None
    (file := tmp_path / "nginx.conf").write_text(write_config(tmp_path, 8080, [8001, 8002]), "utf-8")
    done = subprocess.run([NGINX, "-t", "-p", str(tmp_path), "-c", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
