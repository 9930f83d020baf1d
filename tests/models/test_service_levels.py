"""Tickets, service metrics and frequent problems, beside a plain count of the same rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.test_customer_rfm import with_parameters
from tests.models.test_ticket_clocks import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.models.compiled_project import CompiledProject

AS_OF = date(2024, 6, 14)  # a Friday
MARTS = ["ticket_sla", "ticket_sla_policies", "service_metrics", "issue_hotspots"]


def at(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text)


def ticket(name: str, received: str, **columns: str | int | None) -> dict[str, Any]:
    """A complaint; what ends in _at is an instant."""
    given = {key: at(str(value)) if key.endswith("_at") else value for key, value in columns.items()}
    return {"ticket_id": name, "received_at": at(received), "ticket_type": "complaint", **given}


CASES = [
    # C1, the golden rows: a due day is met until its end.
    ticket("golden_on_its_day", "2023-10-31 10:00", due_at="2023-11-02", resolved_at="2023-11-02"),
    ticket("golden_a_day_early", "2023-11-10 10:00", due_at="2023-11-15", resolved_at="2023-11-14"),
    ticket("on_its_day_late_at_night", "2023-10-31 10:00", due_at="2023-11-02", resolved_at="2023-11-02 23:59:59"),
    ticket("a_day_late", "2023-10-31 10:00", due_at="2023-11-02", resolved_at="2023-11-03"),
    ticket("a_minute_late", "2023-10-31 10:00", due_at="2023-11-02 12:00", resolved_at="2023-11-02 12:01"),
    # The source promises nothing: by severity.
    ticket("urgent_in_a_day", "2024-06-01 10:00", severity=" P1 ", resolved_at="2024-06-02 10:00"),
    ticket("urgent_a_second_late", "2024-06-01 10:00", severity="urgent", resolved_at="2024-06-02 10:00:01"),
    ticket("severity_unknown", "2024-06-01 10:00", severity="odd", resolved_at="2024-06-02 10:00:01"),
    ticket("normal_open", "2024-06-08 00:00", severity="normal"),  # due as the as-of day ends
    ticket("normal_overdue", "2024-06-07 23:59", severity="normal"),
    ticket("gravest_overdue", "2024-06-07 23:59", severity="P0"),
    ticket("important_overdue_and_handed_up", "2024-06-01 10:00", severity="important"),
    ticket("settled_and_opened_again", "2024-06-01 10:00", severity="normal", resolved_at="2024-06-02 10:00",
           satisfaction_score=5, called_back_at="2024-06-03 10:00"),
    # Answers and calls.
    ticket("answered_by_its_settlement", "2024-06-12 09:00", resolved_at="2024-06-12 09:04"),
    ticket("answered_in_time", "2024-06-12 09:00", first_response_at="2024-06-12 09:05", resolved_at="2024-06-12 10:00",
           called_back_at="2024-06-14 10:00", satisfaction_score=4, improvement="text corrected"),
    ticket("called_before_it_was_settled", "2024-06-12 09:00", resolved_at="2024-06-12 10:00",
           called_back_at="2024-06-12 09:30", satisfaction_score=3),
    ticket("of_the_core_tier", "2024-06-01 10:00", severity="normal", customer_id="core",
           resolved_at="2024-06-03 10:00"),
]  # fmt: skip
EVENTS = [
    ("important_overdue_and_handed_up", "escalated", "2024-06-03 10:00"),
    ("settled_and_opened_again", "reopened", "2024-06-05 10:00"),
    ("normal_open", "paused", "2024-06-15 10:00"),  # after the as-of day
    ("answered_in_time", "contacted", "2024-06-12 09:06"),
    ("called_before_it_was_settled", "contacted", "2024-06-12 09:05"),
    ("called_before_it_was_settled", "contacted", "2024-06-12 09:30"),
    ("settled_and_opened_again", "contacted", "2024-05-31 10:00"),  # a careless record
]
EXPECTED = {  # settlement: status, rule, overdue, about to be, level, priority, priority raised
    "golden_on_its_day": ("met", "C1.delivered", False, False, 0, None, None),
    "golden_a_day_early": ("met", "C1.delivered", False, False, 0, None, None),
    "on_its_day_late_at_night": ("met", "C1.delivered", False, False, 0, None, None),
    "a_day_late": ("breached", "C1.delivered", False, False, 0, None, None),
    "a_minute_late": ("breached", "C1.delivered", False, False, 0, None, None),
    "urgent_in_a_day": ("met", "C1.severity_days.P1", False, False, 0, "P1", "P1"),
    "urgent_a_second_late": ("breached", "C1.severity_days.P1", False, False, 0, "P1", "P1"),
    "severity_unknown": ("breached", "C1.close_24h", False, False, 0, None, None),
    "normal_overdue": ("overdue", "C1.severity_days.P3", True, False, 1, "P3", "P2"),
    "gravest_overdue": ("overdue", "C1.severity_days.P0", True, False, 1, "P0", "P0"),
    "important_overdue_and_handed_up": ("overdue", "C1.severity_days.P2", True, False, 2, "P2", "P0"),
    "settled_and_opened_again": ("overdue", "C1.severity_days.P3", True, False, 1, "P3", "P2"),
    "of_the_core_tier": ("breached", "C1.tier_after_sales.A", False, False, 0, "P3", "P3"),
}


def raw() -> dict[str, pd.DataFrame]:
    """The tickets, their events, and orders that make one customer the core tier."""
    events = pd.DataFrame(EVENTS, columns=["ticket_id", "event_type", "occurred_at"])
    orders = [
        {"order_id": f"o{n}", "customer_id": name, "ordered_at": at("2024-06-01 10:00") - timedelta(days=back),
         "amount": amount}
        for n, (name, back, amount) in enumerate(
            [*[("core", n, 90_000) for n in range(9)], *[(f"c{n}", 300, 10) for n in range(9)]])
    ]  # fmt: skip
    return {
        "tickets": loaded(pd.DataFrame(CASES)),
        "ticket_events": loaded(
            events.assign(event_id=events.index.astype(str), occurred_at=events["occurred_at"].map(at))
        ),
        "orders": loaded(pd.DataFrame(orders)),
    }


@pytest.fixture(scope="module")
def service(project: CompiledProject) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts of the cases above."""
    with project.build(raw(), as_of=AS_OF, models=MARTS) as connection:
        yield connection


