"""Start Airflow on this machine with the DAGs ready, and stop all of it: `make up`.

Airflow's own `standalone` leaves its parts running when it is ended by a signal. Here it lives in a session of its
own, and stopping ends every process of that session. Airflow is not imported, only run.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from retention.errors import RetentionError, SettingsError
from retention.settings import PROJECT_DIR, load_settings

HOST = "127.0.0.1"
POOL = ("warehouse_writer", "1", "One task at a time writes in the warehouse")
READY_SECONDS = 180
STOP_SECONDS = 20
PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


class AirflowError(RetentionError):
    """Airflow did not start."""


def airflow_environment(airflow_home: Path, port: int, dags: Path = PROJECT_DIR / "dags") -> dict[str, str]:
    """The environment in which every Airflow command of this installation runs.

    Args:
        airflow_home: folder of Airflow's database, logs and generated secrets.
        port: port of the page and of the tasks' interface; the two above it serve logs.
        dags: folder of the DAG files.
    """
    bundle = {
        "name": "retention",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(dags)},
    }
    return os.environ | {
        # `airflow standalone` starts its parts by the name `airflow`.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(port + 1),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(port + 2),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def prepare(environment: dict[str, str], log: Path) -> None:
    """Make the database and the pool, both no-ops when they are there.

    Raises:
        AirflowError: a command failed; the message has its last line.
    """
    airflow = str(Path(sys.executable).with_name("airflow"))
    for arguments in (("db", "migrate"), ("pools", "set", *POOL)):
        with log.open("ab") as output:
            done = subprocess.run([airflow, *arguments], env=environment, stdout=output, stderr=output, check=False)
        if done.returncode:
            raise AirflowError(
                f"airflow {' '.join(arguments)} failed: {last_line(log)}",
                f"Read {log}. A database of another Airflow version can be moved away: it holds run history only.",
            )


def require_free_port(port: int) -> None:
    """Refuse a port that is taken, before anything starts.

    Raises:
        SettingsError: another process listens on the port or on one of the two above it.
    """
    for candidate in (port, port + 1, port + 2):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, candidate))
            except OSError as error:
                raise SettingsError(
                    f"Port {candidate} of {HOST} is in use (Airflow needs {port} to {port + 2}).",
                    f"Stop what uses it, or choose another: make up PORT={port + 10}.",
                ) from error


def is_healthy(port: int) -> bool:
    """Ask the health page whether every part is up."""
    try:
        with urllib.request.urlopen(
            f"http://{HOST}:{port}/api/v2/monitor/health", timeout=5
        ) as answer:  # http to this machine
            state = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return False
    return all((state.get(part) or {}).get("status") == "healthy" for part in PARTS)


def session_members(session: int) -> list[psutil.Process]:
    """Every live process of a session, whatever its process group."""
    members = []
    for process in psutil.process_iter(["status"]):
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == session and process.info["status"] != psutil.STATUS_ZOMBIE:
                members.append(process)
    return members


def stop_session(session: int, patience: float = STOP_SECONDS) -> None:
    """End every process of a session: politely, then, after `patience` seconds, by force."""
    for stop in (psutil.Process.terminate, psutil.Process.kill):
        deadline = time.monotonic() + patience
        told: set[int] = set()  # once each: a second SIGTERM would break off the first one's tidying up
        while (members := session_members(session)) and time.monotonic() < deadline:
            for member in members:
                if member.pid not in told:
                    told.add(member.pid)
                    with suppress(psutil.NoSuchProcess):
                        stop(member)
            psutil.wait_procs(members, timeout=0.2)


@contextmanager
def running_airflow(environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `airflow standalone` in a session of its own for the length of the block; nothing of it is left after."""
    airflow = str(Path(sys.executable).with_name("airflow"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [airflow, "standalone"], env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        stop_session(process.pid)
        process.wait()


def wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until every part is healthy.

    Raises:
        AirflowError: Airflow ended, or was not healthy in time.
    """
    deadline = time.monotonic() + READY_SECONDS
    while not is_healthy(port):
        if process.poll() is not None:
            raise AirflowError(f"Airflow ended while starting: {last_line(log)}", f"Read {log}.")
        if time.monotonic() > deadline:
            raise AirflowError(f"Airflow was not ready after {READY_SECONDS} seconds.", f"Read {log}.")
        time.sleep(0.5)


def last_line(log: Path) -> str:
    """The last line of a log that says something."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it wrote nothing"


def login_hint(airflow_home: Path) -> str:
    """Say how to log in: Airflow made a password for `admin` on its first start."""
    passwords = airflow_home / "simple_auth_manager_passwords.json.generated"
    return f"user admin, password in {passwords}" if passwords.exists() else "no log-in needed"


def serve(home: Path, port: int, say: Callable[[str], None]) -> None:
    """Start Airflow, say where it is, and wait until it ends or a signal asks to stop.

    Args:
        home: the pipeline's home; Airflow's own files go to `airflow` in it.
    """
    require_free_port(port)
    airflow_home = home / "airflow"
    airflow_home.mkdir(parents=True, exist_ok=True)
    log = airflow_home / "standalone.log"
    environment = airflow_environment(airflow_home, port)
    say(f"up: preparing Airflow's database in {airflow_home}")
    prepare(environment, log)
    say("up: starting Airflow (about 20 seconds)")
    with running_airflow(environment, log) as process:
        try:
            wait_until_ready(process, port, log)
            say(f"up: ready at http://{HOST}:{port} ({login_hint(airflow_home)})")
            say(f"up: DAGs are listed in dags/README.md; output goes to {log}; stop with Ctrl-C")
            process.wait()
            raise AirflowError(f"Airflow ended: {last_line(log)}", f"Read {log}.")
        except KeyboardInterrupt:
            say("up: stopping")
    say("up: stopped, nothing left running")


def _interrupt(signal_number: int, frame: FrameType | None) -> None:
    del signal_number, frame
    # A second signal must not break off the stopping.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Command line of `make up`."""
    parser = argparse.ArgumentParser(prog="python -m retention.airflow_server", description="Start Airflow: make up.")
    parser.add_argument("--port", type=int, default=8080, help="port of the page (default 8080; two more above it)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="run this Airflow command there instead: dags list")
    options = parser.parse_args()
    port: int = options.port
    if options.command:
        airflow = str(Path(sys.executable).with_name("airflow"))
        environment = airflow_environment(load_settings().home_dir / "airflow", port)
        return subprocess.run([airflow, *options.command], env=environment, check=False).returncode
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        serve(load_settings().home_dir, port, lambda line: print(line, flush=True))  # noqa: T201  # what a person reads
    except RetentionError as error:
        print(f"up: {error}", file=sys.stderr, flush=True)  # noqa: T201  # what a person reads
        return error.exit_code
    except KeyboardInterrupt:  # before Airflow was started
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
