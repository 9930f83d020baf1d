"""The files satisfy every contract, hold what makes real deliveries hard, and are the same for the same seed."""

import json
from datetime import date
from math import sqrt
from pathlib import Path

import pytest
from tests.simulation.simulated import Simulated, files, simulate

from retention.errors import SettingsError
from retention.landing import land, load_contracts
from retention.runs import Home
from retention.settings import PROJECT_DIR
from retention.simulation import Company, Flaws, write_company

SMALL = Company(300, 5, seed=2, daily=2, end=date(2025, 3, 31))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(SMALL, tmp_path_factory.mktemp("small"))


@pytest.mark.parametrize("threads", [1, 2])
def test_one_seed_makes_the_same_bytes_whatever_the_threads(small: Simulated, tmp_path: Path, threads: int) -> None:
    again = simulate(SMALL, tmp_path, threads)
    assert files(again.landing) == files(small.landing)
    assert files(again.truth) == files(small.truth)


def test_another_seed_makes_another_company(small: Simulated, tmp_path: Path) -> None:
    other = simulate(Company(300, 5, seed=3, daily=2, end=date(2025, 3, 31)), tmp_path)
    assert not set(files(other.landing / "orders").values()) & set(files(small.landing / "orders").values())


def test_days_apart_bring_the_same_rows_as_whole_months(small: Simulated, tmp_path: Path) -> None:
    monthly = simulate(Company(300, 5, seed=2, end=date(2025, 3, 31)), tmp_path)
    for entity in ("orders", "order_items", "customers", "tickets", "touches"):
        assert small.ask(f"select * from {entity} order by all") == monthly.ask(f"select * from {entity} order by all")


def test_every_entity_lands_without_refusal_and_only_planted_rows_are_quarantined(
    company: Simulated, tmp_path: Path
) -> None:
    contracts = load_contracts(PROJECT_DIR)
    report = land(Home(tmp_path), company.landing, contracts, timezone="Asia/Shanghai", progress=lambda _: None)
    # Decisions are made by people and fits by the pipeline, not delivered.
    made_here = ["alert_decisions", "identity_decisions", "label_reviews", "tier_decisions", "tier_reviews"]
    made_here += ["value_backtests", "value_fit_nodes", "value_fit_parameters", "value_fits"]
    assert report.absent == made_here
    assert {load["entity"] for load in report.loads} == set(contracts) - set(made_here)
    assert all(load["columns_ignored"] == [] for load in report.loads)
    quarantined = dict.fromkeys(contracts, 0)
    repeated = dict(quarantined)
    for load in report.loads:
        quarantined[load["entity"]] += load["rows_quarantined"]
        repeated[load["entity"]] += load["rows_duplicate"]
    planted = {
        "orders": company.one("select count(*) from orders where order_id like 'BAD-%'")[0],
        "interactions": company.one("select count(*) from interactions where interaction_id like 'BAD-%'")[0],
    }
    assert {entity: count for entity, count in quarantined.items() if count} == planted
    (delivered_twice,) = company.one("select count(*) - count(distinct orders) from orders where order_id like 'O%'")
    assert {entity: count for entity, count in repeated.items() if count} == {"orders": delivered_twice}


def test_every_row_points_to_rows_that_exist(company: Simulated) -> None:
    for contract in load_contracts(PROJECT_DIR).values():
        for column in contract.columns:
            if column.references:
                entity, key = column.references
                (orphans,) = company.one(
                    f"select count(*) from {contract.entity} as child where child.{column.name} is not null "
                    f"and child.{column.name} not in (select {key} from {entity})"
                )
                assert orphans == 0, f"{contract.entity}.{column.name}"


def test_no_row_is_delivered_before_it_happens_or_before_what_it_points_to(company: Simulated) -> None:
    for entity, column, parent, key in [
        ("orders", "ordered_at", "customers", "customer_id"),
        ("tickets", "updated_at", "customers", "customer_id"),
        ("returns", "returned_at", "orders", "order_id"),
        ("customers", "updated_at", "customers", "customer_id"),
    ]:
        early, orphaned = company.one(f"""
            with delivered as (
                select {column} as happened_at, {key} as key, {DELIVERED} as arrived from
                read_parquet('{company.landing}/{entity}/*.parquet', filename = true)
            ),
            known as (
                select {key} as key, min({DELIVERED}) as since
                from read_parquet('{company.landing}/{parent}/*.parquet', filename = true) group by all
            )
            select count(*) filter (happened_at::date > arrived), count(*) filter (arrived < since)
            from delivered left join known using (key)
            """)
        assert (early, orphaned) == (0, 0), entity


