"""customer_churn_risk, churn_flag_backtest and customer_health by a second computation, and what must never happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.random_engagement import engaged_company
from tests.models.test_customer_rfm import build
from tests.models.value_fits import CDNOW_PURCHASES, FitRow, alive, landed_fits

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

SEEDS = PROJECT_DIR / "seeds"
RISK = pd.read_csv(SEEDS / "churn_risk_factors.csv").set_index("factor")
HEALTH = pd.read_csv(SEEDS / "health_factors.csv").set_index("factor")
WINDOW, PERIOD = 90, 90  # days, of default_b2b
TABLES = ("customer_churn_risk", "churn_flag_backtest", "customer_health", "customer_health_history")
CURVE = {"intercept": -2.0, "slope": 4.0, "uses_p_alive": 1.0}
SIGNALS = [*dict.fromkeys([*RISK.index, *HEALTH.index])]


def as_day(values: pd.Series) -> pd.Series:
    """Days as pandas counts them."""
    return pd.to_datetime(values)


def scores(factors: pd.DataFrame, signals: pd.DataFrame) -> pd.DataFrame:
    """The score of every factor, by its definition."""
    return pd.DataFrame(
        {
            name: ((signals[name].astype(float) - row["low"]) / (row["high"] - row["low"])).clip(0, 1)
            for name, row in factors.iterrows()
        }
    )


def weighted(factors: pd.DataFrame, found: pd.DataFrame) -> pd.Series:
    """The weighted mean of the scores that are there."""
    weights = found.notna() * factors["weight"]
    return (found.fillna(0) * weights).sum(axis=1) / weights.sum(axis=1)


def signals_of(connection: duckdb.DuckDBPyConnection, day: pd.Timestamp, as_of: pd.Timestamp) -> pd.DataFrame:
    """What was known of every buyer at the end of a day, and whether it then stayed silent; customer by customer."""
    versions = connection.sql(
        "select customer_id, order_date, valid_from, valid_until, net_amount::double as spend "
        "from intermediate.int_order_versions where is_purchase"
    ).df()
    for name in ("order_date", "valid_from", "valid_until"):
        versions[name] = as_day(versions[name])

    def known(on: pd.Timestamp) -> pd.DataFrame:
        return versions[(versions["valid_from"] <= on) & ~(versions["valid_until"] <= on)]

    after = day + pd.Timedelta(days=WINDOW)
    later = known(after)
    came_back = set(later.loc[(later["order_date"] > day) & (later["order_date"] <= after), "customer_id"])
    events = {
        table: connection.sql(f"from marts.{table} where customer_id is not null").df()
        for table in ("fct_interactions", "fct_tickets", "fct_survey_responses")
    }
    tickets = events["fct_tickets"][as_day(events["fct_tickets"]["received_on"]) <= day]
    rows = []
    for customer, bought in known(day).groupby("customer_id"):
        days = bought["order_date"].drop_duplicates().sort_values()
        recency = (day - days.iloc[-1]).days
        ago = (day - bought["order_date"]).dt.days
        current, previous = bought[ago < PERIOD], bought[(ago >= PERIOD) & (ago < 2 * PERIOD)]
        x, t_x, age = len(days) - 1, (days.iloc[-1] - days.iloc[0]).days / 7, (day - days.iloc[0]).days / 7
        row = {
            "customer_id": customer,
            "is_active": recency < WINDOW,
            "is_silent_after": customer not in came_back if after <= as_of else None,
            "p_alive": alive(CDNOW_PURCHASES, np.array([x]), np.array([t_x]), np.array([age]))[0] if x else np.nan,
            "cadence_ratio": recency / days.diff().dt.days.median() if len(days) >= 3 else np.nan,
            "recency_share": recency / WINDOW,
            "frequency_change_rate": len(current) / len(previous) - 1 if len(previous) else np.nan,
            "spend_change_rate": current["spend"].sum() / previous["spend"].sum() - 1
            if previous["spend"].sum() > 0
            else np.nan,
        }
        own = events["fct_interactions"]
        own = as_day(own.loc[own["customer_id"] == customer, "occurred_on"])
        own = own[own <= day]
        row["days_since_last_interaction"] = (day - own.max()).days if len(own) else np.nan
        asked = events["fct_survey_responses"]
        asked = asked[asked["customer_id"] == customer]
        age_days = (day - as_day(asked["responded_on"])).dt.days
        asked = asked[(age_days >= 0) & (age_days < 180)]
        scale = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
        points = [
            (score - scale[kind][0]) / (scale[kind][1] - scale[kind][0])
            for kind, score in zip(asked["survey_type"], asked["score"], strict=True)
        ]
        row["satisfaction_score"] = float(np.mean(points)) if points else np.nan
        mine = tickets[tickets["customer_id"] == customer]
        year_ago = day - pd.DateOffset(months=12)
        complaints = mine[(mine["ticket_type"] == "complaint") & (as_day(mine["received_on"]) > year_ago)]
        row["complaints_12m"] = len(complaints) if (tickets["ticket_type"] == "complaint").any() else np.nan
        is_open = mine["resolved_on"].isna() | (as_day(mine["resolved_on"]) > day)
        row["open_tickets"] = float(is_open.sum()) if len(tickets) else np.nan
        row["contract_days_left"] = np.nan
        rows.append(row)
    columns = ["customer_id", "is_active", "is_silent_after", *SIGNALS]
    return pd.DataFrame(rows, columns=columns).set_index("customer_id").sort_index()


def banded(points: pd.Series, is_active: pd.Series) -> pd.Series:
    """Band of a health score; red for who has churned."""
    bands = np.where(points.round(4) >= 70, "green", np.where(points.round(4) >= 40, "yellow", "red"))
    return pd.Series(np.where(is_active, bands, "red"), index=points.index)


def calibrated(raw: pd.Series) -> pd.Series:
    """Risk by the landed curve."""
    return 1 / (1 + np.exp(-(CURVE["intercept"] + CURVE["slope"] * raw)))


@pytest.mark.parametrize("seed", [9, 19, 33])
def test_risk_health_and_backtest_equal_a_second_computation(project: CompiledProject, seed: int) -> None:
    company = engaged_company(seed)
    fits = landed_fits(
        FitRow("P", data_until=date(2022, 1, 1)),
        FitRow("C", model="churn_calibration", data_until=date(2022, 1, 1), parameters=CURVE),
    )
    company = replace(company, raw=company.raw | fits)
    as_of = pd.Timestamp(company.as_of)
    with build(project, company, *TABLES) as connection:
        risk, health = (
            connection.sql(f"from marts.{table}").df().set_index("customer_id").sort_index()
            for table in ("customer_churn_risk", "customer_health")
        )
        history = connection.sql("from marts.customer_health_history").df()
        backtest = connection.sql("from marts.churn_flag_backtest").df().set_index("month_end").sort_index()
        days = {day: signals_of(connection, pd.Timestamp(day), as_of) for day in [as_of, *backtest.index]}
    today = days[as_of]
    assert len(today) > 3
    assert set(risk.index[risk["churn_risk"].isna()]) == set(risk.index) - set(today.index)
    found = risk.loc[today.index]
    for name in SIGNALS:
        np.testing.assert_allclose(found[name].astype(float), today[name].astype(float), atol=2e-6, err_msg=name)
    raw = weighted(RISK, scores(RISK, today))
    np.testing.assert_allclose(found["churn_risk"].astype(float), calibrated(raw), atol=2e-6)
    assert (found["is_churned"].astype(bool) == ~today["is_active"].astype(bool)).all()
    parts = scores(RISK, today) * RISK["weight"]
    for customer, row in parts.iterrows():
        drivers = [one for one in found.loc[customer, ["driver_1", "driver_2", "driver_3"]] if isinstance(one, str)]
        largest = row[row > 0].nlargest(3)
        assert len(set(drivers)) == len(largest)
        np.testing.assert_allclose(row[drivers].to_numpy(dtype=float), largest.to_numpy(dtype=float), atol=1e-5)

    points = {day: 100 * weighted(HEALTH, scores(HEALTH, signals)) for day, signals in days.items()}
    np.testing.assert_allclose(health.loc[today.index, "score"].astype(float), points[as_of], atol=2e-3)
    bands = {day: banded(points[day], signals["is_active"].astype(bool)) for day, signals in days.items()}
    assert (health.loc[today.index, "band"] == bands[as_of]).all()
    month_ends = [day for day in backtest.index if day < as_of]
    if month_ends:
        before = points[month_ends[-1]].reindex(today.index)
        np.testing.assert_allclose(health.loc[today.index, "previous_score"].astype(float), before, atol=2e-3)
    assert len(history) == sum(len(points[day]) for day in backtest.index)
    for day, rows in history.groupby("month_end"):
        expected = points[day].loc[rows["customer_id"]]
        np.testing.assert_allclose(rows["score"].astype(float), expected, atol=2e-3)
        assert rows["band"].tolist() == bands[day].loc[rows["customer_id"]].tolist()

    for day, row in backtest.iterrows():
        active = days[day][days[day]["is_active"].astype(bool)]
        flagged = calibrated(weighted(RISK, scores(RISK, active))) >= 0.5
        assert (row["customers"], row["flagged"]) == (len(active), flagged.sum())
        assert row["is_mature"] == (day + pd.Timedelta(days=WINDOW) <= as_of)
        if row["is_mature"]:
            silent = active["is_silent_after"].astype(bool)
            hits = (silent & flagged).sum()
            assert (row["churned"], row["true_positives"]) == (silent.sum(), hits)
            if flagged.any() and silent.any():
                assert row["lift"] == pytest.approx(hits / flagged.sum() / silent.mean())


@pytest.fixture(scope="module")
def scorer(project: CompiledProject) -> duckdb.DuckDBPyConnection:
    """A warehouse whose signals a test may write itself: the scores are views over them."""
    fits = landed_fits(
        FitRow("P", data_until=date(2022, 1, 1)),
        FitRow("C", model="churn_calibration", data_until=date(2022, 1, 1), parameters=CURVE),
    )
    return project.build(fits, as_of=date(2024, 3, 31), models=("int_churn_scores", "int_health_scores"))


def scored(connection: duckdb.DuckDBPyConnection, signals: pd.DataFrame) -> pd.DataFrame:
    """Risk and health of made-up signals, in their order."""
    rows = signals.assign(customer_id=[f"{n:06d}" for n in range(len(signals))], is_as_of=True, is_active=True)
    connection.execute("delete from intermediate.int_customer_signals")
    connection.register("made_up", rows)
    connection.execute("insert into intermediate.int_customer_signals by name select * from made_up")
    connection.unregister("made_up")
    return connection.sql(
        "select churn_risk, raw_score, score from intermediate.int_churn_scores "
        "inner join intermediate.int_health_scores using (customer_id) order by customer_id"
    ).df()


def made_up(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Signals of all kinds and beyond every border, a fifth of them missing."""
    drawn = {
        "p_alive": rng.random(count),
        "cadence_ratio": rng.exponential(2, count),
        "recency_share": rng.exponential(1, count),
        "frequency_change_rate": rng.uniform(-1, 2, count),
        "spend_change_rate": rng.uniform(-1, 2, count),
        "days_since_last_interaction": rng.integers(0, 400, count).astype(float),
        "satisfaction_score": rng.random(count),
        "complaints_12m": rng.integers(0, 6, count).astype(float),
        "open_tickets": rng.integers(0, 4, count).astype(float),
        "contract_days_left": rng.integers(-100, 400, count).astype(float),
    }
    drawn = pd.DataFrame(drawn)
    return drawn.where(rng.random(drawn.shape) > 0.2)


