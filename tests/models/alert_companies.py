"""Small random companies for alerts, as the tables that the alerts' models read on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
from tests.models.compiled_project import CATALOG, MARTS_CATALOG, set_run_parameters

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProfile, CompiledProject

FIRST = date(2024, 1, 1)
DAYS = 150
CUSTOMERS = ("c1", "c2", "c3", "c4", "c5")
REGIONS = ("north", "south")
PRODUCTS = ("p1", "p2")
STAFF = ("ann", "bob")
BOARD = ("churn_rate_daily", "nps_score")
ALARM = 0.10
CATEGORIES = ("product quality", "logistics")
NODES = (
    "int_alert_rules", "int_board_returned_lines", "int_alert_sample", "int_alert_gates", "int_alert_facts",
    "int_alert_window_spans", "int_alert_case_spans", "int_alert_spans", "int_alert_decisions", "alerts",
)  # fmt: skip
PROFILE = {
    "age_from": "first_purchase",
    "active_window_days": 14,
    "alert_closed_days": 12,
    "contact_overdue_days": 14,
    "alert_owner_cap": 3,
    "alert_backtest_customers": 0,
}
# Windows so short that much happens in few days. By the rule: metric, lookback, least, age, bound, categories,
# threshold, close, critical, severity, role, to the account owner, days of reopening.
RULES: dict[str, tuple[Any, ...]] = {
    "W1": ("negative_share", 7, 2, None, None, None, 0.25, 0.20, 0.60, "warning", "service", False, 7),
    "W2": ("purchase_drop_rate", 15, 3, 40, None, None, 0.30, 0.15, 0.75, "warning", "customer_success", True, 10),
    "W3": ("churn_rate_daily", None, None, None, None, None, None, None, 0.15, "critical", "management", False, 7),
    "W4.a": ("cadence_ratio", None, 3, None, 9, None, 2.0, None, 3.0, "warning", "customer_success", True, 0),
    "W4.b": ("interaction_drop_rate", 12, 2, None, None, None, 0.50, 0.25, None, "notice", "customer_success", True, 9),
    "W4.c": ("negative_feedback", 8, None, None, None, None, 1.0, 1.0, 2.0, "warning", "customer_success", True, 20),
    "W4.d": ("satisfaction_drop", 15, 1, None, None, None, 0.25, 0.10, 0.50, "warning", "customer_success", True, 9),
    "W4.e": ("complaints", 10, None, None, None, None, 2.0, 1.0, 3.0, "warning", "service", True, 30),
    "W4.f": ("slow_response_share", 9, 2, None, 1440, None, 0.50, 0.40, 0.90, "warning", "service", False, 5),
    "W4.g": ("low_rating_share", 14, 2, None, 2, None, 0.50, 0.30, None, "warning", "service", False, 5),
    "W4.h": ("return_rate", 12, 4, None, None, None, 0.20, 0.10, 0.50, "warning", "operations", False, 5),
    "W4.i": (
        "product_complaint_rate", 12, 3, None, None, "product quality", 0.10, 0.05, 0.5, "warning", "operations",
        False, 5,
    ),
    "W5.a": ("days_to_due", None, None, None, None, None, 1.0, None, None, "warning", "service", False, 0),
    "W5.b": ("ticket_overdue_days", None, None, None, None, None, 1.0, None, 3.0, "warning", "service", False, 0),
    "W5.c": ("contact_overdue_days", None, None, None, 42, None, 3.0, None, 7.0, "notice", "operations", True, 0),
    "W5.d": (
        "revenue_without_consent", 40, None, None, None, None, 300.0, 200.0, None, "notice", "customer_success", True,
        30,
    ),
    "W6": ("board_abnormal", None, None, None, None, None, None, None, None, "warning", "management", False, 7),
}  # fmt: skip
CHURN_WARNINGS = ("purchase_drop_rate", "cadence_ratio", "interaction_drop_rate", "negative_feedback")
RULE_COLUMNS = (
    "metric", "lookback_days", "min_count", "min_age_days", "value_bound", "categories", "threshold",
    "close_threshold", "critical_threshold", "severity", "owner_role", "to_subject_owner", "reopen_days",
)  # fmt: skip


def seed_rows(rules: dict[str, tuple[Any, ...]]) -> pd.DataFrame:
    """alert_rules.csv with these rows."""
    rows = [
        {"profile": "all", "rule_id": rule, **dict(zip(RULE_COLUMNS, values, strict=True))}
        | {"alert_type": "churn_warning" if values[0] in CHURN_WARNINGS else "consent"}
        | {"level": "customer", "recommended_action": "ask_consent", "digest_group": "churn", "is_enabled": True}
        for rule, values in rules.items()
    ]
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class AlertCompany:
    """What happened to a company, by table; every row has the day on which it is known."""

    tables: dict[str, list[dict[str, Any]]]


def random_company(seed: int) -> AlertCompany:
    """A company in which every rule has something to do."""
    rng = np.random.default_rng(seed)

    def day() -> date:
        return FIRST + timedelta(days=int(rng.integers(DAYS)))

    def pick(values: tuple[Any, ...]) -> Any:
        return values[int(rng.integers(len(values)))]

    def at(when: date) -> datetime:
        return datetime.combine(when, time(int(rng.integers(24)), int(rng.integers(60))))

    more = np.random.default_rng(1000 + seed)
    orders = []
    for number in range(160):
        # Some buy in bursts, so that falls and silences come about.
        customer = pick(CUSTOMERS)
        when = FIRST + timedelta(days=int(rng.beta(1.2, 1.2) * DAYS)) if customer < "c4" else day()
        status = pick(("completed",) * 9 + ("cancelled",))
        status = "returned" if status == "completed" and more.random() < 0.08 else status
        orders.append({
            "order_id": f"o{number}", "customer_id": customer, "ordered_at": at(when), "order_date": when,
            "status": status, "is_purchase": status == "completed", "net_amount": float(rng.integers(1, 80)),
            "returned_amount": float(more.integers(2)) if status == "returned" else 0.0,
        })  # fmt: skip
    items = [
        {"order_id": one["order_id"], "line_no": line, "product_id": product, "order_date": one["order_date"]}
        for one in orders
        for line, product in enumerate(PRODUCTS)
        if rng.random() < 0.6
    ]
    returns = [
        {"order_id": one["order_id"], "product_id": one["product_id"] if rng.random() < 0.7 else None,
         "returned_on": one["order_date"] + timedelta(days=int(rng.integers(10)))}
        for one in items if rng.random() < 0.12
    ]  # fmt: skip
    answers = [
        {"customer_id": pick((*CUSTOMERS, None)), "region": pick((*REGIONS, None)), "survey_type": kind,
         "score": int(rng.integers(11)) if kind == "nps" else int(rng.integers(1, 6)), "responded_on": day(),
         "channel": "app"}
        for kind in ("nps", "csat") for _ in range(70)
    ]  # fmt: skip
    touches = [
        {"customer_id": pick(CUSTOMERS), "feedback": pick(("negative", "positive")), "responded_at": at(day())}
        for _ in range(15)
    ]
    returns = [one | {"return_id": f"r{number}"} for number, one in enumerate(returns)]
    interactions = [{"customer_id": pick((*CUSTOMERS, None)), "occurred_on": day()} for _ in range(170)]
    tickets, clocks = [], []
    for number in range(90):
        received = at(day())
        answered = received + timedelta(minutes=int(rng.integers(1, 4000))) if rng.random() < 0.9 else None
        resolved = received + timedelta(hours=int(rng.integers(1, 240))) if rng.random() < 0.85 else None
        tickets.append({
            "ticket_id": f"t{number}", "customer_id": pick((*CUSTOMERS, None)),
            "ticket_type": pick(("complaint", "inquiry")), "category": pick(CATEGORIES),
            "owner": pick((*STAFF, None)), "received_at": received,
            "first_response_at": answered, "resolved_at": resolved,
            "satisfaction_score": int(rng.integers(1, 6)) if resolved else None,
        })  # fmt: skip
        for metric, hours in (("first_response", 24), ("resolution", 72)):
            midnight = datetime.combine(received.date(), time(0)) + timedelta(hours=hours)
            clocks.append({
                "ticket_id": f"t{number}", "metric": metric,
                "due_at": midnight if number % 5 == 0 else received + timedelta(hours=hours),
            })  # fmt: skip
    contacts = [
        {"contact_kind": pick(("cadence", "trigger")), "customer_id": pick(CUSTOMERS), "trigger": "call",
         "occasion": f"n{number}", "due_on": (due := day()), "priority": pick((40, 42, 50)),
         "made_on": pick((None, due + timedelta(days=int(rng.integers(12))))),
         "expires_on": pick((None, due + timedelta(days=int(rng.integers(12))))),
         "latest_on": due + timedelta(days=int(rng.integers(20))),
         "lapses_on": pick((None, None, due + timedelta(days=int(rng.integers(3, 12)))))}
        for number in range(25)
    ]  # fmt: skip
    contacts = [
        one | {"ended_on": one["due_on"] + timedelta(days=int(days)) if days < 12 else None}
        for one, days in zip(contacts, more.integers(40, size=len(contacts)), strict=True)
    ]
    board = []
    for metric in BOARD:
        value = 0.09
        for number in range(DAYS):
            value = min(max(value + float(rng.normal(0, 0.02)), 0.0), 0.2)
            board.append({
                "metric": metric, "metric_date": FIRST + timedelta(days=number), "value": round(value, 6),
                "target_value": 0.05, "is_abnormal": bool(rng.random() < 0.7), "alarm_at": ALARM,
                "is_target_missed": True if more.random() < 0.9 else None,
                "is_alarm_reached": round(value, 6) >= ALARM if more.random() < 0.9 else None,
            })  # fmt: skip
    customers = [
        {"customer_id": customer, "region": pick(REGIONS), "account_owner": pick(("eve", "kim", None)),
         "has_consent": pick((None, None, True)), "consented_on": pick((None, day())),
         "opted_out_on": pick((None, None, day())), "monetary_12m": float(rng.integers(0, 500))}
        for customer in CUSTOMERS
    ]  # fmt: skip
    customers.append(dict.fromkeys(customers[0]) | {"customer_id": "c9", "has_consent": True})
    return AlertCompany({
        "orders": orders, "items": items, "returns": returns, "answers": answers, "touches": touches,
        "interactions": interactions, "tickets": tickets, "clocks": clocks, "contacts": contacts, "board": board,
        "customers": customers,
    })  # fmt: skip


def micros(instant: datetime | None) -> int | None:
    """Microseconds since 1970, in UTC."""
    return None if instant is None else int((instant - datetime(1970, 1, 1)) / timedelta(microseconds=1))  # noqa: DTZ001


def seen(company: AlertCompany, as_of: date) -> dict[str, list[dict[str, Any]]]:
    """The tables that the models read, as a run as of a day finds them."""

    def until(value: Any) -> Any:
        """An instant or a day, if it is not after the as-of day."""
        known = value.date() if isinstance(value, datetime) else value
        return value if known is not None and known <= as_of else None

    given = company.tables
    orders = [one for one in given["orders"] if one["order_date"] <= as_of]
    first = {c: min((o["order_date"] for o in orders if o["customer_id"] == c), default=None) for c in CUSTOMERS}
    bought = {
        c: min((o["order_date"] for o in orders if o["customer_id"] == c and o["is_purchase"]), default=None)
        for c in CUSTOMERS
    }
    tickets = [
        one | {name: until(one[name]) for name in ("first_response_at", "resolved_at")}
        for one in given["tickets"] if one["received_at"].date() <= as_of
    ]  # fmt: skip
    for one in tickets:
        answered = one["first_response_at"]
        one["first_response_minutes"] = answered and int((answered - one["received_at"]).total_seconds() // 60)
        one["received_on"] = one["received_at"].date()
        one["resolved_on"] = one["resolved_at"] and one["resolved_at"].date()
        one["satisfaction_score"] = one["satisfaction_score"] if one["resolved_at"] else None
    known = {one["ticket_id"]: one for one in tickets}
    return {
        "marts.fct_orders": orders,
        "marts.fct_order_items": [one for one in given["items"] if one["order_date"] <= as_of],
        "staging.stg_returns": [one for one in given["returns"] if one["returned_on"] <= as_of],
        "marts.fct_survey_responses": [one for one in given["answers"] if one["responded_on"] <= as_of],
        "marts.fct_touches": [one for one in given["touches"] if one["responded_at"].date() <= as_of],
        "marts.fct_interactions": [one for one in given["interactions"] if one["occurred_on"] <= as_of],
        "marts.fct_tickets": tickets,
        "marts.ticket_sla_policies": [
            one | {"is_counted": True, "status": "running"} for one in given["clocks"] if one["ticket_id"] in known
        ],
        "intermediate.int_ticket_courses": [
            {"ticket_id": one["ticket_id"], "customer_id": one["customer_id"], "received_on": one["received_on"],
             "reopenings": 0, "answered_us": micros(one["first_response_at"]),
             "settled_us": micros(one["resolved_at"])}
            for one in tickets
        ],
        "intermediate.int_contact_plan": [one | {"made_on": until(one["made_on"])} for one in given["contacts"]],
        "marts.kpi_history": [
            one for one in given["board"] if as_of - timedelta(days=92) <= one["metric_date"] <= as_of
        ],
        "marts.dim_customers": [
            {"customer_id": one["customer_id"], "region": one["region"], "account_owner": one["account_owner"],
             "first_order_on": bought.get(one["customer_id"]), "first_seen_on": first.get(one["customer_id"]),
             "opted_out_on": until(one["opted_out_on"])}
            for one in given["customers"]
        ],
        "staging.stg_customers": [
            {"customer_id": one["customer_id"], "consented_on": until(one["consented_on"]),
             "has_consent": one["has_consent"] if one["consented_on"] is None or until(one["consented_on"]) else None}
            for one in given["customers"]
        ],
        "marts.customer_rfm": [
            {"customer_id": one["customer_id"], "monetary_12m": one["monetary_12m"]} for one in given["customers"]
        ],
    }  # fmt: skip


TABLES = {
    "marts.fct_orders": "order_id varchar, customer_id varchar, ordered_at timestamp, order_date date, status varchar, "
    "is_purchase boolean, net_amount decimal(18, 2), returned_amount decimal(18, 2)",
    "marts.fct_order_items": "order_id varchar, line_no integer, product_id varchar, order_date date",
    "staging.stg_returns": "return_id varchar, order_id varchar, product_id varchar, returned_on date",
    "marts.fct_survey_responses": "customer_id varchar, region varchar, survey_type varchar, score integer, "
    "responded_on date, channel varchar",
    "marts.fct_touches": "customer_id varchar, feedback varchar, responded_at timestamp",
    "marts.fct_interactions": "customer_id varchar, occurred_on date",
    "marts.fct_tickets": "ticket_id varchar, customer_id varchar, ticket_type varchar, category varchar, "
    "owner varchar, received_at timestamp, first_response_at timestamp, resolved_at timestamp, "
    "satisfaction_score integer, first_response_minutes integer, received_on date, resolved_on date",
    "marts.ticket_sla_policies": "ticket_id varchar, metric varchar, due_at timestamp, is_counted boolean, "
    "status varchar",
    "intermediate.int_ticket_courses": "ticket_id varchar, customer_id varchar, received_on date, reopenings integer, "
    "answered_us bigint, settled_us bigint",
    "intermediate.int_contact_plan": "contact_kind varchar, customer_id varchar, trigger varchar, occasion varchar, "
    "due_on date, priority integer, made_on date, expires_on date, latest_on date, lapses_on date, ended_on date, "
    "plan_exclusion varchar, touch_id varchar, judgement varchar",
    "marts.kpi_history": "metric varchar, metric_date date, value double, target_value double, is_abnormal boolean, "
    "alarm_at double, is_target_missed boolean, is_alarm_reached boolean",
    "marts.kpi_board": "metric varchar, unit varchar, owner varchar, trend_7d double, reason_dimension varchar, "
    "reason_value varchar, reason_share double",
    "marts.dim_customers": "customer_id varchar, region varchar, account_owner varchar, first_order_on date, "
    "first_seen_on date, registered_on date, opted_out_on date",
    "staging.stg_customers": "customer_id varchar, consented_on date, has_consent boolean",
    "marts.customer_rfm": "customer_id varchar, monetary_12m decimal(18, 2)",
    "intermediate.int_merged_customers": "customer_id varchar, golden_customer_id varchar",
    "staging.stg_ticket_events": "ticket_id varchar, event_type varchar, occurred_at timestamp",
    "staging.stg_alert_decisions": "alert_id varchar, decision_action varchar, effective_on date, snoozed_until date, "
    "decided_order integer",
    "intermediate.int_profile": "age_from varchar, active_window_days integer, alert_closed_days integer, "
    "contact_overdue_days integer, alert_owner_cap integer, alert_backtest_customers integer",
}


def warehouse_of(
    project: CompiledProject,
    tables: dict[str, list[dict[str, Any]]],
    as_of: date,
    rules: dict[str, tuple[Any, ...]] | None = None,
    profile: dict[str, Any] | None = None,
) -> duckdb.DuckDBPyConnection:
    """The alerts' models over tables that stand for all the others."""
    compiled: CompiledProfile = project.profile("default_b2b")
    connection = duckdb.connect()
    connection.execute(
        f"set threads = 1; attach ':memory:' as {CATALOG}; use {CATALOG}; attach ':memory:' as {MARTS_CATALOG}; "
        "create schema raw; create table raw.run_parameters (run_id varchar, as_of_date date, profile varchar, "
        "timezone varchar, started_at timestamp, since_load_seq bigint, since_as_of date)"
    )
    set_run_parameters(connection, as_of, "default_b2b", "UTC")
    for schema in ("intermediate", "staging", "seeds"):
        connection.execute(f"create schema {CATALOG}.{schema}")
    connection.execute(f"create schema {MARTS_CATALOG}.marts")
    connection.execute(f"set search_path = '{CATALOG}.main,{MARTS_CATALOG}.marts'")
    given = tables | {"intermediate.int_profile": [PROFILE | (profile or {})]}
    for name, columns in TABLES.items():
        _fill(
            connection, f"{MARTS_CATALOG if name.startswith('marts') else CATALOG}.{name}", columns, given.get(name, [])
        )
    connection.execute(f"attach '{compiled.folder / CATALOG}.duckdb' as compiled (read_only)")
    connection.execute("create table seeds.survey_scales as from compiled.seeds.survey_scales")
    connection.execute("create table seeds.alert_rules as from compiled.seeds.alert_rules")
    connection.execute("create table seeds.region_owners as from compiled.seeds.region_owners")
    if rules is not None:
        connection.register("rows", seed_rows(rules))
        connection.execute("delete from seeds.alert_rules; insert into seeds.alert_rules by name from rows")
    for name in NODES:
        for statement in compiled.nodes[name].create_statements():
            connection.execute(statement)
    return connection


def _fill(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[dict[str, Any]]) -> None:
    connection.execute(f"create table {name} ({columns})")
    if not rows:
        return
    names = [part.strip().split()[0] for part in columns.replace("(18, 2)", "").split(",")]
    marks = ", ".join("?" * len(names))
    connection.executemany(f"insert into {name} values ({marks})", [[row.get(one) for one in names] for row in rows])
