"""A quarter day by day through the daily DAG: alerts open and close as tickets are late and settled, each told once.

The gate runs a few days of it on the small project; `make quarter` runs 92 on the whole one with a simulated company.
"""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.airflow.installation import PROJECT, Installation, write_orders
from tests.notices.receiver import Receiver, receiving
from tests.small_project import write_small_project

from retention.notices import Ledger
from retention.notices.ledger import Told
from retention.runs import Home

pytestmark = pytest.mark.slow
DAYS = int(os.environ.get("RETENTION_QUARTER_DAYS", "2"))
IS_WHOLE = DAYS > 8
FIRST = date(2024, 4, 1)
LAST = FIRST + timedelta(days=DAYS - 1)
OVERDUE = "W5.ticket_overdue"
HEADER = "ticket_id,received_at,ticket_type,customer_id,category,severity,channel,owner,due_at,resolved_at,updated_at\n"


@dataclass(frozen=True)
class Incident:
    """A ticket that is late from a day on, until it is settled; None: it is open to the end."""

    ticket: str
    late_on: date
    settled_on: date | None

    @property
    def received_on(self) -> date:
        """The day before: no promise of any policy ends later than its due time."""
        return self.late_on - timedelta(days=1)

    def row(self, customer: str, settled_on: date | None = None) -> str:
        """As it is delivered; with another day, as it is corrected later."""
        settled = settled_on or self.settled_on
        received = self.received_on
        written = LAST if settled_on else received
        end = f"{settled}T12:00:00" if settled else ""
        return (
            f"{self.ticket},{received}T09:00:00,complaint,{customer},delivery,common,phone,service,{self.late_on}T08:00:00,{end},"
            f"{written}T00:00:00\n"
        )


def planted() -> list[Incident]:
    """Tickets late before the quarter, within it, twelve days apart, and until after its end."""
    within = [FIRST + timedelta(days=day) for day in range(1, DAYS, 12)]
    settled = {day: day + timedelta(days=9) for day in within}
    return [
        Incident("BEFORE", FIRST - timedelta(days=5), FIRST + timedelta(days=min(2, DAYS - 1))),
        Incident("STAYS", FIRST - timedelta(days=3), None),
        Incident("CORRECTED", FIRST + timedelta(days=min(1, DAYS - 2)), None),
        *(Incident(f"DAY{day}", day, settled[day] if settled[day] <= LAST else None) for day in within),
    ]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """What a local service has received."""
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def messages(receiver: Receiver) -> list[Any]:
    return receiver.messages