def rows_of(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, dict[str, Any]]:
    """Rows by their first column."""
    found = connection.execute(sql)
    names = [column[0] for column in found.description or []]
    return {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}


def test_settlements_by_the_set_that_counts(service: duckdb.DuckDBPyConnection) -> None:
    rows = rows_of(service, "select * from marts.ticket_sla")
    assert len(rows) == len(CASES)
    names = ("resolution_status", "rule_id", "is_overdue", "is_soon_overdue", "escalation_level", "priority",
             "escalated_priority")  # fmt: skip
    assert {name: tuple(rows[name][column] for column in names) for name in EXPECTED} == EXPECTED
    assert rows["golden_on_its_day"]["resolution_due_at"] == at("2023-11-02 23:59:59")
    assert rows["urgent_a_second_late"]["reason"] == "breached: 1440 of 1440 minutes"


def test_the_as_of_day_ends_at_midnight(service: duckdb.DuckDBPyConnection) -> None:
    row = rows_of(service, "select * from marts.ticket_sla")["normal_open"]
    assert (row["resolution_status"], row["resolution_minutes"]) == ("running", 10_080)
    assert row["is_overdue"], "nobody has answered it"
    assert row["resolution_due_at"] == at("2024-06-15 00:00")
    assert row["paused_minutes"] == 0


