"""Rows of a life that is written by hand: one function an entity, with what most rows have in common."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from tests.increments.random_rows import VERSIONS, alert_on

if TYPE_CHECKING:
    from tests.increments.random_rows import Row, Value

PROFILE = "default_b2b"
FIRST, NEXT, CLOSE, LAST = date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 1)
FAR = date(2024, 12, 24)  # a day that no run reaches


def order(number: int, customer: int, day: date, amount: str = "100.00", **changes: Value) -> Row:
    """An order of ten o'clock, completed unless said otherwise."""
    return {
        "order_id": f"O{number:03d}",
        "customer_id": f"C{customer}",
        "ordered_at": datetime.combine(day, time(10)),
        "amount": amount,
        "status": "completed",
        "region": "north",
        "currency": None,
        "updated_at": None,
    } | changes


def returned(number: int, order_number: int, day: date, amount: str) -> Row:
    """What came back of an order."""
    return {
        "return_id": f"R{number}",
        "order_id": f"O{order_number:03d}",
        "returned_at": datetime.combine(day, time(12)),
        "amount": amount,
    }


def customer(
    number: int,
    registered: date | None,
    label: str | None = None,
    updated: date | None = None,
    same_as: int | None = None,
) -> Row:
    """A row of the customer master, with the phone of another where it is the same. All give the company's own mail.

    Keys stand there as files deliver them and as raw has them: a test takes the one or the other.
    """
    phone, email = f"137123450{number if same_as is None else same_as:02d}", "desk@example.com"
    return {
        "phone": phone,
        "email": email,
        "phone_hash": phone,
        "email_hash": email,
        "customer_id": f"C{number}",
        "customer_type": "company",
        "registered_at": registered,
        "consent_marketing": number % 3 != 1,
        "strategic_label": label,
        "updated_at": updated,
    }


def decided(number: int, action: str, customer_number: int, other: int | None = None) -> Row:
    """A decision on identity."""
    return {
        "decision_id": f"D{number}",
        "decided_at": datetime.combine(LAST, time(8)),
        "action": action,
        "customer_id": f"C{customer_number}",
        "other_customer_id": None if other is None else f"C{other}",
        "reason": "seen",
    }


def judged(number: int, customer_number: int, status: str, at: date, label: str = "silent_3_months") -> Row:
    """What somebody says of a label."""
    return {
        "review_id": f"V{number}",
        "reviewed_at": datetime.combine(at, time(8)),
        "customer_id": f"C{customer_number}",
        "label": label,
        "rule_version": VERSIONS[label],
        "status": status,
        "reviewer": "Li Na",
    }


def settled(number: int, customer_number: int, action: str, on: date, until: date | None = None) -> Row:
    """What somebody decides about the alert on a customer's negative answer of the first day."""
    return {
        "decision_id": f"A{number}",
        "decided_at": datetime.combine(on, time(9)),
        "alert_id": alert_on(f"C{customer_number}", FIRST),
        "action": action,
        "effective_on": on,
        "snoozed_until": until,
        "decided_by": "Li Na",
    }


def reviewed(quarter: str, day: date, customer_number: int, before: str, after: str, opened: date = LAST) -> Row:
    """A customer of a tier review."""
    return {
        "review_id": quarter,
        "scheme": "retention_abcd",
        "reviewed_on": day,
        "customer_id": f"C{customer_number}",
        "tier_before": before,
        "tier_after": after,
        "value_at_stake": "100.00",
        "opened_at": datetime.combine(opened, time(11)),
    }


def approved(number: int, quarter: str, customer_number: int | None, decision: str = "approved") -> Row:
    """A decision on a tier review."""
    return {
        "decision_id": f"V{number}",
        "review_id": quarter,
        "scheme": "retention_abcd",
        "customer_id": None if customer_number is None else f"C{customer_number}",
        "decided_at": datetime.combine(LAST, time(14 + number % 8)),
        "decision": decision,
        "approver": "eve",
    }


