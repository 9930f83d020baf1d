"""Clocks of tickets: by hand-worked cases, and against a walk from minute to minute on random tickets."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.hand_worked_clocks import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.models.compiled_project import CompiledProject

AS_OF = date(2024, 12, 31)
ZONES = sorted({case.zone for case in CASES})
OFFICE = [("09:00", "12:00"), ("13:00", "18:00")]
Span = tuple[datetime, datetime | None]


def hours(calendar: str) -> pd.DataFrame:
    """Office hours for everyone, a night desk for region night."""
    shifts = [("all", day, opens, closes, calendar) for day in (0, 1, 2, 3, 4, 5) for opens, closes in OFFICE]
    shifts += [("night", day, "22:00", "06:00", "none") for day in range(1, 8)]
    columns = ["region", "iso_weekday", "opens_at", "closes_at", "holiday_calendar"]
    return pd.DataFrame(shifts, columns=columns).assign(profile="all", rule_id="C1")


def policies(minutes: Sequence[int] = (240,)) -> pd.DataFrame:
    """A set for each clock and allowance, of settlement, which pauses stop; and one that they do not stop."""
    rows = [
        (f"{clock}_{allowed}", f"C1.{clock}", "resolution", allowed, clock, True)
        for clock in ("business", "calendar")
        for allowed in minutes
    ]
    rows += [("unpaused", "C1.unpaused", "resolution", minutes[0], "business", False)]
    columns = ["policy_set", "rule_id", "metric", "minutes", "clock", "stops_when_paused"]
    return pd.DataFrame(rows, columns=columns).assign(
        profile="all", priority="all", ticket_type="all", scheme="all", tier="all", description=""
    )


def loaded(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as landing numbers them."""
    return rows.assign(_load_seq=1, _line_no=range(1, len(rows) + 1))


def instant(text: str | None) -> datetime | None:
    """An instant, if there is one."""
    return datetime.fromisoformat(text) if text else None


def raw_of(cases: Sequence[Case]) -> dict[str, pd.DataFrame]:
    """The tickets of cases, their events, and a customer for each region."""
    tickets = [
        {
            "ticket_id": case.name,
            "customer_id": case.region,
            "ticket_type": "complaint",
            "received_at": instant(case.received),
            "resolved_at": instant(case.done),
        }
        for case in cases
    ]
    events = [
        (case.name, kind, instant(at))
        for case in cases
        for pause in case.pauses
        for kind, at in zip(("paused", "resumed"), pause.split("/"), strict=True)
        if at
    ]
    events += [(case.name, "reopened", instant(case.reopened)) for case in cases if case.reopened]
    frame = pd.DataFrame(events, columns=["ticket_id", "event_type", "occurred_at"])
    return {
        "tickets": loaded(pd.DataFrame(tickets)),
        "ticket_events": loaded(frame.assign(event_id=[f"e{n}" for n in range(len(frame))])),
        "customers": loaded(pd.DataFrame({"customer_id": ["main", "night"], "region": ["main", "night"]})),
    }


@pytest.fixture(scope="module")
def clocks(project: CompiledProject) -> dict[tuple[str, str], dict[str, Any]]:
    """What the models say of each case, by its name and clock."""
    found = {}
    for zone in ZONES:
        connection = project.build(
            raw_of([case for case in CASES if case.zone == zone]),
            as_of=AS_OF,
            models=["ticket_sla_policies"],
            seeds={"working_hours": hours("CN" if zone == "Asia/Shanghai" else "none"), "sla_policies": policies()},
            zone=zone,
        )
        rows = connection.execute("select * from marts.ticket_sla_policies").df()
        connection.close()
        for row in rows.to_dict("records"):
            found[str(row["ticket_id"]), str(row["policy_set"])] = row
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_clock_worked_out_by_hand(clocks: dict[tuple[str, str], dict[str, Any]], case: Case) -> None:
    row = clocks[case.name, f"{case.clock}_240"]
    due = None if pd.isna(row["due_at"]) else row["due_at"].to_pydatetime()
    assert (row["taken_minutes"], row["status"], due) == (case.minutes, case.status, instant(case.due)), case.words


