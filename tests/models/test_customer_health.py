"""customer_health and reasons of customer_churn_risk on signals made up for the case, worked by hand and in pandas."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.test_churn_risk import HEALTH, SIGNALS, made_up, scores, weighted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.models.compiled_project import CompiledProject

AS_OF, BEFORE = date(2024, 3, 31), date(2024, 2, 29)
TABLES = ("customer_health", "customer_health_history", "customer_churn_risk")
MANY = 400
SINCE = " since the previous month-end"
CHURNED = "S: churned: no purchase in the last 90 days, so red whatever the factors say"
Signals = dict[str, float]
#: Before, now, whether churned before and now; score, bands now and before, changed factor and reason.
CASES: dict[str, tuple[Signals | None, Signals, tuple[bool, bool], tuple[object, ...]]] = {
    "known at both ends": (
        {"recency_share": 0.5, "frequency_change_rate": -1},
        {"recency_share": 0.8, "frequency_change_rate": 0},
        (False, False),
        (73.3333, "green", "red", "frequency_change_rate", f"S: frequency_change_rate +66.67 points{SINCE}"),
    ),
    "one came and lowers it, while the other rose": (
        {"recency_share": 0.2},
        {"recency_share": 0.1, "satisfaction_score": 0.3},
        (False, False),
        (30, "red", "green", "satisfaction_score", f"S: satisfaction_score newly known, -53.33 points{SINCE}"),
    ),
    "one went, while the other fell": (
        {"recency_share": 0.1, "satisfaction_score": 0.3},
        {"recency_share": 0.2},
        (False, False),
        (80, "green", "red", "satisfaction_score", f"S: satisfaction_score no longer known, +60.00 points{SINCE}"),
    ),
    "one came, and the other fell too": (
        {"recency_share": 0.2},
        {"recency_share": 0.5, "satisfaction_score": 0.3},
        (False, False),
        (
            16.6667, "red", "green", "recency_share",
            f"S: recency_share -10.00 points; satisfaction_score newly known, -53.33 points{SINCE}",
        ),
    ),
    "one came that changes nothing": (
        {"recency_share": 0.2},
        {"recency_share": 0.2, "satisfaction_score": 0.7},
        (False, False),
        (80, "green", "green", None, "S: the score is the same as at the previous month-end"),
    ),
    "new": (None, {"recency_share": 0.2}, (False, False), (80, "green", None, None, None)),
    "content, under contract, and churned since": (
        {"recency_share": 0.5, "satisfaction_score": 1, "contract_days_left": 365},
        {"recency_share": 2, "satisfaction_score": 1, "contract_days_left": 335},
        (False, True),
        (75, "red", "green", "recency_share", f"{CHURNED}; recency_share -12.50 points{SINCE}"),
    ),
    "churned long ago": (
        {"recency_share": 2, "satisfaction_score": 1},
        {"recency_share": 2.3, "satisfaction_score": 1},
        (True, True),
        (66.6667, "red", "red", None, f"{CHURNED}; the score is the same as at the previous month-end"),
    ),
    "churned without a month-end before": (
        None, {"recency_share": 1.1, "satisfaction_score": 1}, (False, True), (66.6667, "red", None, None, CHURNED),
    ),
}  # fmt: skip


def drawn(seed: int) -> pd.DataFrame:
    """Signals of many customers by id."""
    return made_up(np.random.default_rng(seed), MANY).set_axis([f"drawn {n}" for n in range(MANY)])


@pytest.fixture(scope="module")
def tables(project: CompiledProject) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables on signals of the cases, and of customers drawn at random."""
    now = pd.concat([pd.DataFrame([case[1] for case in CASES.values()], index=[*CASES]), drawn(1)])
    known = {name: case[0] for name, case in CASES.items() if case[0] is not None}
    before = pd.concat([pd.DataFrame([*known.values()], index=[*known]), drawn(2)])
    now["is_active"] = [not case[2][1] for case in CASES.values()] + [n % 3 > 0 for n in range(MANY)]
    before["is_active"] = [not CASES[name][2][0] for name in known] + [True] * MANY
    days = [(now, AS_OF, True), (before, BEFORE, False)]
    rows = pd.concat(
        [
            frame.rename_axis("customer_id").reset_index().assign(snapshot_on=day, is_as_of=is_as_of, is_month_end=True)
            for frame, day, is_as_of in days
        ]
    )
    customers = pd.DataFrame({"customer_id": now.index, "_load_seq": 1, "_line_no": range(len(now))})
    nodes = project.profile("default_b2b").nodes
    with project.build({"customers": customers}, as_of=AS_OF, models=TABLES) as connection:
        for table in ("int_customer_signals", "int_signal_days"):
            connection.execute(f"delete from intermediate.{table}")
        connection.register("made_up", rows)
        connection.execute("insert into intermediate.int_customer_signals by name from made_up")
        connection.execute(
            "insert into intermediate.int_signal_days by name "
            "select distinct snapshot_on, is_as_of, is_month_end from made_up"
        )
        for table in TABLES:
            connection.execute(f"create temp table found_{table} as {nodes[table].sql}")
        yield connection


