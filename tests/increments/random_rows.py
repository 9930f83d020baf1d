"""Rows of a random life: each drawn on its own out of few keys, near the borders of windows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from hashlib import md5

from hypothesis import strategies as st
from tests.models.expected_labels import label_rules, rule_version

Value = str | int | bool | date | datetime | None
Row = Mapping[str, Value]
Delivery = Mapping[str, list[Row]]  # rows by entity; each entity's rows are one file

# The borders of windows, measured from any as-of day of the company's life.
BORDERS = [0, 1, -30, -31, -45, -46, -90, -91, -92, -180, -181, -183, -184, -364, -365, -366, -367, -731]
TIMES = [time(10), time(0), time(23, 59, 59)]
AMOUNTS = ["100.00", "40.00", "0.00", "10.00", "0.01", "33.33", "1000.00", "50000.00", "99999.99", "-15.00"]
CURRENCIES = [None, None, None, "CNY", "USD", "usd", "EUR", " eur ", ""]
RATES = ["7.1", "0.14", "1", "0.0065", "6.99999999"]
# Every day of a life has a rate of every currency: without one there is nothing to publish.
RATE_EVERY = timedelta(days=9)
# Versions of rules that give labels to most lives.
VERSIONS = {
    label: rule_version(label, groups)
    for label, groups in label_rules("default_b2b").items()
    if label in ("bought_once", "silent_3_months")
}


def alert_on(customer: str, opened: date) -> str:
    """The ID of the alert on a customer's negative answer."""
    text = f"W4.negative_feedback|customer|{customer}||{opened}"
    return md5(text.encode(), usedforsecurity=False).hexdigest()[:16]


def event_days(as_of_days: list[date]) -> st.SearchStrategy[date]:
    """Days around the borders of windows, days around the runs, days anywhere in two years."""
    as_of = st.sampled_from(as_of_days)
    first, last = as_of_days[0], as_of_days[-1]
    return st.one_of(
        st.builds(lambda day, border: day + timedelta(days=border), as_of, st.sampled_from(BORDERS)),
        st.dates(first - timedelta(days=100), last + timedelta(days=3)),
        st.dates(first - timedelta(days=760), last),
    )


def _instants(days: st.SearchStrategy[date]) -> st.SearchStrategy[datetime]:
    return st.builds(datetime.combine, days, st.sampled_from(TIMES))


def _ids(prefix: str, count: int) -> st.SearchStrategy[str]:
    return st.integers(0, count - 1).map(lambda number: f"{prefix}{number}")


def _rows(**columns: st.SearchStrategy[Value]) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(columns)


