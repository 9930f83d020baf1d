"""Fits of a release: read as the day knew it, landed once, tested on held-out days, and scored by SQL as by Python."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.random_companies import random_company
from tests.models.test_customer_rfm import with_parameters
from typer.testing import CliRunner

from retention.cli import app
from retention.errors import CheckFailedError, NotThereError
from retention.landing import committed_loads, load_contracts, raw_relation_sql
from retention.runs import Home
from retention.sources.samples import write_sample
from retention.value import bg_nbd, fit_release, gamma_gamma
from retention.value.backtest import Group, backtest, silence
from retention.value.reading import HeldOut, held_out, purchase_statistics, read_asked, spend_statistics
from retention.value.statistics import PurchaseStatistics
from retention.value.store import BACKTESTS, FITS, NODES, PARAMETERS, FitStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from tests.models.compiled_project import CompiledProject

ENTITIES = (FITS, PARAMETERS, NODES, BACKTESTS)
END = date(1997, 9, 30)


@dataclass
class Shop:
    """CDNOW's sample of 2,357 customers as it stands in a release, with a home for fits.

    Args:
        changes: profile parameters that differ from those of profile `all`.
    """

    project: CompiledProject
    orders: pd.DataFrame
    store: FitStore
    changes: dict[str, str]
    monkeypatch: pytest.MonkeyPatch

    def released(self, as_of: date, *models: str) -> duckdb.DuckDBPyConnection:
        """The release of a day, built with all fits that have been landed."""
        raw = {"orders": self.orders} | {entity: self._landed(entity) for entity in ENTITIES}
        return self.project.build(raw, as_of=as_of, profile="cdnow", models=models, seeds=with_parameters(self.changes))

    def fit(self, as_of: date, force: bool = False) -> list[fit_release.Outcome]:
        """Fit the release of a day."""
        self.publish(as_of)
        return fit_release.fit_release(self.store, force=force)

    def publish(self, as_of: date) -> None:
        """Let fits read the release of a day."""

        @contextmanager
        def opened(_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
            with self.released(as_of, "int_order_versions", "int_profile", "int_contract_counts") as connection:
                yield connection

        self.monkeypatch.setattr(fit_release, "opened_release", opened)

    def command(self, *arguments: str) -> Result:
        """Call `retention value`."""
        runner = CliRunner(env={"COLUMNS": "400"})
        return runner.invoke(app, ["value", *arguments, "--home", str(self.store.home.path)])

    def _landed(self, entity: str) -> pd.DataFrame:
        raw = raw_relation_sql(self.store.home, self.store.contracts[entity])
        with duckdb.connect() as connection:
            return connection.sql(f"select * from ({raw})").df()


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    report = write_sample("cdnow_sample", tmp_path_factory.mktemp("landing"), lambda _: None)
    rows = pd.read_csv(report.files["orders"], dtype={"customer_id": str}, parse_dates=["ordered_at"])
    return rows.assign(_load_seq=1, _line_no=range(1, len(rows) + 1))


@pytest.fixture
def shop(project: CompiledProject, orders: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    store = FitStore(Home(tmp_path), load_contracts(PROJECT_DIR.parent), "Asia/Shanghai")
    return Shop(project, orders, store, {"value_comparison_model": "none"}, monkeypatch)


def scored(shop: Shop, as_of: date) -> tuple[pd.DataFrame, dict[str, Any]]:
    """By customer what SQL says, beside the histories that it rests on; and the models."""
    with shop.released(as_of, "customer_value", "clv_model_runs") as connection:
        rows = connection.sql(
            "select scores.*, repeat_purchase_days as x, span_days / 7 as t_x, age_days / 7 as age, repeat_day_spend "
            "from intermediate.int_value_scores as scores "
            "inner join intermediate.int_value_statistics as known on scores.customer_id = known.customer_id"
        ).df()
        runs = {
            model: {"parameters": json.loads(parameters), "log_likelihood": likelihood, "customers": customers}
            for model, parameters, likelihood, customers in connection.sql(
                "select model, parameters, log_likelihood, n_customers from marts.clv_model_runs where is_in_force"
            ).fetchall()
        }
    return rows, runs


def test_cdnow_gives_the_published_parameters_and_sql_scores_as_python_does(shop: Shop) -> None:
    """Parameters: Fader, Hardie, Lee (2005), table 2; Fader, Hardie (2013) for spend."""
    assert [one.status for one in shop.fit(END)] == ["converged", "converged"]
    rows, runs = scored(shop, END)
    purchases, spend = runs["bg_nbd"], runs["gamma_gamma"]
    assert purchases["parameters"] == pytest.approx({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, rel=2e-3)
    assert purchases["log_likelihood"] == pytest.approx(-9582.43, abs=0.01)
    assert spend["parameters"] == pytest.approx({"p": 6.25, "q": 3.74, "v": 15.44}, rel=2e-3)
    assert (purchases["customers"], spend["customers"], len(rows)) == (2357, 946, 2357)

    history = tuple(rows[name].to_numpy(dtype=float) for name in ("x", "t_x", "age"))
    alive = bg_nbd.probability_alive(purchases["parameters"], *history)
    np.testing.assert_allclose(rows["p_alive"], alive, rtol=1e-9)
    for days in (30, 90, 365):
        expected = bg_nbd.expected_purchases(purchases["parameters"], days / 7, *history)
        np.testing.assert_allclose(rows[f"expected_purchases_{days}d"], expected, rtol=1e-9)
    own = rows["repeat_day_spend"].fillna(0).to_numpy(dtype=float)
    expected = gamma_gamma.expected_spend(spend["parameters"], history[0], own)
    np.testing.assert_allclose(rows["expected_spend"], expected, rtol=1e-9)


def test_fitting_again_on_the_same_data_writes_nothing_unless_forced(shop: Shop) -> None:
    first = shop.fit(END)
    loads = len(committed_loads(shop.store.home))
    assert [load["entity"] for load in committed_loads(shop.store.home)][-1] == FITS, "a fit counts once it is whole"
    again = shop.fit(END)
    assert [one.fit_id for one in again] == [one.fit_id for one in first]
    assert not any(one.is_new for one in again)
    assert len(committed_loads(shop.store.home)) == loads
    forced = shop.fit(END, force=True)
    assert [one.fit_id for one in forced] == [f"{one.fit_id}.2" for one in first]
    shop.changes = shop.changes | {"value_holdout_days": "60"}
    assert all(one.is_new for one in shop.fit(END)), "another question"


def test_a_fit_that_fails_is_on_record_and_the_last_good_one_stays_in_force(shop: Shop) -> None:
    [good, _] = shop.fit(END - timedelta(days=30))
    failing = replace(bg_nbd.fit(PurchaseStatistics.of_customers([1, 2, 0, 3, 1, 2], [1, 2, 0, 3, 1, 1], [9] * 6)),
                      converged=False, problems=("parameter_at_bound",))  # fmt: skip
    shop.monkeypatch.setitem(fit_release.FIT_PURCHASES, "bg_nbd", lambda _: failing)
    [failed, _] = shop.fit(END)
    assert failed.status == "failed"
    assert failed.row["reason"] == "Not to be trusted: parameter at bound."
    with shop.released(END, "customer_value", "clv_model_runs") as connection:
        runs = connection.sql(
            "select model_run_id, status, is_in_force from marts.clv_model_runs where model = 'bg_nbd'"
        )
        assert sorted(runs.fetchall()) == sorted([(good.fit_id, "converged", True), (failed.fit_id, "failed", False)])
        used = connection.sql("select distinct model_run_id, missing_reason from marts.customer_value").fetchall()
    assert used == [(good.fit_id, None)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"value_min_buyers": "2358"}, "2,357 customers with a purchase, fewer than 2,358 (value_min_buyers)"),
        ({"value_min_repeaters": "947"}, "946 customers with two purchase days, fewer than 947 (value_min_repeaters)"),
        (
            {"value_min_history_days": "273"},
            "272 days since the first purchase, fewer than 273 (value_min_history_days)",
        ),
    ],
)
def test_too_few_data_are_refused_and_predictions_are_null_with_the_reason(
    shop: Shop, changes: dict[str, str], told: str
) -> None:
    shop.changes = shop.changes | changes
    fits = shop.fit(END)
    assert {(one.status, one.row["reason"]) for one in fits} == {("refused", f"Too few data: {told}.")}
    shown = shop.command("show", fits[0].fit_id).output
    assert told in shown
    assert "2,357 customers\n" in shown
    assert "log-likelihood" not in shown  # nor None in its place
    with shop.released(END, "customer_value") as connection:
        found = connection.sql(
            "select count(p_alive), count(clv_12m), count(revenue_lifetime), any_value(missing_reason), "
            "count(distinct missing_reason) from marts.customer_value"
        ).fetchall()
    assert found == [(0, 0, 2357, "too_few_data", 1)]


def test_without_enough_data_before_the_held_out_days_there_is_a_fit_and_no_backtest(shop: Shop) -> None:
    shop.changes = shop.changes | {"value_min_history_days": "200"}
    fit, _ = shop.fit(END)
    assert (fit.status, fit.row["holdout_mae"], list(fit.groups)) == ("converged", None, [])


def test_the_backtest_equals_the_same_computed_customer_by_customer(shop: Shop) -> None:
    """Against pandas, from the orders themselves."""
    with shop.released(END, "int_order_versions", "int_profile") as connection:
        asked = read_asked(connection)
        held = held_out(connection, asked)
    cut, days = pd.Timestamp(asked.calibrated_until), asked.holdout_days
    bought = shop.orders.assign(day=shop.orders["ordered_at"].dt.normalize())[["customer_id", "day"]].drop_duplicates()
    bought = bought[bought["day"] <= pd.Timestamp(END)]
    known = bought[bought["day"] <= cut].groupby("customer_id")["day"].agg(["min", "max", "count"])
    known["actual"] = bought[bought["day"] > cut].groupby("customer_id").size().reindex(known.index, fill_value=0)
    recent = bought[(bought["day"] <= cut) & (bought["day"] > cut - pd.Timedelta(days=days))]
    known["recent"] = recent.groupby("customer_id").size().reindex(known.index, fill_value=0)
    x = (known["count"] - 1).to_numpy(dtype=float)
    t_x = (known["max"] - known["min"]).dt.days.to_numpy() / 7
    age = (cut - known["min"]).dt.days.to_numpy() / 7
    is_active = (cut - known["max"]).dt.days.to_numpy() < asked.active_window_days

    parameters = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    groups = {(one.method, one.group_name, one.group_number): one for one in backtest("bg_nbd", parameters, held, days)
              if one.measure == "purchases"}  # fmt: skip
    foretold = {
        "model": bg_nbd.expected_purchases(parameters, days / 7, x, t_x, age),
        "last_period": known["recent"].to_numpy(dtype=float),
        "recency_rule": np.where(is_active, x / np.maximum(age, days / 7) * days / 7, 0),
    }
    actual = known["actual"].to_numpy(dtype=float)
    for method, figures in foretold.items():
        for name, number, of_these in (
            ("all", 0, x >= 0), ("repeat_purchases", 2, x == 2), ("repeat_purchases", 7, x >= 7),
        ):  # fmt: skip
            one = groups[method, name, number]
            error = (figures - actual)[of_these]
            assert one.customers == of_these.sum()
            assert one.actual == pytest.approx(actual[of_these].mean())
            assert one.predicted == pytest.approx(figures[of_these].mean())
            assert one.mean_absolute_error == pytest.approx(np.abs(error).mean())
            assert one.root_mean_square_error == pytest.approx(np.sqrt((error**2).mean()))


def silent_groups(held: HeldOut) -> list[Group]:
    return [one for one in backtest("bg_nbd", {"r": 0.5, "alpha": 5, "a": 0.8, "b": 2.5}, held, 91)
            if one.measure == "silence"]  # fmt: skip


def test_customers_alike_share_a_risk_decile_and_the_riskiest_come_first() -> None:
    statistics = PurchaseStatistics(
        np.array([0.0, 0, 1, 5, 5]),
        np.array([0.0, 0, 2, 30, 30]),
        np.array([30.0, 30, 30, 31, 31]),
        np.array([6.0, 5, 4, 3, 2]),
    )
    held = HeldOut(statistics, np.zeros(5), np.ones(5, dtype=bool), np.array([0.0, 1, 0, 1, 0]))
    everyone, *deciles = silent_groups(held)
    assert (everyone.customers, everyone.actual) == (20, pytest.approx(12 / 20))
    assert [(one.group_number, one.customers) for one in deciles] == [(1, 4), (3, 11), (8, 5)]
    assert [one.actual for one in deciles] == pytest.approx([1, 6 / 11, 2 / 5])
    assert sorted((one.predicted for one in deciles), reverse=True) == [one.predicted for one in deciles]


def test_the_chance_of_silence_is_what_a_simulated_customer_shows() -> None:
    """Customers drawn by the model's own story, those with one history followed on."""
    rng = np.random.default_rng(7)
    parameters = {"r": 2.0, "alpha": 10.0, "a": 1.0, "b": 3.0}
    size, age, weeks = 400_000, 20.0, 8.0
    rate = rng.gamma(parameters["r"], 1 / parameters["alpha"], size)
    stops = rng.beta(parameters["a"], parameters["b"], size)
    first = rng.exponential(1 / rate)
    is_gone = rng.random(size) < stops
    second = first + rng.exponential(1 / rate)
    in_second = ~is_gone & (second <= age + weeks)
    once = (first > 11) & (first < 13) & (is_gone | (second > age))
    buys = in_second[once] & (second[once] > age)
    expected = silence(parameters, weeks, np.ones(once.sum()), first[once], np.full(once.sum(), age))
    assert once.sum() > 5_000
    assert 1 - buys.mean() == pytest.approx(expected.mean(), abs=0.015)


