"""The files of deploy/: what they name exists, and what stands in several of them agrees."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from goldpan.api.http_protocol import PATIENCE_SECONDS
from goldpan.api.request_file import MOST_UNDER_WAY
from goldpan.api.routes import ROUTES
from goldpan.assembly.servers import DRAIN_SECONDS, STOP_SECONDS
from goldpan.cli.command_line import root
from goldpan.settings import TABLE
from tests.load_balancer import check, configuration, needs_haproxy

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
PORT = 8470
NOT_OURS = {"FORWARDED_ALLOW_IPS"}  # uvicorn's
LONGEST_SILENCE_SECONDS = 30  # of a wait; a stream of events says something every 15


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    return found


def manifests() -> dict[tuple[str, str], dict[str, Any]]:
    """Return every object of the Kubernetes manifests by kind and name."""
    texts = [path.read_text() for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))]
    objects = [found for text in texts for found in yaml.safe_load_all(text)]
    return {(found["kind"], found.get("metadata", {}).get("name", "")): found for found in objects}


def our_services() -> dict[str, dict[str, Any]]:
    return {name: found for name, found in compose()["services"].items() if found["image"].startswith("goldpan:")}


def pods() -> dict[str, dict[str, Any]]:
    """Return the pod of every manifest that makes one."""
    return {
        name: found["spec"]["template"]["spec"]
        for (kind, name), found in manifests().items()
        if kind in ("Deployment", "Job")
    }


def containers() -> Iterator[dict[str, Any]]:
    for pod in pods().values():
        yield from pod["containers"]


def starts_of_units() -> list[list[str]]:
    return [
        re.findall(r"^ExecStart=/opt/goldpan/bin/goldpan (.*)", path.read_text(), re.M)[0].split() for path in UNITS
    ]


def seconds(text: str) -> int:
    number = re.fullmatch(r"([0-9]+)s", text)
    assert number is not None, text
    return int(number[1])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_a_file_says_what_it_is_and_names_no_registry(path: Path) -> None:
    text = path.read_text()

    assert text.startswith("# "), "say in one sentence at the top what lives here"
    assert not re.search(r"(?:--index-url|--extra-index|PIP_INDEX|docker\.io|ghcr\.io|quay\.io|pypi\.org)", text)


def test_every_setting_that_is_set_exists() -> None:
    named = {name for service in our_services().values() for name in service["environment"]}
    named |= {variable["name"] for container in containers() for variable in container["env"]}
    named |= {name for path in UNITS for name in re.findall(r"^Environment=([A-Z_]+)=", path.read_text(), re.M)}
    named |= set(re.findall(r"\bGOLDPAN_[A-Z_]+", "".join(path.read_text() for path in FILES)))

    assert named - NOT_OURS <= {setting.name for setting in TABLE}


def test_every_command_that_is_run_exists_with_its_options() -> None:
    commands = [service["command"] for service in our_services().values()]
    commands += [container["args"] for container in containers()]
    commands += starts_of_units()
    commands.append(re.findall(r'"([^"]+)"', (DEPLOY / "Dockerfile").read_text().rpartition("CMD ")[2]))

    assert {words[0] for words in commands} == {"serve", "worker", "migrate"}
    for words in commands:
        command = root.get_command(click.Context(root), words[0])
        assert command is not None, words
        command.make_context(words[0], list(words[1:]))


def test_the_port_is_the_same_everywhere() -> None:
    [default] = [option.default for option in root.commands["serve"].params if option.name == "port"]
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    api = pods()["goldpan-api"]["containers"][0]

    assert default == PORT
    assert f"EXPOSE {PORT}\n" in dockerfile
    assert f"http://127.0.0.1:{PORT}/healthz" in dockerfile
    assert re.findall(r"server api-\d api-\d:(\d+)", (DEPLOY / "haproxy.cfg").read_text()) == [str(PORT)] * 2
    assert api["ports"] == [{"name": "http", "containerPort": PORT}]
    assert manifests()["Service", "goldpan-api"]["spec"]["ports"][0]["targetPort"] == "http"


def test_every_probe_asks_for_a_path_that_exists() -> None:
    paths = set(re.findall(r"uri (/\S+)", (DEPLOY / "haproxy.cfg").read_text()))
    paths |= set(re.findall(rf":{PORT}(/\w+)", (DEPLOY / "Dockerfile").read_text()))
    for container in containers():
        probes = [container.get(f"{kind}Probe") for kind in ("startup", "readiness", "liveness")]
        paths |= {probe["httpGet"]["path"] for probe in probes if probe}

    assert paths == {"/healthz", "/readyz"}
    assert paths <= {route.path for route in ROUTES}


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    [image] = manifests()["Kustomization", ""]["images"]

    assert {service["image"] for service in our_services().values()} == {f"goldpan:{version}"}
    assert (image["name"], image["newTag"]) == ("goldpan", version)
    assert f"-t goldpan:{version} ." in (DEPLOY / "Dockerfile").read_text()


def test_whoever_ends_a_process_gives_it_the_time_to_drain() -> None:
    drain = DRAIN_SECONDS + STOP_SECONDS
    waits = [seconds(service["stop_grace_period"]) for service in our_services().values()]
    waits += [seconds(text) for path in UNITS for text in re.findall(r"^TimeoutStopSec=(.*)", path.read_text(), re.M)]
    api = pods()["goldpan-api"]
    pause = int(api["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])

    assert min(waits) > drain
    assert len(waits) >= len(our_services()) + 3
    assert api["terminationGracePeriodSeconds"] > drain + pause
    assert pods()["goldpan-worker"]["terminationGracePeriodSeconds"] > drain


def test_the_load_balancer_limits_time_and_size_as_goldpan_does() -> None:
    text = (DEPLOY / "haproxy.cfg").read_text()
    limits = dict(re.findall(r"^    timeout ([a-z-]+) ([0-9]+)s", text, re.M))
    [largest] = [setting.default for setting in TABLE if setting.name == "GOLDPAN_MAX_FILE_BYTES"]

    assert int(limits["http-request"]) <= PATIENCE_SECONDS
    assert min(int(limits["client"]), int(limits["server"])) > 2 * LONGEST_SILENCE_SECONDS
    assert f"req.hdr_val(content-length) gt {largest} " in text


def test_a_server_has_room_for_all_files_that_may_be_under_way() -> None:
    [largest] = [int(setting.default) for setting in TABLE if setting.name == "GOLDPAN_MAX_FILE_BYTES"]
    needed_mib = MOST_UNDER_WAY * largest * 5 // 4 // 2**20
    [scratch] = pods()["goldpan-api"]["volumes"]
    servers = [service for service in our_services().values() if service["command"][0] == "serve"]

    assert scratch["emptyDir"]["sizeLimit"] == f"{needed_mib}Mi"
    assert len(servers) == 2
    for service in servers:
        assert service["tmpfs"] == [f"/tmp:size={needed_mib}m,mode=1777"]
        assert service["mem_limit"] == f"{needed_mib + 1024}m"


@needs_haproxy
def test_haproxy_takes_its_configuration(tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(configuration(PORT, [PORT + 1, PORT + 2]))

    assert check(file) == ""


def test_there_are_two_of_everything_that_may_be_two() -> None:
    commands = [service["command"][0] for service in our_services().values()]
    replicas = {name: found["spec"]["replicas"] for (kind, name), found in manifests().items() if kind == "Deployment"}
    guarded = {name for kind, name in manifests() if kind == "PodDisruptionBudget"}

    assert sorted(commands) == ["migrate", "serve", "serve", "worker", "worker"]
    assert replicas == {"goldpan-api": 2, "goldpan-worker": 2}
    assert guarded == set(replicas)


def test_every_manifest_is_part_of_the_kustomization() -> None:
    files = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")}

    assert set(manifests()["Kustomization", ""]["resources"]) == files - {"kustomization.yaml", "secret.example.yaml"}


def test_nothing_runs_with_more_rights_than_it_needs() -> None:
    for pod in pods().values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
    for container in containers():
        rights = container["securityContext"]
        assert rights["capabilities"] == {"drop": ["ALL"]}
        assert (rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"]) == (False, True)
        assert container["resources"]["limits"]["memory"]
    for service in our_services().values():
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
    for path in UNITS:
        assert {"User=goldpan", "NoNewPrivileges=yes", "ProtectSystem=strict"} <= set(path.read_text().splitlines())


def test_the_image_runs_as_nobody_special_from_locked_packages_on_a_base_with_a_version() -> None:
    text = (DEPLOY / "Dockerfile").read_text()

    assert re.findall(r"^USER (.*)", text, re.M) == ["10001:10001"]
    assert {pod["securityContext"]["runAsUser"] for pod in pods().values()} == {10001}
    assert set(re.findall(r"^FROM (\S+)", text, re.M)) == {"python:3.11-slim-bookworm"}
    assert "--require-hashes --only-binary :all: -r requirements.lock" in text
    assert "--no-build-isolation --no-deps ." in text
    for name in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.M):
        assert all(os.path.exists(ROOT / part) for part in name.split()), name


def test_the_health_check_of_the_image_is_python_that_can_be_read() -> None:
    [code] = re.findall(r'CMD \["python", "-c", "(.*)"\]', (DEPLOY / "Dockerfile").read_text())

    compile(code, "HEALTHCHECK", "exec")


def test_only_valkey_and_postgresql_are_reached_by_their_names() -> None:
    services = compose()["services"]
    environment = services["api-1"]["environment"]

    assert environment["GOLDPAN_DATABASE_URL"].endswith("@postgres/goldpan")
    assert environment["GOLDPAN_REDIS_URL"] == "redis://valkey:6379/0"
    assert {"postgres", "valkey", "load-balancer"} <= set(services)
    assert {name for name, found in services.items() if found.get("ports")} == {"load-balancer"}