@pytest.fixture(scope="module")
def quarter(installation: Installation, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The installation with a home of its own, and a company whose tickets are late on known days."""
    place = tmp_path_factory.mktemp("quarter")
    landing, project, customer = place / "landing", place / "project", "C01"
    if IS_WHOLE:
        copy_project(project)
        simulated = ["simulate", "--customers=150", "--months=12", f"--end={LAST + timedelta(days=30)}", "--seed=8"]
        subprocess.run(
            [sys.executable, "-m", "retention.cli", *simulated, f"--landing={landing}"], cwd=PROJECT, check=True
        )
        orders = landing / "orders" / "*.parquet"
        [(customer,)] = duckdb.sql(f"select min(customer_id) from read_parquet('{orders}')").fetchall()
    else:
        write_small_project(project, "alerts")
        write_orders(landing, LAST)
    (landing / "tickets").mkdir(exist_ok=True)
    tickets = HEADER + "".join(one.row(customer) for one in planted())
    (landing / "tickets" / "planted.csv").write_text(tickets, encoding="utf-8")
    notices = place / "notices.yml"
    notices.write_text("age: 36500d\nlines: 5000\ndefault: {secret: {env: QUARTER_RECEIVER}}\n", encoding="utf-8")
    own = {
        "RETENTION_PROJECT_DIR": str(project),
        "RETENTION_HOME": str(place / "home"),
        "RETENTION_LANDING": str(landing),
        "RETENTION_NOTICES": str(notices),
        "RETENTION_DAILY_REPORTS": str(IS_WHOLE).lower(),
        "RETENTION_PROFILE": "retail",
        "QUARTER_RECEIVER": receiver.address("alerts"),
        "QUARTER_CUSTOMER": customer,
    }
    return dataclasses.replace(
        installation, environment=installation.environment | own, home=place / "home", landing=landing
    )


def copy_project(folder: Path) -> None:
    """The project with room for every alert in a digest, so that each is told on the day that it opens."""
    for part in ("dbt_project", "expectations"):
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("target", "logs"))
    seed = folder / "dbt_project" / "seeds" / "profile_parameters.csv"
    text = re.sub(
        r"^all,alert_owner_cap,\d+,", "all,alert_owner_cap,5000,", seed.read_text("utf-8"), flags=re.MULTILINE
    )
    seed.write_text(text, encoding="utf-8")


def run_days(quarter: Installation, *days: date) -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("execute_days.py")), *map(str, days)],
        env=quarter.environment, cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    states = json.loads(done.stdout.strip().splitlines()[-1])
    assert {one["state"] for one in states} == {"success"}, states


def told(quarter: Installation) -> list[Told]:
    return Ledger(Home(quarter.home)).read().told


def of_ticket(entries: list[Told], ticket: str) -> list[Told]:
    """What was told of a ticket's settlement being late; its other clocks have alerts of their own."""
    about = (OVERDUE, ticket, "resolution")
    return [one for one in entries if (one.rule_id, one.subject_id, one.occasion) == about]


def published(quarter: Installation, query: str) -> list[tuple[Any, ...]]:
    file = (quarter.home / "published").resolve() / "retention.duckdb"
    with duckdb.connect(str(file), read_only=True) as tables:
        return tables.execute(query).fetchall()


def test_alerts_open_and_close_with_their_incidents_and_each_is_told_once(
    quarter: Installation, messages: list[Any]
) -> None:
    days = [FIRST + timedelta(days=day) for day in range(DAYS)]
    run_days(quarter, *days)
    entries = told(quarter)
    for incident in planted():
        mine = of_ticket(entries, incident.ticket)
        kinds = {one.kind: one for one in mine}
        assert len(kinds) == len(mine), incident
        opened = kinds["opened"]
        assert opened.as_of == max(opened.opened_on, FIRST), "told on the day that it opened"
        assert incident.received_on <= opened.opened_on <= incident.late_on + timedelta(days=1), incident
        if incident.settled_on is None:
            assert "closed" not in kinds, incident
        else:
            assert timedelta(0) <= kinds["closed"].as_of - incident.settled_on <= timedelta(days=1), incident

    # Whatever is open was told, and is told as open by nothing else.
    standing = published(
        quarter, "select alert_id from marts.alerts where status in ('opened', 'open') and is_in_digest"
    )
    openings = Counter(one.alert_id for one in entries if one.kind == "opened")
    assert {alert_id for (alert_id,) in standing} <= openings.keys()
    assert set(openings.values()) == {1}
    sendings = Ledger(Home(quarter.home)).read().sendings.values()
    assert len(messages) == len(sendings)
    assert {one.status for one in sendings} == {"sent"}


def test_late_data_ends_what_was_told_and_tells_it_once(quarter: Installation, messages: list[Any]) -> None:
    before = len(messages)
    corrected = next(one for one in planted() if one.ticket == "CORRECTED")
    late = HEADER + corrected.row(quarter.environment["QUARTER_CUSTOMER"], LAST - timedelta(days=1))
    (quarter.landing / "tickets" / "late.csv").write_text(late, encoding="utf-8")
    # By hand, which is quicker than the DAG; twice told is told once.
    for command in (["run", f"--as-of={LAST}"], ["notify"], ["notify"]):
        done = subprocess.run(
            [sys.executable, "-m", "retention.cli", *command],
            env=quarter.environment, cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert len(messages) == before + 1
    mine = [one.kind for one in of_ticket(told(quarter), "CORRECTED")]
    # In a whole quarter it has become critical before.
    assert mine in [["opened", *risen, end] for risen in ([], ["risen"]) for end in ("closed", "withdrawn")]


@pytest.mark.skipif(not IS_WHOLE, reason="what it runs is tested by itself: test_notify.py, test_dag_runs.py")
def test_days_run_again_and_days_gone_by_tell_nothing(quarter: Installation, messages: list[Any]) -> None:
    before, entries = len(messages), told(quarter)
    # By hand an older day turns readers back to it; the last one turns them forward again.
    run_days(quarter, LAST, LAST - timedelta(days=2), LAST - timedelta(days=40), LAST)
    assert published(quarter, "select distinct as_of_date from marts.alerts") == [(LAST,)]
    assert len(messages) == before
    assert told(quarter) == entries
