"""Alerts equal what somebody writes down who looks every evening; they last; people's decisions and caps hold."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.models.alert_companies import DAYS, FIRST, PROFILE, RULES, random_company, seen, warehouse_of
from tests.models.expected_alerts import lives

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

Row = dict[str, Any]
LAST = FIRST + timedelta(days=DAYS - 1)
LOOKED_AT = [LAST - timedelta(days=back) for back in (20, 19, 12, 1, 0)]


def alerts_of(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The published alerts."""
    found = connection.sql("select * from marts.alerts")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def key_of(row: Row) -> tuple[Any, ...]:
    """What an alert is known by besides its ID."""
    return (row["rule_id"], row["subject_id"], row["occasion"], row["opened_on"])


@pytest.mark.parametrize("seed", [1, 2])
def test_alerts_are_what_a_diary_kept_evening_by_evening_says(project: CompiledProject, seed: int) -> None:
    company = random_company(seed)
    kept: dict[tuple[Any, ...], str] = {}
    rules_met, reasons_met = set(), set()
    for as_of, diary in lives(company, RULES, LOOKED_AT).items():
        expected = {
            (one.rule, *one.subject, one.opened_on): (
                one.closed_on,
                one.close_reason,
                one.last_seen_on,
                one.critical_on,
                one.times_reopened,
                one.before and (one.rule, *one.subject, one.before.opened_on),
                pytest.approx(one.value, abs=1e-6),
            )
            for one in diary
            if one.closed_on is None or (as_of - one.closed_on).days < PROFILE["alert_closed_days"]
        }
        rules_met |= {one.rule for one in diary}
        reasons_met |= {one.close_reason for one in diary}
        # With and without a sample for the back-test, whose customers are followed through all their history.
        for sample in (0, 100):
            tables = seen(company, as_of)
            profile = {"alert_backtest_customers": sample}
            with warehouse_of(project, tables, as_of, RULES, profile) as connection:
                found = alerts_of(connection)
                names = dict(connection.sql(
                    "select alert_id, (rule_id, subject_id, occasion, opened_on) from intermediate.int_alert_spans"
                ).fetchall())  # fmt: skip
            assert len({row["alert_id"] for row in found}) == len(found)
            assert {
                key_of(row): (
                    row["closed_on"], row["close_reason"], row["last_seen_on"], row["critical_on"],
                    row["times_reopened"], names[row["reopened_from"]] if row["reopened_from"] else None,
                    row["metric_value"],
                )
                for row in found
            } == expected  # fmt: skip
            for row in found:
                assert kept.setdefault(key_of(row), row["alert_id"]) == row["alert_id"], "an alert keeps its ID"
                assert row["status"] == (
                    "closed" if row["closed_on"] else "opened" if row["opened_on"] == as_of else "open"
                )
    assert rules_met == set(RULES), "the company has something for every rule"
    assert reasons_met >= {"recovered", "overdue", "lapsed", "no_longer_judged", "month_over", "churned"}


def purchases(customer: str, *days: int) -> list[Row]:
    """Purchases so many days before the last day."""
    return [
        {"order_id": f"{customer}{n}", "customer_id": customer, "ordered_at": LAST - timedelta(days=n),
         "order_date": LAST - timedelta(days=n), "status": "completed", "is_purchase": True, "net_amount": 1}
        for n in days
    ]  # fmt: skip


def complaints(customer: str, *days: int) -> list[Row]:
    """Complaints so many days before the last day."""
    return [
        {"ticket_id": f"{customer}{n}", "customer_id": customer, "ticket_type": "complaint", "category": "logistics",
         "received_on": LAST - timedelta(days=n)}
        for n in days
    ]  # fmt: skip


def customer(name: str, owner: str | None = None, worth: float = 0) -> tuple[Row, Row]:
    """A customer, and what it was worth."""
    born = LAST - timedelta(days=400)
    row = {
        "customer_id": name,
        "region": "north",
        "account_owner": owner,
        "first_order_on": born,
        "first_seen_on": born,
    }
    return row, {"customer_id": name, "monetary_12m": worth}


def company_of(customers: list[tuple[Row, Row]], **tables: list[Row]) -> dict[str, list[Row]]:
    """Tables with these customers."""
    return {
        "marts.dim_customers": [one for one, _ in customers],
        "marts.customer_rfm": [worth for _, worth in customers],
        **{f"marts.{name}": rows for name, rows in tables.items()},
    }


