"""A random company's orders, returns and rates, with what they are worth by exact decimals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

FIRST_DAY = date(2022, 11, 3)
WINDOW = 90  # active_window_days of profile default_b2b
AMOUNTS = [Decimal(text) for text in ("100.00", "0.05", "33.33", "0.01", "0.00", "99999.99", "20.00", "20.00", "-5.00")]
RATES = [Decimal(text) for text in ("7.125", "0.04812345", "1.005", "0.5")]


@dataclass
class Order:
    """An order as it was delivered, with what came back of it and when, in its own currency."""

    order_id: str
    on: date
    amount: Decimal
    rate: Decimal
    status: str | None
    channel: str | None
    products: list[str]
    returns: list[tuple[date, Decimal]] = field(default_factory=list)

    def returned(self, day: date) -> Decimal:
        """What had come back by a day."""
        return sum((amount for on, amount in self.returns if on <= day), Decimal(0))

    def is_purchase(self, day: date) -> bool:
        """Whether the order was a purchase, as a day knew it."""
        back = self.returned(day)
        is_undone = back > 0 and back >= self.amount
        return self.on <= day and self.status in (None, "completed") and self.amount >= 0 and not is_undone

    def net(self, day: date) -> Decimal:
        """Its net amount in the reporting currency."""
        return cents(self.amount * self.rate) - cents(self.returned(day) * self.rate)


@dataclass
class Customer:
    """A customer and its orders."""

    registered_on: date | None
    region: str | None
    source_channel: str | None
    industry: str | None
    orders: list[Order] = field(default_factory=list)

    def last_purchase(self, day: date) -> date | None:
        """The last day with a purchase, as a day knew it."""
        return max((order.on for order in self.orders if order.is_purchase(day)), default=None)

    def is_active(self, day: date) -> bool:
        """Whether it had bought within the window up to a day."""
        last = self.last_purchase(day)
        return last is not None and (day - last).days < WINDOW

    def revenue(self, first: date, last: date, as_of: date) -> Decimal:
        """Net amount of the purchases of a span of days, as the as-of day knows them."""
        spent = [order.net(as_of) for order in self.orders if first <= order.on <= last and order.is_purchase(as_of)]
        return sum(spent, Decimal(0))


Company = dict[str, Customer]


def cents(amount: Decimal) -> Decimal:
    """Rounded to cents, halves away from zero."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def random_company(seed: int, as_of: date) -> Company:
    """Customers who come, fall silent and come back; orders in two currencies that come back in parts, months later."""
    rng = np.random.default_rng(seed)

    def one_of(values: list[object]) -> object:
        return values[int(rng.integers(len(values)))]

    company: Company = {}
    for number in range(40):
        first = FIRST_DAY + timedelta(days=int(rng.integers(0, 520)))
        customer = Customer(
            first - timedelta(days=int(rng.integers(0, 200))) if rng.random() < 0.4 else None,
            one_of(["north", "south", None]),
            one_of(["fair", "search", None]),
            one_of(["tools", None]),
        )
        day, pace = first, int(one_of([4, 15, 40, 100]))
        while day < as_of + timedelta(days=20) and len(customer.orders) < 25 and rng.random() > 0.04:
            order = Order(
                f"O{number}_{len(customer.orders)}",
                day,
                one_of(AMOUNTS),
                one_of([Decimal(1), Decimal(1), *RATES]),
                one_of(["completed", "completed", "completed", None, "cancelled"]),
                one_of(["shop", "web", None]),
                [one_of(["tea", "pot", "cup", "box"]) for _ in range(int(rng.integers(0, 4)))],
            )
            if rng.random() < 0.3:
                parts = one_of([[1], [2], [2, 2], [3, 3], [4]])
                order.returns = [
                    (day + timedelta(days=int(rng.integers(0, 120))), cents(abs(order.amount) / part)) for part in parts
                ]
            customer.orders.append(order)
            day += timedelta(days=int(rng.choice([0, pace, pace, pace + 3, 4 * pace])))
        company[f"C{number:02d}"] = customer
    return company


def raw_tables(company: Company) -> dict[str, pd.DataFrame]:
    """The company as landing delivers it; each rate is a currency of its own, so that a day has them all."""
    customers, orders, returns, lines = [], [], [], []
    for name, one in company.items():
        if one.registered_on or one.region or one.source_channel or one.industry:
            customers.append((name, one.registered_on, one.region, one.source_channel, one.industry))
        for order in one.orders:
            currency = "CNY" if order.rate == 1 else f"X{RATES.index(order.rate)}X"
            orders.append((order.order_id, name, order.on, order.amount, order.status, order.channel, currency))
            returns.extend((order.order_id, day, amount) for day, amount in order.returns)
            lines.extend((order.order_id, place, product) for place, product in enumerate(order.products))
    days = pd.date_range("2022-10-01", "2025-03-31", freq="7D")
    rates = [(f"X{place}X", day, rate) for place, rate in enumerate(RATES) for day in days]
    frames = {
        "customers": pd.DataFrame(
            customers, columns=["customer_id", "registered_at", "region", "source_channel", "industry"]
        ),
        "orders": pd.DataFrame(
            orders, columns=["order_id", "customer_id", "ordered_at", "amount", "status", "channel", "currency"]
        ),
        "returns": pd.DataFrame(returns, columns=["order_id", "returned_at", "amount"]),
        "order_items": pd.DataFrame(lines, columns=["order_id", "line_no", "product_id"]).assign(
            quantity=1, line_amount=Decimal(10)
        ),
        "products": pd.DataFrame(
            [("tea", "drinks", 1), ("pot", "ware", 2), ("cup", "ware", 2), ("box", None, None)],
            columns=["product_id", "category", "unit_cost"],
        ),
        "fx_rates": pd.DataFrame(rates, columns=["currency", "rate_date", "rate"]),
    }
    frames["returns"]["return_id"] = [f"R{number}" for number in range(len(returns))]
    for rows in frames.values():
        rows["_load_seq"], rows["_line_no"] = 1, range(len(rows))
        for column in ("registered_at", "ordered_at", "returned_at"):
            if column in rows:
                rows[column] = pd.to_datetime(rows[column])
    return frames
