"""What docker-compose.yml and the Dockerfile promise: no root, pinned images, health checks, no secret in the file."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.deployment.compose_file import COMPOSE, PROJECT, SECRETS, services, variables

from retention.airflow_server import POOL

AIRFLOW_SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer", "airflow-init")
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")


def test_airflow_runs_in_its_four_parts_beside_postgres() -> None:
    assert set(services()) == {*AIRFLOW_SERVICES, "postgres"}
    commands = {name: services()[name]["command"] for name in AIRFLOW_SERVICES[:4]}
    assert commands == {name: ["airflow", name] for name in AIRFLOW_SERVICES[:4]}


@pytest.mark.parametrize("name", sorted(services()))
def test_no_service_runs_as_root_or_can_become_root(name: str) -> None:
    service = services()[name]
    assert str(service["user"]).split(":")[0] not in ("", "0", "root")
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")


@pytest.mark.parametrize("name", sorted(set(services()) - {"airflow-init"}))
def test_every_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    service = services()[name]
    assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"])
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize(
    "image", [*(service["image"] for service in services().values()), DOCKERFILE.split("FROM ")[1]]
)
def test_images_are_pinned_by_a_full_version(image: str) -> None:
    assert re.match(r"[\w./-]+:\d+\.\d+", image), image


def test_the_file_holds_no_secret_and_asks_for_each() -> None:
    assert {name for name, operator in variables().items() if operator == ":?"} == {*SECRETS, "RETENTION_LANDING_DIR"}
    for name, service in services().items():
        for key, value in service["environment"].items():
            if re.search(r"PASSWORD|SECRET|FERNET|CONN", key):
                assert "${" in str(value), f"{name}: {key} is written out"


def test_the_example_names_every_variable_and_holds_no_secret() -> None:
    example = dict(
        line.split("=", 1)
        for line in (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert set(example) == set(variables())
    assert [example[name] for name in SECRETS] == [""] * len(SECRETS)


def test_parts_start_once_the_database_is_ready_and_the_pool_is_made() -> None:
    init = services()["airflow-init"]
    assert init["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert f"airflow db migrate && airflow pools set {POOL[0]} {POOL[1]} '{POOL[2]}'" in init["command"]
    for name in AIRFLOW_SERVICES[:4]:
        assert services()[name]["depends_on"] == {"airflow-init": {"condition": "service_completed_successfully"}}


def test_only_the_page_is_reachable_and_only_from_this_machine() -> None:
    ports = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert list(ports) == ["api-server"]
    assert all(port.startswith("127.0.0.1:") for port in ports["api-server"])


def test_data_is_mounted_where_tasks_run_and_landing_is_read_only() -> None:
    mounts = {name: [str(volume) for volume in service.get("volumes", [])] for name, service in services().items()}
    assert any(mount.endswith(":/srv/retention/home") for mount in mounts["scheduler"])
    assert any(mount.endswith(":/srv/retention/landing:ro") for mount in mounts["scheduler"])
    elsewhere = [mount for name, found in mounts.items() if name != "scheduler" for mount in found]
    assert not any("/srv/retention/home" in mount or "/srv/retention/landing" in mount for mount in elsewhere)


@pytest.mark.parametrize("name", ["scheduler", "dag-processor"])
def test_settings_are_found_where_dags_are_read_and_tasks_run(name: str) -> None:
    service = services()[name]
    assert [str(volume) for volume in service["volumes"] if str(volume).endswith(f":{service['working_dir']}:ro")]


def test_the_image_is_built_from_the_lock_and_runs_without_root() -> None:
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert DOCKERFILE.rstrip().split("USER ")[1].splitlines()[0] == "retention"
    assert f"--uid {services()['scheduler']['user'].split(':')[0]}" in DOCKERFILE


def test_the_image_has_what_it_copies() -> None:
    ignore = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {
        source.removeprefix("./")
        for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M)
        for source in line.split()[:-1]
    }
    assert copied
    for source in copied:
        assert (PROJECT / source).exists(), source
        assert f"!{source}" in ignore, f"{source} is kept out by .dockerignore"
    assert not any(line.startswith(("!data", "!.env")) for line in ignore)


def compose_tool() -> list[str]:
    """The docker-compose of this machine; there is none on a bare one."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return [docker, "compose"]
    missing = "docker-compose is not installed (Debian: apt-get install docker-compose)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    # `make test` must pass on a machine with only git, make and Python; CI has the tool and does not skip.
    pytest.skip(missing)


def run_compose_config(environment: dict[str, str], empty: Path) -> "subprocess.CompletedProcess[str]":
    command = [*compose_tool(), "--file", str(COMPOSE), "--env-file", str(empty), "config", "--quiet"]
    clean = {name: value for name, value in os.environ.items() if name not in variables()}
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False)


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    return dict.fromkeys(SECRETS, "x") | {"RETENTION_LANDING_DIR": str(tmp_path)}


@pytest.fixture
def empty_file(tmp_path: Path) -> Path:
    path = tmp_path / "empty.env"
    path.touch()
    return path


def test_docker_compose_accepts_the_file(secrets: dict[str, str], empty_file: Path) -> None:
    done = run_compose_config(secrets, empty_file)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", [*SECRETS, "RETENTION_LANDING_DIR"])
def test_docker_compose_asks_for_what_is_missing(secrets: dict[str, Any], empty_file: Path, missing: str) -> None:
    done = run_compose_config({name: value for name, value in secrets.items() if name != missing}, empty_file)
    assert done.returncode != 0
    assert "set it in .env, see .env.example" in done.stderr