def decided(alert: str, action: str, back: int, until: date | None = None, order: int = 1) -> Row:
    """A decision so many days before the last day."""
    day = LAST - timedelta(days=back)
    return {"alert_id": alert, "decision_action": action, "effective_on": day, "snoozed_until": until,
            "decided_order": order}  # fmt: skip


def test_delivered_rules_open_at_their_borders(project: CompiledProject) -> None:
    """W2: three orders before, down 30 % (10 to 7, not to 8), mature from day 181; W1 above 5 %, not at it."""
    young, worth = customer("too_young")
    young["first_order_on"] = LAST - timedelta(days=180)
    before, now = range(90, 180), range(90)
    people = [
        (young, worth),
        *(customer(name) for name in ("down_30_percent", "down_20_percent", "two_before", "three_before")),
    ]
    orders = [
        *purchases("down_30_percent", *before[:10], *now[:7]),
        *purchases("down_20_percent", *before[:10], *now[:8]),
        # One purchase since, so that nobody has churned and is warned of no more.
        *purchases("two_before", *before[5:7], 40),
        *purchases("three_before", *before[5:8], 40),
        *purchases("too_young", *before[:10], 40),
    ]
    answers = [
        {
            "region": region,
            "survey_type": "csat",
            "score": 1 if number < bad else 5,
            "responded_on": LAST,
            "channel": "app",
        }
        for region, bad, whole in (("at_5_percent", 1, 20), ("above", 2, 20), ("too_few", 9, 9))
        for number in range(whole)
    ]
    tables = company_of(people, fct_orders=orders, fct_survey_responses=answers)
    profile = {"active_window_days": 90, "alert_closed_days": 1}
    with warehouse_of(project, tables, LAST, profile=profile) as connection:
        found = alerts_of(connection)
    of = {rule: {row["subject_id"] for row in found if row["rule_id"] == rule} for rule in ("W1", "W2")}
    assert of == {"W1": {"above"}, "W2": {"down_30_percent", "three_before"}}
    [above] = [row for row in found if row["rule_id"] == "W1"]
    assert above["reason"] == (
        "W1: negative_share 0.1000 > 0.0500 (2 of 20 in 7 days); negative answers most through app, 2 of 2"
    )
    assert (above["owner"], above["owner_type"], above["customer_id"]) == ("regional_manager", "role", None)


def test_a_reason_is_true_of_what_stands_by_its_second_threshold_or_was_graver(project: CompiledProject) -> None:
    """2 of 5 low ratings are critical (0.40); 2 of 13 are below 0.20, and not below 0.15: it stands."""
    tickets = [
        {"ticket_id": f"t{number}", "owner": "ann", "satisfaction_score": 1 if number < 2 else 5,
         "resolved_on": LAST - timedelta(days=10 if number < 5 else 0)}
        for number in range(13)
    ]  # fmt: skip
    tables = company_of([customer("c1")], fct_tickets=tickets + complaints("c1", 31, 3, 2))
    with warehouse_of(project, tables, LAST) as connection:
        found = {row["rule_id"]: row for row in alerts_of(connection)}
    assert found["W4.attitude"]["reason"] == (
        "W4.attitude: low_rating_share 0.1538, opened at >= 0.2000, closes below 0.1500, "
        f"critical since {LAST - timedelta(days=10)} at >= 0.4000 (2 of 13 in 30 days)"
    )
    assert found["W4.complaint"]["reason"] == (
        f"W4.complaint: complaints 2 >= 2, critical since {LAST - timedelta(days=2)} at >= 3 (in 30 days)"
    )
    thresholds = ("threshold", "close_threshold", "critical_threshold")
    assert [found["W4.attitude"][name] for name in thresholds] == [0.20, 0.15, 0.40]