def test_a_day_is_read_as_it_was_known_then(project: CompiledProject) -> None:
    """Purchase days of a past day are those of a release of that day, returns included."""
    company = random_company(29)
    # One version of each order: a correction that says when it was written is not known before.
    once = company.raw["orders"].drop_duplicates("order_id").drop(columns="updated_at")
    raw = company.raw | {"orders": once}
    cut = company.as_of - timedelta(days=90)
    read = []
    for as_of in (company.as_of, cut):
        with project.build(
            raw, as_of=as_of, profile="cdnow", models=("int_order_versions", "int_profile")
        ) as connection:
            read.append((purchase_statistics(connection, cut), spend_statistics(connection, cut)))
    (late, late_spend), (then, then_spend) = read
    for name in ("frequency", "recency", "age", "weight"):
        assert getattr(late, name).tolist() == getattr(then, name).tolist(), name
    assert late_spend.mean_spend.tolist() == then_spend.mean_spend.tolist()
    assert then.repeaters > 3


def test_a_fit_that_there_is_none_of_is_told(shop: Shop) -> None:
    with pytest.raises(NotThereError, match=r"There is no fit 'x'\. Fit first: retention value fit"):
        shop.store.fit("x")
    shop.fit(END)
    known = shop.store.fits()[0]["fit_id"]
    assert {row["parameter"] for row in shop.store.fit(known)["parameters"]} <= {"r", "alpha", "a", "b", "p", "q", "v"}
    with pytest.raises(NotThereError, match=f"Choose one of: .*{known}"):
        shop.store.fit("x")


