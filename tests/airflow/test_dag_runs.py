"""The DAG run to its end: by `dag.test()`, and by a real scheduler by hand, by backfill and by catch-up."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.airflow.installation import PROJECT, ZONE, Installation
from tests.airflow.page import Page
from tests.notices.receiver import Receiver, receiving
from tests.reports.company import AS_OF, write_release
from tests.sources.rest.service import KEY, Shop, order, running

from retention import airflow_server
from retention.runs import Home

pytestmark = pytest.mark.slow
DAG = "retention_daily"
RUN_SECONDS = 450


@pytest.fixture(scope="module")
def published_by_dag_test(installation: Installation) -> dict[str, Any]:
    answer: dict[str, Any] = installation.python("execute_dag.py", str(installation.yesterday - timedelta(days=9)))
    return answer


@pytest.fixture(scope="module")
def page(installation: Installation, published_by_dag_test: Any) -> Iterator[Page]:
    """A real Airflow that missed its last scheduled run; gone, with all its processes, afterwards."""
    del published_by_dag_test  # dag.test() and the scheduler take turns in one home
    installation.python("add_past_run.py", str(last_due_day() - timedelta(days=1)))
    log = installation.airflow_home / "standalone.log"
    with_daily = installation.with_dags(f"{DAG}.py", "sources.py")
    with airflow_server.running_airflow(with_daily.environment, log) as process:
        airflow_server.wait_until_ready(process, installation.port, log)
        yield Page(installation)
    assert airflow_server.session_members(process.pid) == []


def last_due_day() -> date:
    """The as-of day of the last 09:00 that has passed in the business's time zone."""
    return (datetime.now(ZONE) - timedelta(hours=9)).date() - timedelta(days=1)


def published_days(home: Path) -> set[date]:
    with duckdb.connect(str((home / "published").resolve() / "retention.duckdb"), read_only=True) as tables:
        return {row[0] for row in tables.execute("select distinct as_of_date from marts.customer_rfm").fetchall()}


def runs_of(page: Page, kind: str, partitions: set[str]) -> Callable[[], list[dict[str, Any]]]:
    """The runs of a kind, once there is one of each partition and all have ended."""

    def finished() -> list[dict[str, Any]]:
        runs = [run for run in page.runs() if run["run_type"] == kind and run["partition_key"] in partitions]
        ended = {run["partition_key"] for run in runs if run["state"] in ("success", "failed")}
        return runs if ended == partitions else []

    return finished


def task_log(installation: Installation, run_id: str, task: str, dag: str = DAG) -> str:
    folder = installation.airflow_home / "logs" / f"dag_id={dag}" / f"run_id={run_id}" / f"task_id={task}"
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.log")))


def test_dag_test_publishes_the_tables(installation: Installation, published_by_dag_test: dict[str, Any]) -> None:
    assert published_by_dag_test["state"] == "success", published_by_dag_test
    skipped = {"write_report", "write_workbook"}  # by the setting daily_reports
    assert {task for task, state in published_by_dag_test["tasks"].items() if state == "skipped"} == skipped
    assert set(published_by_dag_test["tasks"].values()) == {"success", "skipped"}
    (folder,) = (installation.home / "work").glob(f"{installation.yesterday - timedelta(days=9)}_*")
    assert {path.stem for path in folder.glob("*.json")} >= {"land", "validate", "build", "audit", "publish", "report"}


def test_reports_are_written_by_their_tasks(installation: Installation, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    write_release(home)
    own = {"RETENTION_HOME": str(home.path), "RETENTION_DAILY_REPORTS": "true", "RETENTION_PROJECT_DIR": str(PROJECT)}
    reporting = dataclasses.replace(installation, environment=installation.environment | own)
    states = reporting.python("execute_reports.py", AS_OF)
    assert set(states.values()) == {"success"}, states
    assert {"retention_daily.write_report", "retention_daily.write_workbook"} < set(states)
    pages = {f"report-{language}.{form}" for language in ("en", "zh") for form in ("html", "md")}
    books = {f"retention-{AS_OF}-{language}.xlsx" for language in ("en", "zh")}
    for kind, files in (("daily", pages), ("monthly", pages), ("workbook", books)):
        assert {path.name for path in (home.reports / kind / AS_OF).iterdir()} == files


def test_a_day_that_was_missed_is_caught_up(page: Page, wait_for: Callable[..., Any]) -> None:
    missed = str(last_due_day())
    (run,) = wait_for(runs_of(page, "scheduled", {missed}), 2 * RUN_SECONDS, page.runs)
    assert run["state"] == "success", page.tasks(run["dag_run_id"])


def test_a_run_by_hand_takes_its_partition_as_the_day(
    installation: Installation, page: Page, wait_for: Callable[..., Any]
) -> None:
    day = installation.yesterday - timedelta(days=4)
    page.trigger("by-hand", partition=str(day))
    (run,) = wait_for(runs_of(page, "manual", {str(day)}), RUN_SECONDS, page.runs)
    assert run["state"] == "success", page.tasks("by-hand")
    assert published_days(installation.home) == {day}


def test_a_backfill_runs_every_day_of_its_range(
    installation: Installation, page: Page, wait_for: Callable[..., Any]
) -> None:
    days = [str(installation.yesterday - timedelta(days=back)) for back in (7, 6)]
    seen = published_days(installation.home)
    arguments = ["--dag-id", DAG, "--from-date", days[0], "--to-date", days[1], "--max-active-runs", "1"]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("airflow")), "backfill", "create", *arguments],
        env=installation.environment, cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = wait_for(runs_of(page, "backfill", set(days)), 2 * RUN_SECONDS, page.runs)
    assert {run["partition_key"]: run["state"] for run in runs} == dict.fromkeys(days, "success")
    released = {path.name.split("_")[0] for path in (installation.home / "releases").iterdir()}
    assert released >= set(days)
    assert published_days(installation.home) == seen, "a backfill turned readers back"


