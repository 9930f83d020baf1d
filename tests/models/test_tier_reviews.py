"""The tier in force equals a replay of random reviews and decisions, one after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.models.random_companies import Company, random_company
from tests.models.test_customer_rfm import build

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProject

REVIEWED = "retention_abcd"  # review_scheme of default_b2b
QUARTERS = {"2023Q2": date(2023, 6, 30), "2023Q3": date(2023, 9, 30), "2023Q4": date(2023, 12, 31)}
TIERS = ["A", "B", "C", "D"]
Rows = list[dict[str, Any]]


def random_reviews(seed: int, company: Company) -> tuple[Rows, Rows]:
    """Reviews of two schemes, and decisions on them: early, late, twice, on customers that are in none."""
    rng = np.random.default_rng(seed)
    ids = sorted(set(company.raw["orders"]["customer_id"])) if len(company.raw["orders"]) else []
    reviews: Rows = []
    decisions: Rows = []
    for quarter, day in QUARTERS.items():
        for scheme in (REVIEWED, "value_sabc"):
            opened = datetime.combine(day + timedelta(days=3), datetime.min.time())
            for name in ids:
                if rng.random() < 0.7:
                    before, after = (str(tier) for tier in rng.choice(TIERS, 2))
                    reviews.append(
                        {
                            "review_id": quarter, "scheme": scheme, "reviewed_on": day, "customer_id": name,
                            "tier_before": before, "tier_after": after, "value_at_stake": 1, "opened_at": opened,
                        }
                    )  # fmt: skip
            for _ in range(rng.integers(0, 5)):
                decisions.append(
                    {
                        "decision_id": f"D{len(decisions)}", "review_id": quarter, "scheme": scheme,
                        "customer_id": str(rng.choice([*ids, "NOBODY"])) if rng.random() < 0.7 else None,
                        "decided_at": opened + timedelta(days=int(rng.integers(1, 120))),
                        "decision": str(rng.choice(["approved", "rejected"])),
                        "approver": str(rng.choice(["eve", "bob"])),
                    }
                )  # fmt: skip
    return reviews, decisions


def landed(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame([row | {"_load_seq": 1, "_line_no": number} for number, row in enumerate(rows)])


def replayed(
    reviews: Rows, decisions: Rows, as_of: date
) -> tuple[dict[tuple[str, str], tuple[str, str]], dict[tuple[str, str, str], tuple[str, str | None]]]:
    """Under each scheme the tier in force and the last status of a customer; and by review its status and approver."""
    in_force: dict[tuple[str, str], tuple[str, str]] = {}
    statuses: dict[tuple[str, str, str], tuple[str, str | None]] = {}
    for scheme in (REVIEWED, "value_sabc"):
        seen = [q for q, day in QUARTERS.items() if day <= as_of and any(_of(row, q, scheme) for row in reviews)]
        for place, quarter in enumerate(seen):
            rows = [row for row in reviews if _of(row, quarter, scheme)]
            until = next(
                (r["opened_at"] for q in seen[place + 1 : place + 2] for r in reviews if _of(r, q, scheme)), None
            )
            whole: dict[str, Any] | None = None
            own: dict[str, dict[str, Any]] = {}
            for one in sorted(decisions, key=lambda row: row["decided_at"]):  # stable: later rows of an instant win
                if _of(one, quarter, scheme) and (until is None or one["decided_at"] < until):
                    if one["customer_id"] is None:
                        whole = one
                    else:
                        own[one["customer_id"]] = one
            for row in rows:
                counted = own.get(row["customer_id"]) or whole
                if row["tier_before"] == row["tier_after"]:
                    status, approver = "unchanged", None
                elif counted:
                    status, approver = counted["decision"], counted["approver"]
                else:
                    status, approver = ("waiting" if until is None else "superseded"), None
                new = row["tier_after"] if status in ("approved", "unchanged") else row["tier_before"]
                in_force[scheme, row["customer_id"]] = (new, f"{status} {row['tier_after']}")
                statuses[quarter, scheme, row["customer_id"]] = (status, approver)
    return in_force, statuses


def _of(row: dict[str, Any], quarter: str, scheme: str) -> bool:
    return (row["review_id"], row["scheme"]) == (quarter, scheme)


@pytest.mark.parametrize("seed", range(0, 24, 2))
def test_the_tier_in_force_equals_a_replay_of_reviews_and_decisions(project: CompiledProject, seed: int) -> None:
    company = random_company(seed)
    reviews, decisions = random_reviews(seed, company)
    if seed % 3 == 0:  # a day between two reviews, so that the last is still to come
        company = replace(company, as_of=date(2023, 11, 15))
    company = replace(company, raw=company.raw | {"tier_reviews": landed(reviews), "tier_decisions": landed(decisions)})
    in_force, statuses = replayed(reviews, decisions, company.as_of)
    with build(project, company, "customer_tiers", "tier_review_list") as connection:
        tiers = connection.sql(
            "select scheme, customer_id, tier, tier_in_force, review_state from marts.customer_tiers"
        ).fetchall()
        listed = connection.sql(
            "select review_id, scheme, customer_id, status, approver from marts.tier_review_list"
        ).fetchall()
    for scheme, customer_id, tier, found, state in tiers:
        expected, last = in_force.get((scheme, customer_id), (tier, "")) if scheme == REVIEWED else (tier, "")
        assert found == expected
        if last.startswith("waiting"):
            assert state == "waiting"
        elif tier == expected:
            assert state == "in_force"
        else:
            assert state == ("rejected" if last == f"rejected {tier}" else "waiting")
    assert {row[:3]: row[3:] for row in listed} == {
        key: value for key, value in statuses.items() if value[0] != "unchanged"
    }