def test_the_command_says_what_it_did_and_shows_a_fit(shop: Shop) -> None:
    shop.publish(END)
    done = shop.command("fit")
    assert done.exit_code == 0, done.output
    assert "bg_nbd-19970930-" in done.output
    assert "converged: r 0.2426, alpha 4.414" in done.output
    assert "on the last 91 days off by 0.393 purchase days a customer (better naive rule 0.419)" in done.output
    assert "Tables rest on them from the next run on" in done.output
    again = json.loads(shop.command("fit", "--json").output)
    assert [one["is_new"] for one in again] == [False, False]
    listed = json.loads(shop.command("list", "--json").output)
    assert {one["model"]: one["in_force"] for one in listed} == {"bg_nbd": True, "gamma_gamma": True}
    shown = json.loads(shop.command("show", "--json").output)
    assert {row["parameter"]: row["standard_error"] for row in shown["parameters"]}["r"] == pytest.approx(
        0.0126, abs=1e-4
    )
    assert {row["method"] for row in shown["backtest"]} == {"model", "last_period", "recency_rule"}
    assert "946" in shop.command("list").output


def test_the_command_fails_where_a_fit_did_and_names_what_stays(shop: Shop) -> None:
    [good, _] = shop.fit(END - timedelta(days=30))
    failing = replace(bg_nbd.fit(PurchaseStatistics.of_customers([1, 2], [1, 2], [9, 9])), problems=("not_converged",))
    shop.monkeypatch.setitem(fit_release.FIT_PURCHASES, "bg_nbd", lambda _: failing)
    shop.publish(END)
    done = shop.command("fit")
    assert isinstance(done.exception, CheckFailedError)
    assert "1 of 2 fits failed (bg_nbd-19970930-" in done.exception.problem
    assert f"{good.fit_id} of data until 1997-08-31 stays in force" in done.exception.problem