@pytest.fixture
def operators(installation: Installation, page: Page) -> Iterator[Receiver]:
    """A service at which the operators are told of runs that fail; its address is an Airflow connection."""
    path = Path(installation.environment["RETENTION_NOTICES"])
    with receiving() as found:
        connection = {"connection_id": "ops-chat", "conn_type": "generic", "password": found.address("operators")}
        page.ask("/api/v2/connections", connection)
        path.write_text("operators: {secret: {connection: ops-chat}}\n", encoding="utf-8")
        yield found
        path.write_text("{}\n", encoding="utf-8")


def test_a_refused_load_fails_at_once_and_says_what_to_do(
    installation: Installation, page: Page, operators: Receiver, wait_for: Callable[..., Any]
) -> None:
    before = (installation.home / "published").resolve()
    page.trigger("refused", conf={"as_of": str(installation.yesterday), "landing": str(installation.broken_landing)})
    wait_for(lambda: page.ask(f"/api/v2/dags/{DAG}/dagRuns/refused")["state"] == "failed", RUN_SECONDS, page.runs)
    tasks = page.tasks("refused")
    assert (tasks["land"]["state"], tasks["land"]["try_number"]) == ("failed", 1)
    assert {tasks[step]["state"] for step in ("validate", "build", "audit", "publish", "report")} == {"upstream_failed"}
    log = task_log(installation, "refused", "land")
    assert f"RUN FAILED dag={DAG} task=land as_of={installation.yesterday}" in log
    assert "exit code 3" in log
    assert "orders.csv" in log
    assert (installation.home / "published").resolve() == before
    [told] = wait_for(lambda: operators.texts("operators"), 60, page.runs)
    assert f"RUN FAILED dag={DAG} task=land as_of={installation.yesterday}" in told
    assert str(operators.port) not in log, "an address is not logged"


@pytest.fixture
def shop_address(installation: Installation) -> Iterator[str]:
    """A service with 35 orders, declared as a source whose key is an Airflow connection."""
    path = Path(installation.environment["RETENTION_SOURCES"])
    with running(Shop([order(number) for number in range(1, 36)])) as service:
        path.write_text(
            f"""
            sources:
              - name: shop
                kind: rest
                base_url: {service.url}
                auth: bearer
                secret: {{connection: shop-key}}
                schedule: "0 0 1 1 *"
                entities:
                  - entity: orders
                    path: /key
                    records: $.data
                    pagination: {{kind: keyset, key: id, at: {{param: behind}}}}
                    columns: {{order_id: id, customer_id: buyer.id, ordered_at: created, amount: total.value}}
            """,
            encoding="utf-8",
        )
        yield service.url
        path.unlink()


def test_a_source_is_extracted_with_its_connection_of_which_nothing_is_logged(
    installation: Installation, page: Page, shop_address: str, wait_for: Callable[..., Any]
) -> None:
    dag = "/api/v2/dags/source_shop"
    page.ask("/api/v2/connections", {"connection_id": "shop-key", "conn_type": "http", "password": KEY})

    page.turn_on("source_shop", RUN_SECONDS)
    page.ask(f"{dag}/dagRuns", {"dag_run_id": "once", "logical_date": None})
    wait_for(lambda: page.ask(f"{dag}/dagRuns/once")["state"] in ("success", "failed"), RUN_SECONDS, page.runs)
    log = task_log(installation, "once", "extract", "source_shop")
    assert page.ask(f"{dag}/dagRuns/once")["state"] == "success", log
    assert "35 rows" in log
    assert f"retention extract shop --home={installation.home}" in log
    finished = installation.home / "vault" / "extracts" / "shop" / "finished.json"
    assert list(json.loads(finished.read_text(encoding="utf-8"))) == ["orders"]
    [asset] = page.ask("/api/v2/assets?uri_pattern=retention")["assets"]
    assert asset["uri"] == "retention://source/shop/orders"
    assert page.ask(f"/api/v2/assets/events?asset_id={asset['id']}")["total_entries"] == 1
    assert shop_address.startswith("http://127.0.0.1")
    written = [path for place in (installation.airflow_home / "logs", installation.home) for path in place.rglob("*")]
    assert not [path for path in written if path.is_file() and KEY.encode() in path.read_bytes()]