def test_a_worse_factor_alone_never_lowers_the_risk_nor_raises_health(scorer: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(3)
    before = made_up(rng, 500)
    worse = {name: -1.0 if name in ("p_alive", "satisfaction_score", "contract_days_left") or "rate" in name else 1.0
             for name in before}  # fmt: skip
    cases = [before]
    for name, sign in worse.items():
        step = (
            rng.exponential(before[name].std(), len(before)).round()
            if before[name].max() > 5
            else rng.random(len(before))
        )
        cases.append(before.assign(**{name: before[name] + sign * step}))
    found = scored(scorer, pd.concat(cases, ignore_index=True))
    tables = [found.iloc[n * len(before) : (n + 1) * len(before)].reset_index(drop=True) for n in range(len(cases))]
    for name, table in zip(worse, tables[1:], strict=True):
        assert (
            (table["churn_risk"] >= tables[0]["churn_risk"] - 1e-12).where(tables[0]["churn_risk"].notna(), True).all()
        )
        assert (table["score"] <= tables[0]["score"] + 1e-9).where(tables[0]["score"].notna(), True).all()
        moved = table["raw_score"] > tables[0]["raw_score"]
        assert moved.any() or name not in RISK.index, name


def test_a_score_is_the_customers_alone(scorer: duckdb.DuckDBPyConnection) -> None:
    company = made_up(np.random.default_rng(5), 60)
    together = scored(scorer, company)
    one = scored(scorer, company.iloc[[7]])
    pd.testing.assert_frame_equal(one.reset_index(drop=True), together.iloc[[7]].reset_index(drop=True))


def test_a_missing_factor_is_left_out_and_named(project: CompiledProject) -> None:
    orders = pd.DataFrame(
        {
            "order_id": ["O1"], "customer_id": ["C1"], "ordered_at": [pd.Timestamp("2024-03-01 10:00")],
            "amount": [100.0], "status": ["completed"], "_load_seq": 1, "_line_no": 1,
        }
    )  # fmt: skip
    customers = pd.DataFrame({"customer_id": ["C1", "C2"], "_load_seq": 1, "_line_no": [1, 2]})
    raw = {"orders": orders, "customers": customers}
    with project.build(raw, as_of=date(2024, 3, 31), models=TABLES) as connection:
        risk = connection.sql(
            "select churn_risk, risk_band, is_calibrated, driver_1, driver_2, reason, missing_factors, is_churned, "
            "missing_reason from marts.customer_churn_risk order by customer_id"
        ).fetchall()
        health = connection.sql(
            "select score, band, recency_share_weight, missing_factors, previous_score, reason, missing_reason "
            "from marts.customer_health order by customer_id"
        ).fetchall()
    known = round(30 / 180, 6)
    without = (
        "p_alive,cadence_ratio,frequency_change_rate,spend_change_rate,days_since_last_interaction,satisfaction_score"
    )
    reason = "M8: recency_share 0.3333 (0 at 0.0, 1 at 2.0, weight 3.0)"
    assert risk[0][1:] == (
        "low", False, "recency_share", None, reason, f"{without},complaints_12m,open_tickets", False, None,
    )  # fmt: skip
    assert risk[0][0] == known
    assert risk[1] == (None, None, None, None, None, None, None, None, "never_bought")
    assert health[0][:3] == (pytest.approx(100 * (1 - 30 / 90), abs=1e-3), "yellow", 1.0)
    assert health[0][4:] == (None, None, None)
    assert health[1][0] is None
    assert health[1][-1] == "never_bought"


@pytest.mark.parametrize(
    ("fits", "calibration"),
    [
        ((FitRow("C", model="churn_calibration", parameters=CURVE | {"uses_p_alive": 0.0}),), "C"),
        ((FitRow("C", model="churn_calibration", parameters=CURVE),), None),
        ((FitRow("C", model="churn_calibration", parameters=CURVE), FitRow("P")), "C"),
        ((FitRow("C", model="churn_calibration", parameters=CURVE | {"uses_p_alive": 0.0}), FitRow("P")), None),
        ((FitRow("C", model="churn_calibration", parameters=CURVE, status="failed"), FitRow("P")), None),
        ((FitRow("C", model="churn_calibration", parameters=CURVE, data_until=date(2024, 4, 1)), FitRow("P")), None),
    ],
)
def test_a_calibration_holds_for_scores_of_the_kind_it_was_made_on(
    project: CompiledProject, fits: tuple[FitRow, ...], calibration: str | None
) -> None:
    as_of = date(2024, 3, 31)
    with project.build(landed_fits(*fits), as_of=as_of, models=("int_value_models", "clv_model_runs")) as connection:
        [(found,)] = connection.sql("select churn_calibration_fit_id from intermediate.int_value_models").fetchall()
        in_force = connection.sql("select model_run_id from marts.clv_model_runs where is_in_force").fetchall()
    assert found == calibration
    assert (("C",) in in_force) == (calibration is not None)