def test_a_fit_with_an_undetermined_parameter_is_used_and_says_so(shop: Shop) -> None:
    sound = bg_nbd.fit
    shop.monkeypatch.setitem(
        fit_release.FIT_PURCHASES, "bg_nbd", lambda found: replace(sound(found), problems=("parameter_undetermined",))
    )
    [minded, _] = shop.fit(END)
    assert (minded.status, minded.row["holdout_mae"]) == ("converged", pytest.approx(0.393, abs=1e-3))
    assert minded.row["reason"] == "Mind: not every parameter is determined; judge it by its backtest."


def test_a_mean_spend_is_the_same_in_whatever_order_orders_are_read() -> None:
    """Eighths of a cent lie in the middle of what means are rounded to: sums of doubles would fall on either side."""
    cents = np.random.default_rng(3).integers(1, 90_000, size=(300, 9))
    orders = pd.DataFrame({"who": np.repeat(range(300), 9), "day": np.tile(range(9), 300), "cents": cents.ravel()})
    read = []
    for frame in (orders, orders.sample(frac=1, random_state=1)):
        with duckdb.connect() as connection:
            connection.register("orders", frame)
            connection.execute("create schema intermediate")
            connection.execute(
                """
                create table intermediate.int_order_versions as
                select
                    who as customer_id, date '1997-01-01' + day::integer as order_date,
                    (cents::decimal(18, 2) / 100)::decimal(18, 2) as net_amount, true as is_purchase,
                    date '1996-01-01' as valid_from, null::date as valid_until
                from orders
                """
            )
            found = spend_statistics(connection, END)
        read.append(list(zip(found.mean_spend.tolist(), found.weight.tolist(), strict=True)))
    assert read[0] == read[1]