def test_who_answers_for_the_subject_is_told_and_with_what_cause(project: CompiledProject) -> None:
    """W1 goes to the region's owner, W6 to the metric's, a ticket's alert to who handles it, else to the role."""
    answers = [
        {"region": region, "survey_type": "csat", "score": 1 if number < 6 else 5, "responded_on": LAST,
         "channel": "phone" if number < 4 else "app"}
        for region in ("north", "harbour") for number in range(12)
    ]  # fmt: skip
    people = [customer("c1", "kim", worth=100)]
    subjects = [("logistics", "ann"), ("logistics", None), ("billing", "ann")]
    tickets = [
        {"ticket_id": f"t{number}", "customer_id": "c1", "ticket_type": "complaint", "category": category,
         "owner": owner, "received_on": LAST, "received_at": datetime.combine(LAST, time(9))}
        for number, (category, owner) in enumerate(subjects)
    ]  # fmt: skip
    clocks = [
        {"ticket_id": one["ticket_id"], "metric": "resolution", "due_at": datetime.combine(LAST, time(12)),
         "is_counted": True, "status": "running"}
        for one in tickets[:2]
    ]  # fmt: skip
    history = [
        {"metric": "csat_score", "metric_date": LAST - timedelta(days=back), "value": value, "target_value": 0.9,
         "is_target_missed": True, "is_abnormal": True}
        for back, value in ((0, 0.75), (1, 0.8))
    ]  # fmt: skip
    board = [{"metric": "csat_score", "unit": "rate", "owner": "service", "trend_7d": -2.5, "reason_dimension": "tier",
              "reason_value": "B", "reason_share": 0.8}]  # fmt: skip
    tables = company_of(people, fct_survey_responses=answers, fct_tickets=tickets, ticket_sla_policies=clocks,
                        kpi_history=history, kpi_board=board)  # fmt: skip
    tables["intermediate.int_ticket_courses"] = [
        {"ticket_id": one["ticket_id"], "customer_id": "c1", "received_on": LAST, "reopenings": 0} for one in tickets
    ]
    with warehouse_of(project, tables, LAST, profile={"alert_owner_cap": 20}) as connection:
        found = {(row["rule_id"], row["subject_id"]): row for row in alerts_of(connection)}

    def of(rule: str, subject: str, *names: str) -> tuple[Any, ...]:
        return tuple(found[rule, subject][name] for name in names)

    owner, cause = ("owner", "owner_type"), ("cause_dimension", "cause_value", "cause_share")
    second = ("second_cause_dimension", "second_cause_value", "second_cause_share")
    assert of("W1", "north", *owner) == ("regional_manager_north", "role")
    assert of("W1", "harbour", *owner) == ("regional_manager", "role"), "a region without a row of its own"
    assert of("W1", "north", *cause) == ("complaint_category", "logistics", pytest.approx(2 / 3))
    assert of("W1", "north", *second) == ("answer_channel", "phone", pytest.approx(4 / 6))
    assert of("W1", "harbour", *cause) == ("answer_channel", "phone", pytest.approx(4 / 6)), "nobody there complained"
    assert of("W1", "harbour", *second) == (None, None, None)
    assert of("W6", "csat_score", *owner, "unit", "trend_7d") == ("service", "role", "rate", -2.5)
    assert of("W6", "csat_score", *cause) == ("tier", "B", 0.8)
    assert of("W5.ticket_overdue", "t0", *owner) == ("ann", "ticket_owner")
    assert of("W5.ticket_overdue", "t1", *owner) == ("service", "role"), "nobody handles it yet"


