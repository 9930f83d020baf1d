"""`make up`: Airflow starts with the DAGs ready, and stops without leaving a process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.airflow.installation import PROJECT, free_port

from retention import airflow_adapter, airflow_server
from retention.errors import SettingsError


def processes_of(airflow_home: Path) -> list[str]:
    """The processes that have this AIRFLOW_HOME, whoever their parent is."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AIRFLOW_HOME") == str(airflow_home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.slow
def test_make_up_starts_airflow_and_a_signal_leaves_no_process(tmp_path: Path, wait_for: Callable[..., Any]) -> None:
    airflow_home, port, said = tmp_path / "airflow", free_port(), tmp_path / "said.txt"
    with said.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "retention.airflow_server", "--port", str(port)],
            env=os.environ | {"RETENTION_HOME": str(tmp_path)}, cwd=PROJECT, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_for(lambda: "up: ready at" in said.read_text(), 240, said.read_text)
        assert len(processes_of(airflow_home)) > 4
        dags = subprocess.run(
            [sys.executable, "-m", "retention.airflow_server", "dags", "list", "--output", "plain"],
            env=os.environ | {"RETENTION_HOME": str(tmp_path)}, cwd=PROJECT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "retention_daily" in dags.stdout
        assert "example_" not in dags.stdout
    finally:
        server.send_signal(signal.SIGTERM)
        exit_code = server.wait(timeout=90)
    assert exit_code == 0
    assert processes_of(airflow_home) == []
    text = said.read_text()
    assert f"http://127.0.0.1:{port} (user admin, password in {airflow_home}" in text
    assert "stop with Ctrl-C" in text
    assert text.endswith("up: stopped, nothing left running\n")


def test_a_port_in_use_is_named_before_anything_starts() -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind((airflow_server.HOST, port + 1))
        taken.listen()
        with pytest.raises(SettingsError, match=f"Port {port + 1} of 127.0.0.1 is in use.*make up PORT={port + 10}"):
            airflow_server.require_free_port(port)


def test_stopping_reaches_other_process_groups_and_those_that_do_not_listen() -> None:
    deaf = "import os, signal, time; os.setpgid(0, 0); signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {deaf!r}])"
    root = subprocess.Popen([sys.executable, "-c", parent], start_new_session=True)
    while len(airflow_server.session_members(root.pid)) < 2:
        time.sleep(0.1)
    time.sleep(0.5)  # until the child no longer listens
    airflow_server.stop_session(root.pid, patience=1)
    root.wait(timeout=5)
    assert airflow_server.session_members(root.pid) == []


def test_the_pool_that_is_made_is_the_one_that_tasks_ask_for() -> None:
    assert airflow_server.POOL[:2] == (airflow_adapter.WRITER_POOL, "1")