DELIVERED = """coalesce(try_cast(regexp_extract(filename, 'synthetic_(.*)\\.parquet', 1) as date),
    last_day(try_cast(regexp_extract(filename, 'synthetic_(.*)\\.parquet', 1) || '-01' as date)))"""


def test_lines_add_up_to_their_order_and_every_file_says_synthetic(company: Simulated) -> None:
    orders, wrong = company.one("""
        with newest as (
            select distinct on (order_id, line_no) order_id, line_no, line_amount
            from order_items order by order_id, line_no, line_amount
        ),
        summed as (select order_id, sum(line_amount) as lines from newest group by all),
        lowest as (select order_id, min(amount) as amount from orders where status = 'completed' group by all)
        select count(*), count(*) filter (abs(lines - amount) > 0.05 * amount) from lowest join summed using
            (order_id)""")
    assert orders > 1_000
    assert wrong == 0
    assert all(path.name.startswith("synthetic_") for path in company.landing.glob("*/*"))
    assert "No such company exists" in (company.landing / "README.md").read_text(encoding="utf-8")
    assert json.loads((company.truth / "company.json").read_text(encoding="utf-8"))["is_synthetic"] is True


def test_holes_late_records_and_corrections_come_at_about_their_shares(retail: Simulated) -> None:
    flaws = retail.company.flaws
    late, unrecorded, recorded = retail.one("""
        select count(*) filter (recorded_at > occurred_at + interval 24 hour), count(*) filter (recorded_at is null),
            count(*)
        from interactions where interaction_id like 'X%'""")
    assert late / recorded == pytest.approx(flaws.late_records, rel=0.15)
    assert unrecorded / recorded == pytest.approx(flaws.unrecorded, rel=0.25)
    corrected, orders = retail.one("""
        select count(*) filter (n > 1), count(*) from (
            select count(distinct updated_at) as n from orders where order_id like 'O%' group by order_id)""")
    assert corrected / orders == pytest.approx(flaws.corrected, rel=0.25)
    missing, profiles = retail.one("""
        select avg((phone is null)::int), count(*) from customers
        where customer_id not in (select customer_id from truth.duplicates)""")
    assert missing == pytest.approx(flaws.holes, abs=4 * sqrt(flaws.holes / profiles))


def test_the_same_company_may_be_written_again_and_no_other_over_it(tmp_path: Path) -> None:
    first = simulate(Company(50, 2), tmp_path)
    before = files(first.landing)
    assert files(simulate(Company(50, 2), tmp_path).landing) == before
    with pytest.raises(SettingsError, match="another company"):
        simulate(Company(51, 2), tmp_path)
    assert files(first.landing) == before


def test_real_files_are_never_written_beside(tmp_path: Path) -> None:
    (tmp_path / "landing" / "orders").mkdir(parents=True)
    (tmp_path / "landing" / "orders" / "2025-01.csv").write_text("order_id\n1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="another company"):
        simulate(Company(50, 2), tmp_path)


def test_the_truth_may_not_lie_where_landing_would_read_it(tmp_path: Path) -> None:

    with pytest.raises(SettingsError, match="truth may not lie"):
        write_company(
            Company(50, 2), tmp_path, truth=tmp_path / "truth", threads=1, memory_limit="1GB", progress=lambda _: None
        )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"customers": 0}, "--customers 0"),
        ({"months": 0}, "--months 0"),
        ({"seed": -1}, "--seed -1"),
        ({"flavour": "wholesale"}, "retail, b2b"),
        ({"daily": 9_999}, "--days 9999"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_its_bounds(wrong: dict[str, int], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Company(**{"customers": 10, "months": 3} | wrong)
    assert told in str(refused.value)


@pytest.mark.parametrize("text", ["duplicates", "duplicates=much", "duplicates=0.9", "typos=0.1"])
def test_a_flaw_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--flaw"):
        Flaws.parse([text])


def test_flaws_are_read_by_name() -> None:
    assert Flaws.parse(["duplicates=0.1", "late=0"]) == Flaws(duplicates=0.1, late=0)