def test_decisions_of_people_hold_until_it_gets_worse(project: CompiledProject) -> None:
    """Three complaints within 30 days are critical, two are not: rule W4.complaint."""
    names = ("plain", "snoozed", "snooze_is_over", "worse_since", "bad_when_snoozed", "put_away", "taken_back")
    bad = complaints("worse_since", 20, 19, 1) + complaints("bad_when_snoozed", 20, 19, 18)
    bad += [
        row for name in names if name not in ("worse_since", "bad_when_snoozed") for row in complaints(name, 20, 19)
    ]
    tables = company_of([customer(name) for name in names], fct_tickets=bad)
    with warehouse_of(project, tables, LAST) as connection:
        ids = {row["subject_id"]: row["alert_id"] for row in alerts_of(connection) if row["rule_id"] == "W4.complaint"}
    tables["staging.stg_alert_decisions"] = [
        decided(ids["snoozed"], "snooze", 5, LAST + timedelta(days=1)),
        decided(ids["snooze_is_over"], "snooze", 5, LAST),
        decided(ids["worse_since"], "snooze", 5, LAST + timedelta(days=9)),
        decided(ids["bad_when_snoozed"], "snooze", 5, LAST + timedelta(days=9)),
        decided(ids["put_away"], "close", 5),
        decided(ids["taken_back"], "close", 5),
        decided(ids["taken_back"], "reopen", 4, order=2),
        decided("of_no_alert", "close", 4),
    ]
    with warehouse_of(project, tables, LAST) as connection:
        found = {row["subject_id"]: row for row in alerts_of(connection) if row["rule_id"] == "W4.complaint"}
    assert {name: row["status"] for name, row in found.items()} == {
        "plain": "open",
        "snoozed": "snoozed",
        "snooze_is_over": "open",
        "worse_since": "open",
        "bad_when_snoozed": "snoozed",
        "put_away": "closed",
        "taken_back": "open",
    }
    assert found["worse_since"]["severity"] == "critical"
    assert (found["put_away"]["closed_on"], found["put_away"]["close_reason"]) == (
        LAST - timedelta(days=5), "closed_by_person",
    )  # fmt: skip
    assert found["put_away"]["last_seen_on"] == LAST - timedelta(days=6), "the day before it was closed"
    news = {name: (row["news"], row["new_on"]) for name, row in found.items() if row["status"] == "open"}
    opened_on = LAST - timedelta(days=19)
    assert news == {
        "plain": ("opened", opened_on),
        "snooze_is_over": ("snooze_over", LAST),
        "worse_since": ("risen", LAST - timedelta(days=1)),
        "taken_back": ("opened", opened_on),
    }
    assert found["snoozed"]["snoozed_until"] == LAST + timedelta(days=1)
    assert {row["alert_id"] for row in found.values()} == set(ids.values()), "a decision changes no ID"
    assert {name for name, row in found.items() if row["owner_rank"]} == {
        "plain", "snooze_is_over", "worse_since", "taken_back",
    }  # fmt: skip


def test_an_owner_reads_the_gravest_alerts_and_the_rest_by_group(project: CompiledProject) -> None:
    people = [customer(f"k{n}", "kim", worth=n) for n in range(6)] + [customer("e1", "eve"), customer("nobodys")]
    bad = [row for one, _ in people for row in complaints(one["customer_id"], 3, 2)] + complaints("k0", 1)
    with warehouse_of(project, company_of(people, fct_tickets=bad), LAST) as connection:
        found = [row for row in alerts_of(connection) if row["rule_id"] == "W4.complaint"]
    of_kim = sorted((row for row in found if row["owner"] == "kim"), key=lambda row: row["owner_rank"])
    # k0 is critical; of the others the most valuable come first. The cap is 3.
    assert [row["subject_id"] for row in of_kim] == ["k0", "k5", "k4", "k3", "k2", "k1"]
    assert [row["is_in_digest"] for row in of_kim] == [True] * 3 + [False] * 3
    assert [row["digest_group"] for row in of_kim] == [None] * 3 + ["satisfaction"] * 3
    others = {row["subject_id"]: (row["owner"], row["owner_type"], row["owner_rank"]) for row in found}
    assert others["e1"] == ("eve", "account_owner", 1)
    assert others["nobodys"] == ("service", "role", 1)


def test_what_stood_before_takes_no_place_from_what_is_new(project: CompiledProject) -> None:
    """The cap is 3: four that stand, two that open today and one that gets critical today."""
    people = [customer(f"k{n}", "kim", worth=90 + n) for n in range(4)]
    people += [customer(f"n{n}", "kim", worth=n) for n in range(2)] + [customer("risen", "kim", worth=50)]
    bad = [row for n in range(4) for row in complaints(f"k{n}", 3, 2, 1)] + complaints("risen", 3, 2, 0)
    bad += [row for n in range(2) for row in complaints(f"n{n}", 1, 0)]
    with warehouse_of(project, company_of(people, fct_tickets=bad), LAST) as connection:
        found = {row["subject_id"]: row for row in alerts_of(connection) if row["rule_id"] == "W4.complaint"}
    assert {name: (row["owner_rank"], row["is_in_digest"], row["news"]) for name, row in found.items()} == {
        "risen": (1, True, "risen"),
        "n1": (2, True, "opened"),
        "n0": (3, True, "opened"),
        "k3": (1, True, "risen"),
        "k2": (2, True, "risen"),
        "k1": (3, True, "risen"),
        "k0": (4, False, "risen"),
    }