def touch(number: int, customer_number: int, day: date, responded: date | None = None) -> Row:
    """A contact of campaign K1."""
    return {
        "touch_id": f"T{number}",
        "customer_id": f"C{customer_number}",
        "touched_at": datetime.combine(day, time(15)),
        "channel": "email",
        "campaign_id": "K1",
        "responded_at": responded,
    }


def item(order_number: int, product: str, quantity: int) -> Row:
    """The first line of an order."""
    return {
        "order_id": f"O{order_number:03d}",
        "line_no": 1,
        "product_id": product,
        "quantity": quantity,
        "line_amount": "100.00",
    }


def product(name: str, cost: str) -> Row:
    """A product at a cost."""
    return {"product_id": name, "name": "pen", "unit_cost": cost}


def rate(currency: str, day: date, value: str) -> Row:
    """An exchange rate."""
    return {"currency": currency, "rate_date": day, "rate": value}


def booked(month: date, revenue: str) -> Row:
    """What finance booked for a month."""
    return {"month": month, "revenue": revenue}


def interaction(number: int, day: date, recorded: date | None) -> Row:
    """A call of customer C1."""
    return {
        "interaction_id": f"I{number}",
        "customer_id": "C1",
        "occurred_at": datetime.combine(day, time(9)),
        "channel": "phone",
        "interaction_type": "enquiry",
        "recorded_at": recorded,
    }


def turned(number: int, ticket_number: int, day: date, event_type: str) -> Row:
    """What happened to a ticket."""
    return {
        "event_id": f"TE{number}",
        "ticket_id": f"E{ticket_number}",
        "occurred_at": datetime.combine(day, time(16)),
        "event_type": event_type,
    }


def ticket(number: int, day: date, resolved: date | None = None) -> Row:
    """A complaint of customer C2."""
    return {
        "ticket_id": f"E{number}",
        "customer_id": "C2",
        "received_at": datetime.combine(day, time(9)),
        "ticket_type": "complaint",
        "resolved_at": resolved,
    }


def answer(number: int, customer_number: int | None, day: date, score: int) -> Row:
    """An answer to the question whether the company is recommended; anonymous without a customer."""
    return {
        "response_id": f"S{number}",
        "survey_type": "nps",
        "score": score,
        "responded_at": datetime.combine(day, time(9)),
        "customer_id": None if customer_number is None else f"C{customer_number}",
    }


def fitted(name: str, until: date, model: str = "bg_nbd", status: str = "converged") -> Row:
    """A fit of a value model on data up to a day."""
    return {
        "fit_id": name,
        "profile": PROFILE,
        "model": model,
        "status": status,
        "reason": None if status == "converged" else "the search did not end",
        "fitted_at": datetime.combine(LAST, time(8)),
        "data_until": until,
        "holdout_days": 91,
    }


def parameters_of(name: str, **values: str) -> list[Row]:
    """What a fit found."""
    return [{"fit_id": name, "parameter": parameter, "value": value} for parameter, value in values.items()]


def nodes_of(name: str) -> list[Row]:
    """A coarse quadrature of a fit; customers with more purchase days take the last."""
    return [
        {
            "fit_id": name,
            "purchases": purchases,
            "node_number": number,
            "node": f"0.{number}{purchases}",
            "weight": "0.5",
        }
        for purchases in range(4)
        for number in (1, 2)
    ]


def member(number: int, level: str, day: date) -> Row:
    """A level of a customer's membership, from a day on."""
    return {"customer_id": f"C{number}", "level": level, "level_from": day}


def tested(name: str, predicted: str) -> Row:
    """A backtest of a fit, of all customers."""
    return {
        "fit_id": name,
        "measure": "purchases",
        "method": "model",
        "group_name": "all",
        "group_number": 0,
        "customers": 8,
        "actual": "0.5",
        "predicted": predicted,
    }
