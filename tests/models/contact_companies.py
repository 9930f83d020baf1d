"""Companies whose contacts are due: drawn by seed, and as landing delivers them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from tests.models.expected_contacts import DAY, Known

FIRST = date(2023, 6, 1)
SIZE = 220
LAST_FACTS = date(2024, 4, 24)
PLAIN = 7
"""The seed whose company has usual shares; of others they are drawn."""


def random_company(seed: int) -> dict[str, Known]:
    """Customers of every kind, few owners, and facts up to LAST_FACTS."""
    rng = np.random.default_rng(seed)

    def pick(values: list[Any]) -> Any:
        return values[int(rng.integers(len(values)))]

    def instant(least: int, most: int) -> datetime:
        day = LAST_FACTS - timedelta(days=int(rng.integers(least, most)))
        return datetime(day.year, day.month, day.day, int(rng.integers(24)), 15)  # noqa: DTZ001  # raw instants have no zone

    company = {}
    leaving, consenting, contracted, most_touches = 0.1, 0.85, 0.3, 3
    if seed != PLAIN:
        leaving, consenting, contracted = rng.uniform(0, 0.4), rng.uniform(0.5, 1), rng.uniform(0, 0.8)
        most_touches = pick([1, 6])
    for number in range(SIZE):
        opted_out = LAST_FACTS - timedelta(days=int(rng.integers(0, 60))) if rng.random() < leaving else None
        known = Known(
            is_contactable=opted_out is None and rng.random() < consenting,
            opted_out_on=opted_out,
            preferred_channel=pick([None, "wechat", "phone", "email", "visit", "pigeon"]),
            account_owner=pick([None, None, "ann", "bo"]),
            birthday=pick([None, (4, 29), (5, 3), (2, 29), (int(rng.integers(4, 7)), int(rng.integers(1, 31)))]),
        )
        count, reach = pick([0, 1, 1, 2, 4, 9]), pick([4, 20, 300])
        known.orders = [
            (instant(0, reach), f"O{number}_{nth}", pick([Decimal(80), Decimal(50000), Decimal(120000)]))
            for nth in range(count)
        ]
        if rng.random() < contracted:
            starts = instant(200, 300).date()
            known.contracts.append(
                (f"V{number}", starts, starts + timedelta(days=pick([240, 330])), pick([None, 5, 60]))
            )
        if rng.random() < 0.2:
            known.complaints.append(
                (instant(2, 20), f"T{number}", pick(["urgent", "normal", "P0"]), rng.random() < 0.7)
            )
        if known.complaints and number % 2:
            at, ticket, *_ = known.complaints[0]
            again = [
                at + nth * 3 * DAY for nth in range(1, 2 + number % 3) if (at + nth * 3 * DAY).date() <= LAST_FACTS
            ]
            known.reopenings = [(on, ticket) for on in again]
        if known.contracts and number % 4 == 0:
            _, _, ends, _ = known.contracts[0]
            starts = (ends or LAST_FACTS) + (number % 5 - 2) * 20 * DAY
            known.contracts.append((f"V{number}b", starts, None if number % 8 else starts + 365 * DAY, None))
        for _ in range(pick([0, 0, 1, most_touches])):
            known.touches.append((instant(0, 50).date(), pick(["phone", "email", "visit", "mail"]), rng.random() < 0.4))
        company[f"C{number:03d}"] = known
    return company


def raw_tables(company: dict[str, Known]) -> dict[str, pd.DataFrame]:
    """The company as landing delivers it."""
    items = company.items()
    frames = {
        "customers": pd.DataFrame(
            [
                {
                    "customer_id": name,
                    "registered_at": pd.Timestamp(FIRST),
                    "consent_marketing": one.is_contactable or one.opted_out_on is not None,
                    "opted_out_at": pd.Timestamp(one.opted_out_on) if one.opted_out_on else pd.NaT,
                    "preferred_channel": one.preferred_channel,
                    "account_owner": one.account_owner,
                    "birth_month": one.birthday[0] if one.birthday else None,
                    "birth_day": one.birthday[1] if one.birthday else None,
                }
                for name, one in items
            ]
        ),
        "orders": pd.DataFrame(
            [(key, name, at, amount, "CNY") for name, one in items for at, key, amount in one.orders],
            columns=["order_id", "customer_id", "ordered_at", "amount", "currency"],
        ),
        "contracts": pd.DataFrame(
            [(key, name, *rest) for name, one in items for key, *rest in one.contracts],
            columns=["contract_id", "customer_id", "starts_on", "ends_on", "usage_cycle_days"],
        ).astype({"usage_cycle_days": "Int64"}),
        "tickets": pd.DataFrame(
            [
                (key, name, at, "complaint", severity, pd.NaT if is_open else at + 2 * DAY)
                for name, one in items
                for at, key, severity, is_open in one.complaints
            ],
            columns=["ticket_id", "customer_id", "received_at", "ticket_type", "severity", "resolved_at"],
        ),
        "ticket_events": pd.DataFrame(
            [
                (f"{ticket}{nth}", ticket, "reopened", at)
                for _, one in items
                for nth, (at, ticket) in enumerate(one.reopenings)
            ],
            columns=["event_id", "ticket_id", "event_type", "occurred_at"],
        ),
        "touches": pd.DataFrame(
            [
                (f"U{name}{nth}", name, pd.Timestamp(on), channel, "K1" if is_mass else None)
                for name, one in items
                for nth, (on, channel, is_mass) in enumerate(one.touches)
            ],
            columns=["touch_id", "customer_id", "touched_at", "channel", "campaign_id"],
        ),
    }
    for rows in frames.values():
        rows["_load_seq"], rows["_line_no"] = 1, range(len(rows))
    return frames
