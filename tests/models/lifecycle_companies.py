"""Small random companies as raw tables, dense in the corners that rules of returns, cadence and spend have."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

import pandas as pd
from tests.models.lifecycle_replay import Customer, Order

FIRST_DAY = date(2023, 1, 5)
LENGTH_DAYS = 480
AS_OF = FIRST_DAY + timedelta(days=400)  # the last eighty days are the future: nothing of them may be seen

Raw = dict[str, pd.DataFrame]
Company = tuple[Raw, dict[str, Customer]]


def random_company(seed: int, customers: int = 25) -> Company:
    """Raw tables, and the same company as the day-by-day replay takes it; the future is in the tables alone."""
    dice = random.Random(seed)  # noqa: S311 (a repeatable company, no secret)
    known = {f"C{number:02d}": _random_customer(dice) for number in range(customers)}
    return _raw_tables(known), {name: _as_known(customer) for name, customer in known.items()}


def steady_company(seed: int, customers: int = 40) -> Company:
    """As random_company, of customers who buy for the same amount at their own pace for a long time.

    Their stages last: the day on which one began lies before the last purchase, often by many months.
    """
    dice = random.Random(seed)  # noqa: S311 (a repeatable company, no secret)
    known = {f"S{number:02d}": _steady_customer(dice) for number in range(customers)}
    return _raw_tables(known), {name: _as_known(customer) for name, customer in known.items()}


def _steady_customer(dice: random.Random) -> Customer:
    customer = Customer(registered_on=None)
    day, pace = FIRST_DAY + timedelta(days=dice.randint(0, 200)), dice.choice([5, 7, 12, 20, 40])
    stops_on = AS_OF - timedelta(days=dice.choice([-80, -80, 0, 20, 60, 150]))
    while day <= stops_on:
        order = Order(day, Decimal(20), "completed")
        if dice.random() < 0.1:
            order.returns = [(day + timedelta(days=dice.randint(0, 90)), dice.choice([Decimal(5), Decimal(20)]))]
        customer.orders.append(order)
        day += timedelta(days=dice.choice([pace, pace, pace, pace + 1]))
    return customer


def _random_customer(dice: random.Random) -> Customer:
    customer = Customer(registered_on=_random_day(dice) if dice.random() < 0.5 else None)
    day = _random_day(dice)
    rhythm = dice.choice([1, 3, 7, 20, 45, 90])
    for _ in range(dice.choice([0, 1, 2, 3, 5, 8, 15, 30])):
        if (day - FIRST_DAY).days > LENGTH_DAYS:
            break
        customer.orders.append(_random_order(dice, day))
        day += timedelta(days=dice.choice([0, rhythm, rhythm, rhythm + 1, 2 * rhythm, 5 * rhythm]))
    for _ in range(dice.choice([0, 0, 1, 4])):
        touched = _random_day(dice)
        answered = touched + timedelta(days=dice.randint(-2, 40)) if dice.random() < 0.7 else None
        customer.touches.append((touched, answered))
    return customer


def _random_order(dice: random.Random, day: date) -> Order:
    amount = Decimal(dice.choice([0, 10, 10, 20, 50, 100]))
    order = Order(day, amount, dice.choice(["completed"] * 8 + [None, "cancelled"]))
    if dice.random() < 0.25:
        parts = dice.choice([[amount], [amount / 2], [amount / 2, amount / 2], [amount + 5], [Decimal(0)]])
        order.returns = [(day + timedelta(days=dice.randint(-1, 60)), part) for part in parts]
    return order


def _random_day(dice: random.Random) -> date:
    return FIRST_DAY + timedelta(days=dice.randint(0, LENGTH_DAYS))


def _as_known(customer: Customer) -> Customer:
    registered = customer.registered_on
    return Customer(
        registered_on=registered if registered and registered <= AS_OF else None,
        orders=[order for order in customer.orders if order.ordered_on <= AS_OF],
        touches=customer.touches,
    )


def _raw_tables(known: dict[str, Customer]) -> Raw:
    customers, orders, returns, touches = [], [], [], []
    for name, customer in known.items():
        if customer.registered_on or not customer.orders:
            customers.append((name, _noon(customer.registered_on)))
        for order in customer.orders:
            order_id = f"O{len(orders):05d}"
            orders.append((order_id, name, _noon(order.ordered_on), order.amount, order.status))
            returns.extend((order_id, _noon(day), amount) for day, amount in order.returns)
        touches.extend((name, _noon(touched), _noon(answered)) for touched, answered in customer.touches)
    return {
        "customers": _frame(customers, ["customer_id", "registered_at"]),
        "orders": _frame(orders, ["order_id", "customer_id", "ordered_at", "amount", "status"]),
        "returns": _numbered(_frame(returns, ["order_id", "returned_at", "amount"]), "return_id"),
        "touches": _numbered(_frame(touches, ["customer_id", "touched_at", "responded_at"]), "touch_id"),
    }


def _frame(rows: list[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns, dtype=object).assign(_load_seq=1, _line_no=range(len(rows)))


def _numbered(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    return frame.assign(**{key: [f"{key}{number}" for number in range(len(frame))]})


def _noon(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, 12) if day else None  # noqa: DTZ001 (raw instants carry no zone)