def test_a_policy_that_pauses_do_not_stop_counts_them(clocks: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert clocks["paused_overnight", "unpaused"]["taken_minutes"] == 240 + 180
    assert clocks["paused_twice", "unpaused"]["taken_minutes"] == 240 + 120


# An independent second: no cumulative minutes, no spans; every minute is asked whether the clock runs in it.


def free_days() -> dict[date, bool]:
    """Holidays (False) and make-up working days (True) of the seed."""
    with (PROJECT_DIR / "seeds" / "holidays.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {date.fromisoformat(row["holiday_on"]): row["is_working_day"] == "true" for row in rows}


def is_open(moment: datetime, region: str, calendar: dict[date, bool]) -> bool:
    """Whether work is done in the minute that begins then, by the clock on the wall."""
    at = moment.hour * 60 + moment.minute
    if region == "night":
        return at < 6 * 60 or at >= 22 * 60
    works = calendar.get(moment.date(), moment.isoweekday() <= 5)
    return works and (9 * 60 <= at < 12 * 60 or 13 * 60 <= at < 18 * 60)


def walk(
    ticket: dict[str, Any], zone: ZoneInfo, allowed: int, clock: str, calendar: dict[date, bool], end: datetime
) -> tuple[int, datetime | None]:
    """Minutes taken, and the due time where it comes before the end of the walk."""
    pauses: list[Span] = ticket["pauses"]
    moment = ticket["received"].astimezone(ZoneInfo("UTC"))
    stop = (ticket["done"] or end).astimezone(ZoneInfo("UTC"))
    taken, ran, due = 0, 0, None
    while moment < stop or (due is None and moment < end.astimezone(ZoneInfo("UTC"))):
        local = moment.astimezone(zone)
        runs = clock == "calendar" or is_open(local, ticket["region"], calendar)
        # A pause ends with the settlement, and goes on to the end of the day without one.
        paused = any(start <= moment < (until or stop) and moment < stop for start, until in pauses)
        if runs and not paused:
            ran += 1
            taken += moment < stop
            if ran == allowed:
                due = (moment + timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
        moment += timedelta(minutes=1)
    return taken, due


def placed(moment: datetime, zone: ZoneInfo) -> datetime:
    """An instant of the wall's clock: the second passage of an hour that comes twice, a left-out one an hour later."""
    first = moment.replace(tzinfo=zone)
    exists = first.astimezone(ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None) == moment
    return first.replace(fold=1) if exists else first


def random_tickets(rng: np.random.Generator, zone: ZoneInfo, around: datetime, count: int) -> list[dict[str, Any]]:
    """Tickets of whole minutes in the days around an instant, some open, some paused up to three times."""
    tickets = []
    for number in range(count):
        received = around + timedelta(minutes=int(rng.integers(-3000, 3000)))
        done = received + timedelta(minutes=int(rng.integers(0, 4000))) if rng.random() < 0.8 else None
        turns = sorted({int(turn) for turn in rng.integers(0, 5000, size=2 * int(rng.integers(0, 4)))})
        moments = [received + timedelta(minutes=turn) for turn in turns]
        pauses = [
            (start, moments[2 * n + 1] if 2 * n + 1 < len(moments) else None) for n, start in enumerate(moments[::2])
        ]
        tickets.append(
            {
                "ticket_id": f"t{number}",
                "region": str(rng.choice(["main", "night"])),
                "received": placed(received, zone),
                "done": done and placed(done, zone),
                "pauses": [(placed(start, zone), until and placed(until, zone)) for start, until in pauses],
            }
        )
    return tickets


def as_case(ticket: dict[str, Any]) -> Case:
    """The ticket as the models take it."""

    def text(moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.replace(tzinfo=None)}"

    pauses = tuple(f"{text(start)}/{text(until)}" for start, until in ticket["pauses"])
    return Case(
        ticket["ticket_id"], text(ticket["received"]), text(ticket["done"]) or None, None, 0, "", "",
        region=ticket["region"], pauses=pauses,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "near"),
    [
        ("Asia/Shanghai", "2024-04-05 12:00:00"),
        ("Europe/Berlin", "2024-03-31 02:00:00"),
        ("America/New_York", "2024-11-03 01:00:00"),
    ],
)
def test_clocks_agree_with_a_walk_from_minute_to_minute(project: CompiledProject, zone: str, near: str) -> None:
    around = datetime.fromisoformat(near)
    place, calendar = ZoneInfo(zone), free_days() if zone.startswith("Asia") else {}
    tickets = random_tickets(np.random.default_rng(around.day), place, around, 40)
    end = datetime.combine((around + timedelta(days=8)).date(), datetime.min.time(), place)
    connection = project.build(
        raw_of([as_case(ticket) for ticket in tickets]),
        as_of=end.date() - timedelta(days=1),
        models=["ticket_sla_policies"],
        seeds={"working_hours": hours("CN" if calendar else "none"), "sla_policies": policies((300,))},
        zone=zone,
    )
    found = {
        (ticket, clock): (minutes, due, status)
        for ticket, clock, minutes, due, status in connection.execute(
            "select ticket_id, clock, taken_minutes, due_at, status from marts.ticket_sla_policies "
            "where policy_set != 'unpaused'"
        ).fetchall()
    }
    connection.close()
    states = set()
    for ticket in tickets:
        for clock in ("business", "calendar"):
            taken, due = walk(ticket, place, 300, clock, calendar, end)
            minutes, due_at, status = found[ticket["ticket_id"], clock]
            assert minutes == taken, ticket
            is_late = taken > 300 or (status in ("breached", "overdue") and taken == 300)
            assert (status in ("breached", "overdue")) == is_late, (ticket, status)
            if due is not None or (due_at is not None and due_at < end.replace(tzinfo=None)):
                assert due_at == due, (ticket, clock)
            states.add(status)
    assert states >= {"met", "breached", "overdue"}