def test_answers_calls_and_reopenings(service: duckdb.DuckDBPyConnection) -> None:
    rows = rows_of(service, "select * from marts.ticket_sla")
    first = {name: (rows[name]["contact_minutes"], rows[name]["contact_status"]) for name in rows}
    assert first["answered_by_its_settlement"] == (None, None), "when it was contacted, nobody wrote down"
    assert first["answered_in_time"] == (6, "breached")
    assert first["called_before_it_was_settled"] == (5, "met"), "the first contact counts"
    assert first["settled_and_opened_again"] == (0, "met")
    assert first["normal_open"][1] == "overdue", "neither contacted nor answered"
    untold = service.execute(
        "select distinct missing_reason from marts.ticket_sla_policies "
        "where metric = 'contact' and ticket_id = 'answered_by_its_settlement'"
    ).fetchall()
    assert untold == [("contact_not_recorded",)]
    answered = {name: (rows[name]["first_response_minutes"], rows[name]["first_response_status"]) for name in rows}
    assert answered["answered_by_its_settlement"] == (4, "met")
    assert answered["answered_in_time"] == (5, "met")
    calls = {name: (rows[name]["call_back_status"], rows[name]["is_called_back"]) for name in rows}
    assert calls["answered_in_time"] == ("met", True)
    assert calls["called_before_it_was_settled"] == ("overdue", False)
    assert calls["settled_and_opened_again"] == ("not_started", False)
    again = rows["settled_and_opened_again"]
    assert (again["is_open"], again["resolved_at"], again["reopenings"], again["satisfaction_score"]) == (
        True, None, 1, None
    )  # fmt: skip
    assert again["resolution_minutes"] == 13 * 1440 + 14 * 60, "from ten o'clock of the 1st to the end of the 14th"


def test_resolution_rate_and_timely_rate_are_two_figures(service: duckdb.DuckDBPyConnection) -> None:
    found = service.execute(
        "select sum(tickets), sum(resolved), sum(met), sum(breached), sum(undecided) from marts.service_metrics "
        "where dimension = 'all' and period_type = 'month' and week_start = date '2024-06-01'"
    ).fetchall()
    assert found == [(12, 7, 4, 7, 1)]
    assert service.execute(
        "select resolution_rate, timely_rate, call_back_rate, csat from marts.service_metrics "
        "where dimension = 'all' and period_type = 'month' and week_start = date '2024-06-01'"
    ).fetchall() == [(7 / 11, 4 / 11, 1 / 7, 0.5)]


def test_a_week_is_not_judged_before_its_tickets_are_due(project: CompiledProject) -> None:
    """Normal tickets have seven days, so that those of last week can still be settled in time."""
    done = [
        ticket(f"done_{n}", "2024-05-27 10:00", severity="normal", resolved_at="2024-05-27 11:00") for n in range(20)
    ]
    waiting = ticket("waiting", "2024-05-27 10:00", severity="normal")
    events = pd.DataFrame([{"event_id": "1", "ticket_id": "waiting", "event_type": "paused",
                            "occurred_at": at("2024-05-28 10:00")}])  # fmt: skip
    open_ones = [ticket(f"open_{n}", "2024-06-09 10:00", severity="normal") for n in range(3)]
    lost = ticket("overdue_already", "2024-06-03 10:00", severity="urgent")
    tickets = loaded(pd.DataFrame([*done, waiting, *open_ones, lost]))
    with project.build(
        {"tickets": tickets, "ticket_events": loaded(events)}, as_of=AS_OF, models=["target_tracking"]
    ) as connection:
        rows = connection.execute(
            "select metric, period_start, actual, denominator, status, is_latest from marts.target_tracking "
            "where metric in ('complaint_resolution_rate', 'timely_rate') order by all"
        ).fetchall()
    last, before = date(2024, 6, 3), date(2024, 5, 27)
    assert rows == [
        ("complaint_resolution_rate", before, 1.0, 20, "met", True),  # one in 21 is paused
        ("complaint_resolution_rate", last, 0.0, 1, "not_ripe", False),
        ("timely_rate", before, 1.0, 20, "met", True),
        ("timely_rate", last, 0.0, 1, "not_ripe", False),
    ]