@pytest.mark.parametrize("name", CASES)
def test_band_and_reason_of_a_change_by_hand(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    score, *expected = CASES[name][3]
    [(found, is_churned, *told)] = tables.execute(
        "select score, is_churned, band, previous_band, changed_factor, reason from found_customer_health "
        "where customer_id = ?",
        [name],
    ).fetchall()
    assert found == pytest.approx(score, abs=1e-4)
    assert is_churned == CASES[name][2][1]
    assert told == expected


def test_a_churned_customer_is_red_in_the_history_too(tables: duckdb.DuckDBPyConnection) -> None:
    found = tables.sql(
        "select month_end, score, is_churned, band from found_customer_health_history "
        "where customer_id = 'content, under contract, and churned since' order by month_end"
    ).fetchall()
    assert found == [(BEFORE, 87.5, False, "green"), (AS_OF, 75, True, "red")]
    [(churned, red)] = tables.sql(
        "select count(*), count(*) filter (where band = 'red') from found_customer_health_history where is_churned"
    ).fetchall()
    assert churned == red > 100


def test_the_changed_factor_moved_the_score_most_its_way_by_a_second_computation(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    """A factor that is not known on one of the days stands there for the score before; all changes add up."""
    was, now = scores(HEALTH, drawn(2)) * 100, scores(HEALTH, drawn(1)) * 100
    old, new = weighted(HEALTH, was), weighted(HEALTH, now)
    share = HEALTH["weight"].to_numpy() / (now.notna() * HEALTH["weight"]).sum(axis=1).to_numpy()[:, None]
    filled = [frame.apply(lambda column: column.fillna(old)) for frame in (now, was)]
    points = (filled[0] - filled[1]) * share
    np.testing.assert_allclose(points.sum(axis=1), new - old, atol=1e-9)
    directed = points.mul(np.sign(new - old), axis=0)
    at_both = now.notna() == was.notna()
    moved, turned = directed.where(at_both), directed.where(~at_both)
    best = moved.max(axis=1).where(moved.max(axis=1) > 0, turned.max(axis=1))
    found = tables.sql("from found_customer_health where starts_with(customer_id, 'drawn')").df()
    found = found.set_index("customer_id").loc[now.index]
    np.testing.assert_allclose(found["score"], new, atol=1e-4)
    np.testing.assert_allclose(found["previous_score"], old, atol=1e-4)
    named = [directed.loc[customer, factor] for customer, factor in found["changed_factor"].items()]
    np.testing.assert_allclose(named, best, atol=2e-4)
    text = found["reason"].str.contains("newly known|no longer known")
    assert (text == (turned.max(axis=1) > 5e-5)).all()


def test_the_reason_of_no_risk_says_how_much_is_known(
    tables: duckdb.DuckDBPyConnection, project: CompiledProject
) -> None:
    best = dict.fromkeys(SIGNALS, 0.0) | {"p_alive": 1.0, "satisfaction_score": 1.0}
    cases = {
        "new": {"recency_share": 0.0},
        "churned long ago": {"recency_share": 0.0, "complaints_12m": 0.0},
        "known at both ends": best,
    }
    rows = pd.DataFrame([*cases.values()], index=[*cases]).rename_axis("customer_id").reset_index()
    rows = rows.assign(is_as_of=True, is_active=True, snapshot_on=AS_OF)
    tables.execute("begin")
    tables.execute("delete from intermediate.int_customer_signals")
    tables.register("best", rows)
    tables.execute("insert into intermediate.int_customer_signals by name from best")
    node = project.profile("default_b2b").nodes["customer_churn_risk"]
    found = dict(tables.sql(f"select customer_id, reason from ({node.sql}) where churn_risk is not null").fetchall())
    tables.execute("rollback")
    assert found == {
        "new": "M8: the only known factor is at its best: recency_share 0.0000 (0 at 0.0, 1 at 2.0, weight 3.0)",
        "churned long ago": "M8: every known factor is at its best",
        "known at both ends": "M8: every factor is at its best",
    }