def entities(days: st.SearchStrategy[date]) -> dict[str, tuple[st.SearchStrategy[Row], int, int]]:
    """The rows of each entity, with the fewest and the most of them in a life."""
    instants = _instants(days)
    written = st.none() | instants
    amounts, customers, orders = st.sampled_from(AMOUNTS), _ids("C", 7), _ids("O", 24)
    products = _ids("P", 3)
    small = st.integers(0, 3)
    return {
        "customers": (
            _rows(
                customer_id=_ids("C", 9),
                customer_type=st.sampled_from(["person", "company", None]),
                region=st.sampled_from(["north", "south"]),
                strategic_label=st.sampled_from([None, "strategic", "high_potential"]),
                registered_at=written,
                updated_at=written,
                # Few keys, so that profiles share them, and let go of them in a later version.
                name_hash=st.sampled_from([None, "n0", "n1"]),
                phone_hash=st.sampled_from([None, None, "p0", "p1", "p2"]),
                email_hash=st.sampled_from([None, None, None, "e0", "e1"]),
                registration_no_hash=st.sampled_from([None, None, None, "r0", "r1"]),
                consent_marketing=st.sampled_from([None, True, True, False]),
                consent_at=written,
                opted_out_at=st.none() | st.none() | instants,
            ),
            0,
            14,
        ),
        "identity_decisions": (
            _rows(
                decision_id=_ids("D", 5),
                decided_at=instants,
                action=st.sampled_from(["merge", "merge", "split", "withdraw"]),
                customer_id=_ids("C", 9),
                other_customer_id=_ids("C", 9),
                withdrawn_decision_id=_ids("D", 5),
            ),
            0,
            4,
        ),
        "label_reviews": (
            _rows(
                review_id=_ids("V", 5),
                reviewed_at=instants,
                customer_id=customers,
                label=st.sampled_from(sorted(VERSIONS)),
                status=st.sampled_from(["confirmed", "rejected", "proposed"]),
                reviewer=st.sampled_from(["Li Na", "Wang"]),
            ).map(lambda row: {**row, "rule_version": VERSIONS[str(row["label"])]}),
            0,
            6,
        ),
        "alert_decisions": (
            st.builds(
                lambda row, customer, opened: {**row, "alert_id": alert_on(customer, opened)},
                _rows(
                    decision_id=_ids("A", 4),
                    decided_at=instants,
                    action=st.sampled_from(["snooze", "close", "reopen"]),
                    effective_on=days,
                    snoozed_until=st.none() | days,
                    decided_by=st.just("Li Na"),
                ),
                customers,
                days,
            ),
            0,
            4,
        ),
        "tier_reviews": (
            _rows(
                review_id=_ids("Q", 3),
                scheme=st.sampled_from(["retention_abcd", "retention_abcd", "value_sabc"]),
                reviewed_on=days,
                customer_id=_ids("C", 9),
                tier_before=st.sampled_from(["A", "B"]),
                tier_after=st.sampled_from(["A", "B", "C"]),
                value_at_stake=amounts,
                opened_at=instants,
            ),
            0,
            8,
        ),
        "tier_decisions": (
            _rows(
                decision_id=_ids("V", 4),
                review_id=_ids("Q", 3),
                scheme=st.just("retention_abcd"),
                customer_id=st.none() | _ids("C", 9),
                decided_at=instants,
                decision=st.sampled_from(["approved", "rejected"]),
                approver=st.just("eve"),
            ),
            0,
            4,
        ),
        "orders": (
            _rows(
                order_id=orders,
                customer_id=customers,
                ordered_at=instants,
                amount=amounts,
                status=st.sampled_from(["completed", "completed", "completed", None, "cancelled", "pending"]),
                region=st.sampled_from(["north", "south"]),
                currency=st.sampled_from(CURRENCIES),
                updated_at=written,
            ),
            6,
            40,
        ),
        "order_items": (
            _rows(
                order_id=orders,
                line_no=st.integers(1, 2),
                product_id=products,
                quantity=small,
                line_amount=amounts,
            ),
            0,
            12,
        ),
        "products": (
            _rows(
                product_id=products,
                name=st.sampled_from(["pen", "ink"]),
                unit_cost=st.sampled_from([None, "3.50", "7.00"]),
            ),
            0,
            6,
        ),
        "returns": (
            _rows(
                return_id=_ids("R", 8),
                order_id=_ids("O", 26),
                returned_at=instants,
                amount=st.sampled_from([amount for amount in AMOUNTS if not amount.startswith("-")]),
            ),
            2,
            14,
        ),
        "campaigns": (
            _rows(
                campaign_id=_ids("K", 2),
                name=st.sampled_from(["spring", "autumn"]),
                starts_on=days,
                ends_on=days,
                cost=st.sampled_from([None, "100.00"]),
                holdout_share=st.sampled_from([None, "0.5"]),
            ),
            0,
            3,
        ),
        "touch_plans": (
            _rows(
                plan_id=_ids("L", 2),
                planned_on=days,
                scheme=st.just("retention_abcd"),
                tier=st.sampled_from(["A", "B"]),
                channel=st.sampled_from(["email", "phone"]),
                planned_count=small,
            ),
            0,
            3,
        ),
        "touches": (
            _rows(
                touch_id=_ids("T", 6),
                customer_id=customers,
                touched_at=instants,
                channel=st.sampled_from(["email", "phone"]),
                plan_id=st.none() | _ids("L", 2),
                campaign_id=st.none() | _ids("K", 2),
                variant=st.sampled_from([None, "A", "B", "holdout"]),
                opened_at=written,
                responded_at=written,
                feedback=st.sampled_from([None, "positive", "negative"]),
            ),
            1,
            10,
        ),
        "interactions": (
            _rows(
                interaction_id=_ids("I", 4),
                customer_id=customers,
                occurred_at=instants,
                channel=st.sampled_from(["email", "phone"]),
                recorded_at=written,
            ),
            0,
            4,
        ),
        "tickets": (
            _rows(
                ticket_id=_ids("E", 3),
                customer_id=st.none() | customers,
                received_at=instants,
                ticket_type=st.sampled_from(["complaint", "inquiry"]),
                first_response_at=written,
                resolved_at=written,
                updated_at=written,
            ),
            0,
            4,
        ),
        "ticket_events": (
            _rows(
                event_id=_ids("TE", 5),
                ticket_id=_ids("E", 4),
                occurred_at=instants,
                event_type=st.sampled_from(
                    ["contacted", "contacted", "paused", "paused", "resumed", "reopened", "escalated"]
                ),
            ),
            0,
            5,
        ),
        "surveys": (
            _rows(
                response_id=_ids("S", 3),
                customer_id=st.none() | customers,
                survey_type=st.sampled_from(["nps", "ces"]),
                score=st.integers(1, 7),
                responded_at=instants,
            ),
            0,
            4,
        ),
        "value_fits": (
            _rows(
                fit_id=_ids("F", 3),
                profile=st.sampled_from(["default_b2b", "cdnow"]),
                model=st.sampled_from(["bg_nbd", "gamma_gamma"]),
                status=st.sampled_from(["converged", "converged", "failed"]),
                fitted_at=instants,
                data_until=days,
                holdout_days=st.just(91),
            ),
            2,
            4,
        ),
        "value_fit_parameters": (
            _rows(
                fit_id=_ids("F", 3),
                parameter=st.sampled_from(["r", "alpha", "a", "b", "p", "q", "v"]),
                value=st.sampled_from(["1.5", "2.25"]),
            ),
            0,
            12,
        ),
        "value_fit_nodes": (
            _rows(
                fit_id=_ids("F", 3),
                purchases=small,
                node_number=st.just(1),
                node=st.sampled_from(["0.25", "0.5"]),
                weight=st.just("1"),
            ),
            0,
            6,
        ),
        "value_backtests": (
            _rows(
                fit_id=_ids("F", 3),
                measure=st.just("purchases"),
                method=st.just("model"),
                group_name=st.sampled_from(["all", "repeat_purchases"]),
                group_number=st.just(0),
                customers=small,
                actual=st.sampled_from(["0.5", "0.75"]),
                predicted=st.just("0.5"),
            ),
            1,
            4,
        ),
        "finance_totals": (
            _rows(
                month=days.map(lambda day: day.replace(day=1)),
                revenue=amounts,
            ),
            0,
            3,
        ),
        "fx_rates": (
            _rows(
                currency=st.sampled_from(["CNY", "USD", "usd", "EUR"]),
                rate_date=days,
                rate=st.sampled_from(RATES),
            ),
            0,
            8,
        ),
    }