def test_the_strictest_set_counts_where_the_profile_asks_for_it(project: CompiledProject) -> None:
    seeds = with_parameters({"sla_policy_set": "strictest"})
    with project.build(raw(), as_of=AS_OF, models=MARTS, seeds=seeds) as connection:
        rows = connection.execute(
            "select ticket_id, metric, due_at, is_counted from marts.ticket_sla_policies where due_at is not null"
        ).fetchall()
    earliest: dict[tuple[str, str], datetime] = {}
    for name, metric, due, _ in rows:
        earliest[name, metric] = min(due, earliest.get((name, metric), due))
    counted = {(name, metric): due for name, metric, due, is_counted in rows if is_counted}
    assert counted == earliest


def test_of_held_clocks_the_strictest_is_the_one_that_would_be_due_first(project: CompiledProject) -> None:
    """Paused, no clock has a due time; a set of a later name that promises less time counts all the same."""
    policies = pd.read_csv(PROJECT_DIR / "seeds" / "sla_policies.csv", dtype=str, keep_default_na=False)
    row = policies.iloc[0].to_dict() | {
        "priority": "all", "ticket_type": "all", "scheme": "all", "tier": "all", "metric": "resolution",
        "clock": "calendar", "stops_when_paused": "true",
    }  # fmt: skip
    sets = [row | {"policy_set": name, "rule_id": f"C1.{name}", "minutes": minutes}
            for name, minutes in (("a_week", "10080"), ("b_month", "43200"), ("z_day", "1440"))]  # fmt: skip
    tickets = loaded(pd.DataFrame([ticket("waiting", "2024-06-13 10:00")]))
    events = loaded(pd.DataFrame([{"event_id": "1", "ticket_id": "waiting", "event_type": "paused",
                                   "occurred_at": at("2024-06-13 11:00")}]))  # fmt: skip
    seeds = with_parameters({"sla_policy_set": "strictest"}) | {"sla_policies": pd.DataFrame(sets)}
    with project.build({"tickets": tickets, "ticket_events": events}, as_of=AS_OF, models=MARTS, seeds=seeds) as built:
        rows = built.execute(
            "select policy_set, is_counted, status, due_at from marts.ticket_sla_policies order by policy_set"
        ).fetchall()
    assert rows == [
        ("a_week", False, "paused", None), ("b_month", False, "paused", None), ("z_day", True, "paused", None)
    ]  # fmt: skip


def test_a_source_that_never_says_when_it_answered_breaches_nothing(project: CompiledProject) -> None:
    tickets = loaded(pd.DataFrame([ticket("open", "2024-06-01 10:00"), ticket("later", "2024-06-03 10:00")]))
    with project.build({"tickets": tickets}, as_of=AS_OF, models=MARTS) as connection:
        assert connection.execute(
            "select distinct metric, status, missing_reason from marts.ticket_sla_policies order by all"
        ).fetchall() == [
            ("call_back", None, "never_recorded"),
            ("contact", None, "never_recorded"),
            ("first_response", None, "never_recorded"),
            ("resolution", "overdue", None),
        ]
        assert connection.execute("select distinct contact_minutes from marts.ticket_sla").fetchall() == [(None,)]


def test_answers_are_no_contacts(project: CompiledProject) -> None:
    """A source without events keeps or breaks no promise of contact: nothing is overdue, no priority rises."""
    tickets = loaded(
        pd.DataFrame(
            [
                ticket("answered_in_an_hour", "2024-06-14 10:00", severity="urgent",
                       first_response_at="2024-06-14 11:00"),
                ticket("not_answered_yet", "2024-06-14 17:50", severity="normal"),  # due on Monday
            ]
        )
    )  # fmt: skip
    with project.build({"tickets": tickets}, as_of=AS_OF, models=MARTS) as connection:
        rows = rows_of(
            connection,
            "select ticket_id, contact_status, first_response_status, is_overdue, is_soon_overdue, escalated_priority "
            "from marts.ticket_sla",
        )
        assert [tuple(row.values()) for _, row in sorted(rows.items())] == [
            ("answered_in_an_hour", None, "met", False, True, "P1"),
            ("not_answered_yet", None, "running", False, False, "P3"),
        ]


