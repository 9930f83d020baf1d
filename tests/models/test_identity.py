"""Whatever profiles share and people decide: clusters, golden IDs and facts are those of a second reckoning."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.models.expected_identity import expected_clusters

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

AS_OF = date(2024, 3, 31)
PROFILE_COLUMNS = ("customer_type", "name_hash", "registration_no_hash", "email_hash", "phone_hash")
MODELS = ("customer_merges", "identity_review", "dim_customers", "fct_orders", "fct_touches")


def random_profiles(rng: np.random.Generator, size: int) -> list[dict[str, Any]]:
    """Profiles that share keys by chance, some keys more often than may be."""
    keys = max(2, int(size * rng.choice([0.3, 0.7, 1.5])))
    absent = rng.choice([0.2, 0.5, 0.8])

    def key(prefix: str, count: int) -> str | None:
        return None if rng.random() < absent else f"{prefix}{int(count * rng.random() ** 2)}"

    return [
        {
            "customer_id": f"C{number:03d}",
            "customer_type": rng.choice(["person", "person", "company", None]),
            "name_hash": key("n", max(2, keys // 3)),
            "registration_no_hash": key("r", keys) if rng.random() < 0.3 else None,
            "email_hash": key("e", keys),
            "phone_hash": key("p", keys),
            "registered_at": None
            if rng.random() < 0.2
            else datetime(2023, 1, 1) + timedelta(days=int(rng.integers(8))),  # noqa: DTZ001 (instants have no zone)
            "_load_seq": 1,
            "_line_no": number,
        }
        for number in range(size)
    ]


def random_decisions(rng: np.random.Generator, ids: list[str]) -> list[dict[str, Any]]:
    """Merges, splits and withdrawals in any order; several in one second."""
    decisions: list[dict[str, Any]] = []
    for number in range(int(rng.integers(0, 6)) if len(ids) > 1 else 0):
        one, other = (str(name) for name in rng.choice(ids, 2, replace=False))
        action = str(rng.choice(["merge", "merge", "split", "withdraw"])) if decisions else "merge"
        decisions.append(
            {
                "decision_id": f"D{number}",
                "decided_at": datetime(2024, 5, 1) + timedelta(seconds=number // 2),  # noqa: DTZ001  # raw has instants without a zone
                "action": action,
                "customer_id": one,
                "other_customer_id": other if action == "merge" else None,
                "withdrawn_decision_id": str(rng.choice([d["decision_id"] for d in decisions]))
                if action == "withdraw"
                else None,
                "_load_seq": 2 + number,
                "_line_no": 1,
            }
        )
    return decisions


def build(
    project: CompiledProject, profiles: list[dict[str, Any]], decisions: list[dict[str, Any]]
) -> duckdb.DuckDBPyConnection:
    """Build who is who, with an order and a touch for every profile and for two that only orders know."""
    ids = [row["customer_id"] for row in profiles] + ["GUEST1", "GUEST2"]
    at = datetime(2024, 2, 1)  # noqa: DTZ001  # raw has instants without a zone
    orders = [
        {
            "order_id": f"O{name}",
            "customer_id": name,
            "ordered_at": at,
            "amount": 10,
            "_load_seq": 1,
            "_line_no": number,
        }
        for number, name in enumerate(ids)
    ]
    touches = [
        {"touch_id": f"T{name}", "customer_id": name, "touched_at": at, "_load_seq": 1, "_line_no": number}
        for number, name in enumerate(ids)
    ]
    raw = {"orders": orders, "touches": touches, "customers": profiles, "identity_decisions": decisions}
    return project.build({name: pd.DataFrame(rows) for name, rows in raw.items()}, as_of=AS_OF, models=MODELS)


def clusters(connection: duckdb.DuckDBPyConnection) -> set[frozenset[str]]:
    """What customer_merges says."""
    rows = connection.execute(
        "select list(customer_id) from marts.customer_merges group by golden_customer_id"
    ).fetchall()
    return {frozenset(members) for (members,) in rows}


@pytest.mark.parametrize("seed", range(60))
def test_random_companies_are_matched_as_union_find_matches_them(project: CompiledProject, seed: int) -> None:
    rng = np.random.default_rng(seed)
    profiles = random_profiles(rng, int(rng.choice([0, 2, 5, 12, 40, 120])))
    decisions = random_decisions(rng, [row["customer_id"] for row in profiles[:12]] + ["GUEST1", "GUEST2"])
    known = {row["customer_id"]: {name: row[name] for name in PROFILE_COLUMNS} for row in profiles}
    with build(project, profiles, decisions) as connection:
        expected = expected_clusters(known, decisions)
        assert clusters(connection) == expected
        golden = dict(
            connection.execute("select customer_id, golden_customer_id from marts.customer_merges").fetchall()
        )
        registered = {row["customer_id"]: row["registered_at"] for row in profiles}
        for cluster in expected:
            first = min(cluster, key=lambda name: (registered.get(name) is None, registered.get(name) or AS_OF, name))
            assert {golden[name] for name in cluster} == {first}
        dimension = dict(connection.execute("select customer_id, merged_ids from marts.dim_customers").fetchall())
        merged_away = {name for name, into in golden.items() if name != into}
        assert dimension.keys() == {*known, "GUEST1", "GUEST2"} - merged_away
        for name, merged_ids in dimension.items():
            others = sorted(one for one, into in golden.items() if into == name and one != name)
            assert merged_ids == (",".join(others) or None)
        for table, key in (("fct_orders", "order_id"), ("fct_touches", "touch_id")):
            rows = connection.execute(f"select substr({key}, 2), customer_id from marts.{table}").fetchall()
            assert {name: golden.get(name, name) for name in [*known, "GUEST1", "GUEST2"]} == dict(rows)


def test_a_chain_as_long_as_may_be_is_one_customer_and_a_longer_one_is_listed(project: CompiledProject) -> None:
    for length, expected in ((8, 1), (9, 0), (10, 0), (11, 0), (40, 0)):
        profiles = [
            {
                "customer_id": f"C{number:03d}",
                "email_hash": f"e{number // 2}",
                "phone_hash": f"p{(number + 1) // 2}",
                "_load_seq": 1,
                "_line_no": number,
            }
            for number in np.random.default_rng(length).permutation(length)
        ]
        with build(project, profiles, []) as connection:
            assert len(clusters(connection)) == expected, length
            cases = connection.execute(
                "select review_reason, sum(customers) from marts.identity_review group by all"
            ).fetchall()
            assert cases == ([] if expected else [("cluster_too_large", length)])


def test_no_key_leaves_the_warehouse(project: CompiledProject) -> None:
    profiles = [
        {"customer_id": f"C{n}", "email_hash": "secret", "phone_hash": f"secret{n}", "_load_seq": 1, "_line_no": n}
        for n in range(7)
    ]
    with build(project, profiles, []) as connection:
        for table in ("customer_merges", "identity_review"):
            rows = connection.execute(f"select * from marts.{table}").fetchall()
            assert "secret" not in str(rows)
        assert connection.execute(
            "select review_reason, key_kind, first_customer_id, customers, customer_ids from marts.identity_review"
        ).fetchall() == [("key_too_common", "email", "C0", 7, "C0,C1,C2,C3,C4,C5,C6")]
