"""Airflow's REST interface, as the tests of this folder use it."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from tests.airflow.installation import Installation

from retention import airflow_server


class Page:
    """Airflow's REST interface, logged in as admin, with one DAG turned on."""

    def __init__(self, installation: Installation, dag: str = "retention_daily") -> None:
        self.dag = dag
        self.root = f"http://{airflow_server.HOST}:{installation.port}"
        passwords = installation.airflow_home / "simple_auth_manager_passwords.json.generated"
        admin = json.loads(passwords.read_text(encoding="utf-8"))["admin"]
        self.token = ""
        self.token = self.ask("/auth/token", {"username": "admin", "password": admin})["access_token"]
        self.turn_on(dag)

    def ask(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  # http to this machine
            self.root + path,
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # http to this machine
            return json.load(answer)

    def turn_on(self, dag: str, seconds: float = 120) -> None:
        """Let a DAG run, as soon as Airflow knows it."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.ask(f"/api/v2/dags/{dag}", {"is_paused": False}, "PATCH")
                return
            except urllib.error.HTTPError:
                assert time.monotonic() < deadline, f"Airflow did not read DAG {dag} within {seconds} s"
                time.sleep(1)

    def trigger(self, run_id: str, partition: str | None = None, conf: dict[str, Any] | None = None) -> None:
        body = {"dag_run_id": run_id, "logical_date": None, "partition_key": partition, "conf": conf or {}}
        self.ask(f"/api/v2/dags/{self.dag}/dagRuns", body)

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(f"/api/v2/dags/{self.dag}/dagRuns?limit=100")["dag_runs"]
        return found

    def tasks(self, run_id: str) -> dict[str, dict[str, Any]]:
        found = self.ask(f"/api/v2/dags/{self.dag}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in found}
