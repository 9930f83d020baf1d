"""A person decides in a real Airflow: on the quarterly tier review, and on changes of strategy."""

import dataclasses
import json
import os
import subprocess
import sys
import urllib.error
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.airflow.installation import PROJECT, ZONE, Installation
from tests.airflow.page import Page

from retention import airflow_server
from retention.landing import committed_loads, load_contracts
from retention.reviews import ReviewDesk
from retention.reviews.opening import last_quarter, quarter_end
from retention.runs import Home
from retention.strategy import StrategyDesk

pytestmark = pytest.mark.slow
STRATEGY = "strategy_approval"
DAG = "tier_review_quarterly"
RUN_SECONDS = 450
QUARTER = last_quarter(datetime.now(ZONE).date())
ORDERS = f"""
    select 'O' || n as order_id, 'C' || (n * 7 % 24) as customer_id, 20 + n * 37 % 400 as amount,
        timestamp '{quarter_end(QUARTER)} 10:00' - to_days(cast(n * 37 % 500 as integer)) as ordered_at
    from range(240) as numbers(n)
"""


@pytest.fixture(scope="module")
def reviewing(
    installation: Installation, small_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """The installation with a home of its own, in which the quarter's last day is published."""
    place = tmp_path_factory.mktemp("reviewing")
    (place / "landing" / "orders").mkdir(parents=True)
    duckdb.sql(ORDERS).write_csv(str(place / "landing" / "orders" / "orders.csv"))
    own = {
        "RETENTION_PROJECT_DIR": str(small_project),
        "RETENTION_HOME": str(place / "home"),
        "RETENTION_LANDING": str(place / "landing"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "retention.cli", "run", "--profile=default_b2b", f"--as-of={quarter_end(QUARTER)}"],
        env=os.environ | own, cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return dataclasses.replace(
        installation, environment=installation.environment | own, home=place / "home", landing=place / "landing"
    )


@pytest.fixture(scope="module")
def page(reviewing: Installation) -> Iterator[Page]:
    log = reviewing.airflow_home / "standalone.log"
    with_reviews = reviewing.with_dags(f"{DAG}.py", f"{STRATEGY}.py")
    with airflow_server.running_airflow(with_reviews.environment, log) as process:
        airflow_server.wait_until_ready(process, reviewing.port, log)
        yield Page(reviewing, DAG)


@pytest.fixture
def desk(reviewing: Installation) -> ReviewDesk:
    return ReviewDesk(Home(reviewing.home), load_contracts(PROJECT), str(ZONE))


def question(page: Page, run_id: str, task: str = "decide", at: int = -1) -> dict[str, Any] | None:
    """What a person is asked, once it is."""
    instance = f"/api/v2/dags/{page.dag}/dagRuns/{run_id}/taskInstances/{task}/{at}"
    try:
        found: dict[str, Any] = page.ask(f"{instance}/hitlDetails")
    except urllib.error.HTTPError:
        assert ended(page, run_id) is None, f"nobody was asked: {states(page, run_id)}"
        return None
    path = instance if at >= 0 else instance.removesuffix("/-1")
    return found if page.ask(path)["state"] in ("awaiting_input", "deferred") else None


def review_loads(desk: ReviewDesk) -> list[str]:
    """The entities that reviews have landed. DAGs on their own schedules land others beside them."""
    return [load["entity"] for load in committed_loads(desk.home) if load["source"] == "reviews"]


def ended(page: Page, run_id: str) -> str | None:
    state = str(page.ask(f"/api/v2/dags/{page.dag}/dagRuns/{run_id}")["state"])
    return state if state in ("success", "failed") else None


def test_a_review_waits_for_a_person_and_is_recorded_by_name(
    reviewing: Installation, page: Page, desk: ReviewDesk, wait_for: Callable[..., Any]
) -> None:
    page.trigger("first", conf={"quarter": QUARTER})
    asked = wait_for(lambda: question(page, "first"), RUN_SECONDS, lambda: json.dumps(page.tasks("first"), default=str))
    (review,) = desk.reviews()
    assert review.changes == review.waiting > 0
    assert QUARTER in asked["subject"]
    assert asked["options"] == ["Approve", "Reject"]
    assert f"{review.changes} of {review.customers} customers would change" in asked["body"]
    assert "| From | To | Direction | Customers | Spend at stake |" in asked["body"]
    written = reviewing.home / "reports" / "tier_reviews" / f"{QUARTER}-retention_abcd.xlsx"
    assert str(written) in asked["body"]
    assert written.exists()
    assert "tier_decisions" not in {load["entity"] for load in committed_loads(desk.home)}, "decided by nobody"
    assert ended(page, "first") is None

    page.ask(
        f"/api/v2/dags/{DAG}/dagRuns/first/taskInstances/decide/-1/hitlDetails",
        {"chosen_options": ["Approve"], "params_input": {}},
        "PATCH",
    )
    assert wait_for(lambda: ended(page, "first"), RUN_SECONDS, lambda: str(page.tasks("first"))) == "success"
    (review,) = desk.reviews()
    assert (review.approved, review.waiting) == (review.changes, 0)
    decided = desk.latest(review, "approved")
    assert decided is not None
    assert decided["approver"].lower() == "admin"
    loaded = review_loads(desk)
    assert loaded[-2:] == ["tier_decisions", "strategy_changes"]

    # Asked again, there is nothing left to ask.
    page.trigger("second", conf={"quarter": QUARTER})
    assert wait_for(lambda: ended(page, "second"), RUN_SECONDS, lambda: str(page.tasks("second"))) == "success"
    assert {name: task["state"] for name, task in page.tasks("second").items()} == dict.fromkeys(
        ("open_review", "decide", "apply_decision"), "skipped"
    )
    assert review_loads(desk) == loaded
    assert Path(desk.home.path / "published").is_symlink()


def states(page: Page, run_id: str) -> dict[tuple[str, int], str]:
    """State of each task of a run, by task and number of the proposal."""
    found = page.ask(f"/api/v2/dags/{page.dag}/dagRuns/{run_id}/taskInstances?limit=100")["task_instances"]
    return {(one["task_id"].removeprefix("proposal."), one["map_index"]): one["state"] for one in found}


def test_an_approval_goes_on_and_a_rejection_stops_and_both_are_recorded(
    reviewing: Installation, page: Page, wait_for: Callable[..., Any]
) -> None:
    desk = StrategyDesk(Home(reviewing.home), PROJECT, load_contracts(PROJECT), str(ZONE))
    first, second, third = (
        desk.propose("retention_abcd", tier, f"a coupon for {tier}", "Wang Wei").change_id for tier in "ABC"
    )
    asking = Page(reviewing, STRATEGY)
    asking.trigger("asked")
    order = [one.change_id for one in desk.proposals() if one.status == "open"]
    for place, change_id in enumerate(order):
        asked = wait_for(
            lambda at=place: question(asking, "asked", "proposal.decide", at), RUN_SECONDS,
            lambda: str(states(asking, "asked")),
        )  # fmt: skip
        assert change_id in asked["subject"]
        assert "Wang Wei" in asked["body"]
        assert asked["options"] == ["Approve", "Reject", "Later"]
    answers = {first: ("Approve", "for May"), second: ("Reject", "too dear"), third: ("Later", "")}
    for change_id, (option, comment) in answers.items():
        path = (
            f"/api/v2/dags/{STRATEGY}/dagRuns/asked/taskInstances/proposal.decide/{order.index(change_id)}/hitlDetails"
        )
        asking.ask(path, {"chosen_options": [option], "params_input": {"comment": comment}}, "PATCH")

    assert wait_for(lambda: ended(asking, "asked"), RUN_SECONDS, lambda: str(states(asking, "asked"))) == "success"
    decided = {one.change_id: one for one in desk.proposals()}
    assert [(decided[one].status, decided[one].comment) for one in answers] == [
        ("approved", "for May"), ("rejected", "too dear"), ("open", None)
    ]  # fmt: skip
    assert {str(decided[one].decided_by).lower() for one in (first, second)} == {"admin"}
    reached = states(asking, "asked")
    followed = {
        one: (reached["apply_decision", order.index(one)], reached["write_sheet", order.index(one)]) for one in answers
    }
    assert followed == {first: ("success", "success"), second: ("success", "skipped"), third: ("skipped", "skipped")}
    written = {path.name for path in (reviewing.home / "reports" / "strategy").iterdir()}
    assert written == {f"{first}-en.md", f"{first}-zh.md"}
    assert page.dag == DAG
