"""The life of alerts by going through the days one by one and keeping state, from the words of the rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.models.alert_companies import (
    ALARM,
    BOARD,
    CHURN_WARNINGS,
    CUSTOMERS,
    FIRST,
    PRODUCTS,
    PROFILE,
    REGIONS,
    RULE_COLUMNS,
    STAFF,
    seen,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.models.alert_companies import AlertCompany

Tables = dict[str, list[dict[str, Any]]]
Subject = tuple[str, str]
"""The subject and the occasion."""
DAY = timedelta(days=1)
BOARD_METRICS = ("churn_rate_daily", "board_abnormal")


@dataclass
class Opening:
    """One alert, as somebody who looks every evening would write it down."""

    rule: str
    subject: Subject
    opened_on: date
    last_seen_on: date
    value: float
    critical_on: date | None = None
    closed_on: date | None = None
    close_reason: str | None = None
    times_reopened: int = 0
    before: Opening | None = field(default=None, repr=False)


class Evening:
    """What is known on the evening of a day: each rule's figure for each subject, None where it can't be judged."""

    def __init__(self, tables: Tables, today: date) -> None:
        self.tables, self.today = tables, today

    def recent(self, table: str, day: str, days: int, back: int = 0) -> Iterator[dict[str, Any]]:
        """Rows of the `days` days up to today, or up to `back` days before."""
        last = self.today - timedelta(days=back)
        for row in self.tables[table]:
            when = row[day]
            when = when.date() if isinstance(when, datetime) else when
            if when is not None and last - timedelta(days=days) < when <= last:
                yield row

    def figures(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        """The rule's figure for every subject; what is not told cannot be judged. Who has left is warned of no more."""
        method: Callable[[dict[str, Any]], Iterator[tuple[Subject, float | None]]] = getattr(self, rule["metric"])
        for subject, value in method(rule):
            yield subject, None if rule["metric"] in CHURN_WARNINGS and self.has_left(subject[0]) else value

    def has_left(self, customer: str) -> bool:
        """Whether a customer who once bought has not for so long that it counts as churned."""
        days = self.purchase_days(customer)
        return bool(days) and (self.today - days[-1]).days >= PROFILE["active_window_days"]

    def region_of(self, customer: str | None) -> str:
        """The customer's region."""
        found = [one["region"] for one in self.tables["marts.dim_customers"] if one["customer_id"] == customer]
        return (found[0] if found else None) or "unknown"

    def answers(self, days: int, back: int = 0) -> Iterator[tuple[dict[str, Any], str, bool, float]]:
        """Answers with their region, whether they are negative, and how happy they are from 0 to 1."""
        for one in self.recent("marts.fct_survey_responses", "responded_on", days, back):
            is_nps = one["survey_type"] == "nps"
            region = one["region"] or self.region_of(one["customer_id"])
            happy = one["score"] / 10 if is_nps else (one["score"] - 1) / 4
            yield one, region, one["score"] <= (6 if is_nps else 2), happy

    @staticmethod
    def share(bad: int, whole: int, least: int) -> float | None:
        """A share, where the whole is large enough."""
        return bad / whole if whole >= max(least, 1) else None

    def negative_share(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        for region in (*REGIONS, "unknown"):
            of = [bad for _, where, bad, _ in self.answers(rule["lookback_days"]) if where == region]
            yield (region, ""), self.share(sum(of), len(of), rule["min_count"])

    def fell(self, table: str, day: str, rule: dict[str, Any], customer: str) -> float | None:
        days = rule["lookback_days"]
        now = sum(self.counts(row, customer) for row in self.recent(table, day, days))
        before = sum(self.counts(row, customer) for row in self.recent(table, day, days, days))
        return (before - now) / before if before >= rule["min_count"] else None

    @staticmethod
    def counts(row: dict[str, Any], customer: str) -> bool:
        """Whether a row is the customer's, and a purchase if it is an order."""
        return row["customer_id"] == customer and row.get("is_purchase", True)

    def purchase_days(self, customer: str) -> list[date]:
        return sorted({row["order_date"] for row in self.tables["marts.fct_orders"] if self.counts(row, customer)})

    def purchase_drop_rate(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        for customer in CUSTOMERS:
            days = self.purchase_days(customer)
            is_old = bool(days) and (self.today - days[0]).days >= rule["min_age_days"]
            yield (customer, ""), self.fell("marts.fct_orders", "order_date", rule, customer) if is_old else None

    def interaction_drop_rate(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        for customer in CUSTOMERS:
            yield (customer, ""), self.fell("marts.fct_interactions", "occurred_on", rule, customer)

    def cadence_ratio(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        for customer in CUSTOMERS:
            days = self.purchase_days(customer)
            silent = (self.today - days[-1]).days if days else 0
            if len(days) < rule["min_count"] or not rule["value_bound"] <= silent < PROFILE["active_window_days"]:
                yield (customer, ""), None
            else:
                yield (customer, ""), silent / median((b - a).days for a, b in pairwise(days))

    def negative_feedback(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        days = rule["lookback_days"]
        for customer in CUSTOMERS:
            found = sum(one["customer_id"] == customer and bad for one, _, bad, _ in self.answers(days))
            touched = self.recent("marts.fct_touches", "responded_at", days)
            found += sum(one["customer_id"] == customer and one["feedback"] == "negative" for one in touched)
            yield (customer, ""), found

    def satisfaction_drop(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        days = rule["lookback_days"]
        for subject in ((customer, kind) for customer in CUSTOMERS for kind in ("nps", "csat")):
            now, before = (
                [happy for one, _, _, happy in self.answers(days, back)
                 if (one["customer_id"], one["survey_type"]) == subject]
                for back in (0, days)
            )  # fmt: skip
            is_known = min(len(now), len(before)) >= rule["min_count"]
            yield subject, sum(before) / len(before) - sum(now) / len(now) if is_known else None

    def complaints(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        for customer in CUSTOMERS:
            rows = self.recent("marts.fct_tickets", "received_on", rule["lookback_days"])
            yield (customer, ""), sum(r["customer_id"] == customer and r["ticket_type"] == "complaint" for r in rows)

    def slow_response_share(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        rows = list(self.recent("marts.fct_tickets", "first_response_at", rule["lookback_days"]))
        for region in (*REGIONS, "unknown"):
            of = [
                one["first_response_minutes"] > rule["value_bound"]
                for one in rows if self.region_of(one["customer_id"]) == region
            ]  # fmt: skip
            yield (region, ""), self.share(sum(of), len(of), rule["min_count"])

    def low_rating_share(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        rows = list(self.recent("marts.fct_tickets", "resolved_on", rule["lookback_days"]))
        for staff in STAFF:
            of = [one["satisfaction_score"] <= rule["value_bound"] for one in rows if one["owner"] == staff]
            yield (staff, ""), self.share(sum(of), len(of), rule["min_count"])

    def sound(self) -> set[str]:
        """Orders that were delivered, whether or not they came back."""
        return {one["order_id"] for one in self.tables["marts.fct_orders"] if one["status"] != "cancelled"}

    def sold(self, product: str, days: int) -> int:
        sound = self.sound()
        rows = self.recent("marts.fct_order_items", "order_date", days)
        return sum(one["product_id"] == product and one["order_id"] in sound for one in rows)

    def products_of(self, order: str) -> set[str]:
        sound = self.sound()
        rows = self.tables["marts.fct_order_items"]
        return {one["product_id"] for one in rows if one["order_id"] == order and order in sound}

    def return_rate(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        days = rule["lookback_days"]
        for product in PRODUCTS:
            first: dict[str, date] = {}
            for one in sorted(self.tables["staging.stg_returns"], key=lambda row: row["returned_on"]):
                if product in self.products_of(one["order_id"]) and one["product_id"] in (None, product):
                    first.setdefault(one["order_id"], one["returned_on"])
            came_back = sum(self.today - timedelta(days=days) < day for day in first.values())
            # Orders that came back without a word of how much: on their own day, with all their lines.
            came_back += sum(
                product in self.products_of(one["order_id"])
                for one in self.recent("marts.fct_orders", "order_date", days)
                if one["status"] == "returned" and one["returned_amount"] == 0
            )
            yield (product, ""), self.share(came_back, self.sold(product, days), rule["min_count"])

    def product_complaint_rate(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        days = rule["lookback_days"]
        complained: dict[str, int] = dict.fromkeys(PRODUCTS, 0)
        for one in self.recent("marts.fct_tickets", "received_on", days):
            orders = [
                order for order in self.tables["marts.fct_orders"]
                if order["customer_id"] == one["customer_id"]
                and one["received_on"] - timedelta(days=days) <= order["order_date"] <= one["received_on"]
            ]  # fmt: skip
            if one["ticket_type"] == "complaint" and one["category"] == rule["categories"] and orders:
                last = max(orders, key=lambda order: (order["ordered_at"], order["order_id"]))
                for product in self.products_of(last["order_id"]):
                    complained[product] += 1
        for product in PRODUCTS:
            yield (product, ""), self.share(complained[product], self.sold(product, days), rule["min_count"])

    def clocks(self) -> Iterator[tuple[Subject, datetime, datetime, datetime | None]]:
        known = {one["ticket_id"]: one for one in self.tables["marts.fct_tickets"]}
        for clock in self.tables["marts.ticket_sla_policies"]:
            ticket = known[clock["ticket_id"]]
            stopped = ticket["first_response_at" if clock["metric"] == "first_response" else "resolved_at"]
            yield (clock["ticket_id"], clock["metric"]), ticket["received_at"], clock["due_at"], stopped

    def ticket_overdue_days(self, _: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        over = datetime.combine(self.today + DAY, datetime.min.time())
        for subject, _received, due, stopped in self.clocks():
            is_overdue = stopped is None and due < over
            yield subject, (self.today - due.date()).days if is_overdue else None

    def days_to_due(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        over = datetime.combine(self.today + DAY, datetime.min.time())
        for subject, _received, due, stopped in self.clocks():
            is_soon = stopped is None and over <= due <= over + timedelta(days=rule["threshold"])
            yield subject, (due.date() - self.today).days if is_soon else None

    def contact_overdue_days(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        for one in self.tables["intermediate.int_contact_plan"]:
            over = one["expires_on"] or (one["latest_on"] if one["contact_kind"] == "cadence" else None)
            is_gone = (
                one["priority"] > rule["value_bound"]
                or (one["made_on"] is not None and one["made_on"] <= self.today)
                or (over is not None and over < self.today)
                or (one["lapses_on"] is not None and one["lapses_on"] <= self.today)
                or (one["ended_on"] is not None and one["ended_on"] <= self.today)
                or (self.today - one["due_on"]).days >= PROFILE["contact_overdue_days"]
            )
            late = (self.today - one["due_on"]).days
            yield (one["customer_id"], f"{one['trigger']} {one['occasion']}"), None if is_gone else late

    def revenue_without_consent(self, rule: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        said = {one["customer_id"]: one for one in self.tables["staging.stg_customers"]}
        for one in self.tables["marts.dim_customers"]:
            customer = one["customer_id"]
            rows = self.recent("marts.fct_orders", "order_date", rule["lookback_days"])
            spent = sum(row["net_amount"] for row in rows if self.counts(row, customer))
            has_said = said[customer]["has_consent"] is not None or one["opted_out_on"] is not None
            yield (customer, ""), None if has_said else spent

    def churn_rate_daily(self, _: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        for one in self.tables["marts.kpi_history"]:
            if one["metric_date"] == self.today and one["metric"] == "churn_rate_daily":
                yield (one["metric"], ""), None if one["is_alarm_reached"] is None else one["value"]

    def board_abnormal(self, _: dict[str, Any]) -> Iterator[tuple[Subject, float | None]]:
        for one in self.tables["marts.kpi_history"]:
            if one["metric_date"] == self.today and one["metric"] in BOARD:
                yield (one["metric"], ""), one["value"] if one["is_abnormal"] and one["is_target_missed"] else None

    def why_gone(self, rule: dict[str, Any], subject: Subject, value: float | None) -> str:
        """Why an alert that stood yesterday is closed on this evening."""
        method = getattr(self, f"_why_{rule['metric']}", None)
        if method is None and rule["metric"] in CHURN_WARNINGS and self.has_left(subject[0]):
            return "churned"
        if method is None:
            return "no_longer_judged" if value is None else "recovered"
        return str(method(subject, value))

    def _why_cadence_ratio(self, subject: Subject, _: float | None) -> str:
        return "recovered" if self.today in self.purchase_days(subject[0]) else "churned"

    def _why_ticket_overdue_days(self, _subject: Subject, _: float | None) -> str:
        return "recovered"

    def _why_days_to_due(self, subject: Subject, _: float | None) -> str:
        [(due, stopped)] = [(due, stopped) for one, _, due, stopped in self.clocks() if one == subject]
        return "recovered" if stopped is not None and stopped.date() <= due.date() else "overdue"

    def _why_contact_overdue_days(self, subject: Subject, _: float | None) -> str:
        [one] = [
            one for one in self.tables["intermediate.int_contact_plan"]
            if (one["customer_id"], f"{one['trigger']} {one['occasion']}") == subject
        ]  # fmt: skip
        settled = [day for day in (one["made_on"], one["ended_on"]) if day is not None and day <= self.today]
        return "recovered" if settled else "lapsed"

    def _why_churn_rate_daily(self, _: Subject, value: float | None) -> str:
        if value is None:
            return "no_longer_judged"
        return "month_over" if value > ALARM else "recovered"

    def _why_board_abnormal(self, subject: Subject, value: float | None) -> str:
        [one] = [
            one for one in self.tables["marts.kpi_history"]
            if (one["metric"], one["metric_date"]) == (subject[0], self.today)
        ]  # fmt: skip
        if one["is_target_missed"] is None:
            return "no_longer_judged"
        return "recovered" if value is None else "month_over"


def holds(rule: dict[str, Any], value: float | None, was_open: bool) -> bool:
    """Whether the condition holds, by the threshold, or by that of closing where it held before."""
    if value is None:
        return False
    is_easier = was_open and rule["close_threshold"] is not None
    bound = ALARM if rule["metric"] == "churn_rate_daily" else rule["close_threshold" if is_easier else "threshold"]
    if rule["metric"] in ("negative_share", "churn_rate_daily"):
        return value > bound
    if rule["metric"] in ("days_to_due", "board_abnormal"):
        return True
    return value >= bound - 1e-9


class Diary:
    """Openings, written down evening by evening by somebody who knows that evening's data alone."""

    def __init__(self) -> None:
        self.written: list[Opening] = []
        self._standing: dict[tuple[str, Subject], Opening] = {}
        self._last: dict[tuple[str, Subject], Opening] = {}

    def write(self, name: str, rule: dict[str, Any], evening: Evening) -> None:
        """Write down what a rule finds on an evening."""
        today, figures = evening.today, dict(evening.figures(rule))
        is_new_month = rule["metric"] in BOARD_METRICS and today.day == 1
        for key in [key for key in self._standing if key[0] == name]:
            if is_new_month or not holds(rule, figures.get(key[1]), was_open=True):
                gone = self._standing.pop(key)
                gone.closed_on, gone.close_reason = today, evening.why_gone(rule, key[1], figures.get(key[1]))
        for subject, value in figures.items():
            key = (name, subject)
            if value is not None and holds(rule, value, key in self._standing):
                one = self._standing.get(key) or self._open(key, rule, today, value)
                one.last_seen_on, one.value = today, value
                critical = rule["critical_threshold"]
                if critical is not None and one.critical_on is None and value >= critical - 1e-9:
                    one.critical_on = today

    def _open(self, key: tuple[str, Subject], rule: dict[str, Any], today: date, value: float) -> Opening:
        found, before = Opening(*key, today, today, value), self._last.get(key)
        if before is not None and rule["metric"] in BOARD_METRICS and before.opened_on.month != today.month:
            before = None  # the board's alerts end with the month
        is_soon = before is not None and before.closed_on and (today - before.closed_on).days <= rule["reopen_days"]
        if rule["reopen_days"] > 0 and before is not None and is_soon:
            found.before, found.times_reopened = before, before.times_reopened + 1
        self._standing[key] = self._last[key] = found
        self.written.append(found)
        return found


def lives(company: AlertCompany, rules: dict[str, tuple[Any, ...]], asked: list[date]) -> dict[date, list[Opening]]:
    """Every opening up to each of the days asked for, as it stood in the diary on that evening."""
    diary, found = Diary(), {}
    for number in range((max(asked) - FIRST).days + 1):
        today = FIRST + timedelta(days=number)
        evening = Evening(seen(company, today), today)
        for name, values in rules.items():
            rule = dict(zip(RULE_COLUMNS, values, strict=True))
            diary.write(name, rule, evening)
        if today in asked:
            found[today] = [replace(one) for one in diary.written]
    return found