def test_no_tickets_give_no_rows(project: CompiledProject) -> None:
    with project.build({}, as_of=AS_OF, models=MARTS) as connection:
        for mart in MARTS:
            assert connection.execute(f"select count(*) from marts.{mart}").fetchall() == [(0,)]


# Frequent problems, counted in plain Python.


def random_weeks(rng: np.random.Generator, weeks: int) -> pd.DataFrame:
    """Tickets of four categories and none, with a burst, silent weeks and customers of several tickets."""
    rows = []
    first = AS_OF - timedelta(days=7 * weeks)
    for week in range(weeks + 1):
        for category, usual in {"a": 6, "b": 2, "c": 0.4, "d": 1, None: 1}.items():
            number = int(rng.poisson(usual * (9 if category == "b" and week in (14, 15) else 1)))
            number = 0 if week in (5, 6) and category == "d" else number
            rows += [(first + timedelta(days=7 * week + int(rng.integers(7))), category) for _ in range(number)]
    frame = pd.DataFrame(rows, columns=["day", "category"])
    frame = frame[frame["day"] <= AS_OF].reset_index(drop=True)
    return frame.assign(
        ticket_id=[f"t{n}" for n in frame.index],
        received_at=pd.to_datetime(frame["day"]) + pd.Timedelta(hours=10),
        ticket_type="complaint",
        customer_id=[None if n % 7 == 0 else f"c{n % 11}" for n in frame.index],
        channel=[["phone", "mail", None][n % 3] for n in frame.index],
    )


def hotspots_by_hand(frame: pd.DataFrame) -> dict[tuple[date, str], dict[str, Any]]:
    """Counts, ranks and scores of every category and week with tickets."""
    counts: dict[date, Counter[str]] = defaultdict(Counter)
    for day, category in zip(frame["day"], frame["category"], strict=True):
        counts[day - timedelta(days=day.weekday())]["unknown" if pd.isna(category) else category] += 1
    first, found = min(counts), {}
    for week, counted in counts.items():
        before = [week - timedelta(days=7 * n) for n in range(1, 13)]
        before = [one for one in before if one >= first]
        running = 0
        for rank, (category, number) in enumerate(sorted(counted.items(), key=lambda one: (-one[1], one[0])), 1):
            running += number
            past = [counts[one][category] if one in counts else 0 for one in before]
            usual = float(median(past)) if len(past) >= 4 else None
            mean = sum(past[:4]) / 4 if len(past) >= 4 else None
            score = None if usual is None else (number - usual) / sqrt(usual + 1)
            found[week, category] = {
                "tickets": number,
                "category_rank": rank,
                "cumulative_share": running / counted.total(),
                "usual_tickets": usual,
                "mean_4_weeks": mean,
                "hotspot_score": score,
                "is_hotspot": score is not None and score >= 3 and number >= 5 and category != "unknown",
            }
    return found


def test_hotspots_are_those_of_a_plain_count(project: CompiledProject) -> None:
    frame = random_weeks(np.random.default_rng(3), 20)
    with project.build(
        {"tickets": loaded(frame.drop(columns="day"))}, as_of=AS_OF, models=["issue_hotspots"]
    ) as connection:
        rows = connection.execute("select * from marts.issue_hotspots").df()
    expected = hotspots_by_hand(frame)
    assert len(rows) == len(expected)
    hot = 0
    for row in rows.to_dict("records"):
        wanted = expected[row["week_start"].date(), row["category"]]
        for name, value in wanted.items():
            found = row[name]
            assert pd.isna(found) if value is None else found == pytest.approx(value, abs=1e-4), (row, name)
        mine = frame[(frame["day"] >= row["week_start"].date())
                     & (frame["day"] <= row["week_start"].date() + timedelta(days=6))]  # fmt: skip
        mine = mine[mine["category"].isna() if row["category"] == "unknown" else mine["category"] == row["category"]]
        assert row["customers"] == mine["customer_id"].nunique()
        hot += row["is_hotspot"]
    assert hot
