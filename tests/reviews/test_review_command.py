"""`retention review`: opened once, in force once approved, on record as loads, and refused when it comes too late."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from openpyxl import load_workbook
from tests.journeys.conftest import CUSTOMERS, ORDERS, Company

from retention.landing import committed_loads
from retention.reviews.opening import last_quarter, quarter_end
from retention.runs import Home

if TYPE_CHECKING:
    from pathlib import Path

SCHEME = "retention_abcd"


def ok(company: Company, *arguments: str) -> str:
    """What a command prints; it must not fail."""
    done = company.retention(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def refused(company: Company, *arguments: str) -> tuple[int, str]:
    """Exit code and error line of a command."""
    done = company.retention(*arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.strip()


def history(company: Company, day: str) -> dict[str, str]:
    """By customer the computed tier of the scheme on a day; tier_N counts schemes in the order of their names."""
    with duckdb.connect(str(company.home.published.resolve() / "warehouse.duckdb"), read_only=True) as connection:
        schemes = sorted({name for (name,) in connection.execute("select scheme from seeds.tier_rules").fetchall()})
        return dict(
            connection.execute(
                f"select customer_id, tier_{schemes.index(SCHEME) + 1} from intermediate.int_tier_history "
                f"where snapshot_on = date '{day}'"
            ).fetchall()
        )


def tiers(company: Company) -> dict[str, tuple[Any, ...]]:
    """By customer the published tier, the one in force and the state."""
    rows = company.ask(
        f"select customer_id, tier, tier_in_force, review_state from marts.customer_tiers where scheme = '{SCHEME}'"
    )
    return {str(row[0]): row[1:] for row in rows}


def statuses(company: Company, review: str) -> dict[str, tuple[Any, ...]]:
    """By customer of a review what it would change, and its status."""
    rows = company.ask(
        "select customer_id, tier_before, tier_after, direction, status, approver "
        f"from marts.tier_review_list where review_id = '{review}'"
    )
    return {str(row[0]): row[1:] for row in rows}


@pytest.fixture
def company(tmp_path: Path, small_project: Path) -> Company:
    made = Company(tmp_path / "landing", Home(tmp_path / "home"), small_project)
    for entity, query in (("customers", CUSTOMERS), ("orders", ORDERS)):
        (made.landing / entity).mkdir(parents=True)
        duckdb.sql(query).write_csv(str(made.landing / entity / f"{entity}.csv"))
    return made


@pytest.mark.slow
def test_a_tier_is_in_force_once_a_person_has_approved_it(company: Company) -> None:  # noqa: PLR0915  # one life
    assert refused(company, "review", "open") == (
        8, f"error: Nothing has been published in {company.home.path} yet. Run the pipeline first: retention run."
    )  # fmt: skip
    run = ("run", "--profile", "default_b2b", "--as-of")
    ok(company, *run, "2024-10-01")
    follows_at_once = tiers(company)
    assert {(in_force == tier, state) for tier, in_force, state in follows_at_once.values()} == {(True, "in_force")}
    before, after = history(company, "2024-06-30"), history(company, "2024-09-30")
    changes = {one: (before[one], after[one]) for one in after if one in before and before[one] != after[one]}
    assert len(changes) > 4

    told = json.loads(ok(company, "review", "open", "--json").splitlines()[-1])
    assert (told["review"]["review_id"], told["review"]["changes"], told["is_new"]) == ("2024Q3", len(changes), True)
    assert told["review"]["customers"] == len(after)
    spend = dict(company.ask("select customer_id, monetary_12m from marts.customer_rfm"))
    assert float(told["review"]["value_at_stake"]) == float(sum(spend[one] for one in changes))
    assert "| From | To |" in told["markdown"]
    loads = len(committed_loads(company.home))
    assert "Review 2024Q3 of retention_abcd was opened at" in ok(company, "review", "open")
    assert len(committed_loads(company.home)) == loads
    assert tiers(company) == follows_at_once, "a release that stands does not change"

    ok(company, *run, "2024-10-01")
    for customer, (tier, in_force, state) in tiers(company).items():
        expected = changes[customer][0] if customer in changes else after.get(customer, tier)
        assert in_force == expected
        assert state == ("waiting" if customer in changes or in_force != tier else "in_force")
    listed = statuses(company, "2024Q3")
    assert {one: row[:2] for one, row in listed.items()} == changes
    assert {row[3:] for row in listed.values()} == {("waiting", None)}
    order = ["A", "B", "C", "D", "unscored"]
    assert {one: row[2] for one, row in listed.items()} == {
        one: "up" if order.index(new) < order.index(old) else "down" for one, (old, new) in changes.items()
    }

    kept, *others = sorted(changes)
    assert "1 rejected by eve" in ok(company, "review", "reject", "2024Q3", "--customer", kept, "--approver", "eve")
    approved = ok(company, "review", "approve", "2024Q3", "--approver", "Li Na", "--note", "as discussed")
    assert f"Recorded: {len(others)} approved by Li Na" in approved
    loads = [(one["source"], one["entity"], one["rows_loaded"]) for one in committed_loads(company.home)[-3:]]
    entered = sorted({changes[one][1] for one in others})
    assert loads == [
        ("reviews", "tier_decisions", 1),
        ("reviews", "tier_decisions", 1),
        ("reviews", "strategy_changes", len(entered)),
    ]
    for again in (("approve", "2024Q3"), ("reject", "2024Q3", "--customer", kept)):
        assert "Nothing was recorded." in ok(company, "review", *again, "--approver", "bob")
    assert len(committed_loads(company.home)) == len(loads) + 3
    for arguments, code, text in (
        (("approve", "2024Q3", "--customer", kept, "--approver", "bob"), 2, f"'{kept}' was rejected by eve at"),
        (("reject", "2024Q3", "--customer", others[0], "--approver", "bob"), 2, "was approved by Li Na at"),
        (("approve", "2024Q3", "--customer", "nobody", "--approver", "bob"), 8, "'nobody' is not among the"),
        (("approve", "2023Q1", "--approver", "bob"), 8, "There is no review '2023Q1'. Choose one of: 2024Q3."),
        (("approve", "2024Q3", "--approver", " "), 2, "Nobody is named as the approver."),
        (("show", "2024Q3", "--scheme", "value_sabc"), 8, "There is no review '2024Q3' of scheme value_sabc."),
        (("open", "--quarter", "2024-3"), 2, "--quarter 2024-3 is no quarter. Write it as YYYYQn"),
        (("open", "--quarter", "2024Q2"), 2, "2024Q3 has been reviewed already, so 2024Q2 cannot be opened"),
        (("open", "--quarter", "2024Q4"), 8, "describes 2024-10-01; 2024Q4 ends on 2024-12-31."),
    ):
        found = refused(company, "review", *arguments)
        assert (found[0], text in found[1]) == (code, True), found

    book = company.landing.parent / "lists" / "review.xlsx"
    book.parent.mkdir()
    ok(company, "review", "export", "2024Q3", "--out", str(book), "--language", "zh")
    (header, *rows) = load_workbook(book).active.values
    assert header[:5] == ("评审", "客户编号", "客户负责人", "现行等级", "新等级")
    assert {row[1] for row in rows} == set(changes)
    assert {row[7] for row in rows} == {"已批准", "已驳回"}

    ok(company, *run, "2024-10-01")
    for customer, (tier, in_force, state) in tiers(company).items():
        expected = changes[kept][0] if customer == kept else after.get(customer, tier)
        assert in_force == expected
        if in_force == tier:
            assert state == "in_force"
    assert tiers(company)[kept][2] == "rejected"
    listed = statuses(company, "2024Q3")
    assert {one: row[3:] for one, row in listed.items()} == dict.fromkeys(others, ("approved", "Li Na")) | {
        kept: ("rejected", "eve")
    }
    with duckdb.connect(str(company.home.published.resolve() / "warehouse.duckdb"), read_only=True) as connection:
        recorded = connection.execute(
            "select change_id, tier, changed_on, approver, description from raw.strategy_changes order by tier"
        ).fetchall()
    assert [row[1] for row in recorded] == entered
    for change_id, tier, changed_on, approver, description in recorded:
        assert (change_id, str(changed_on), approver) == (f"2024Q3/{SCHEME}/{tier}", "2024-09-30", "Li Na")
        number = sum(changes[one][1] == tier for one in others)
        assert description.startswith(f"Tier review 2024Q3: {number} customers enter (")

    # The next review begins from what is in force, and closes this one.
    in_force_then = {one: row[1] for one, row in tiers(company).items()}
    ok(company, *run, "2024-12-31")
    ok(company, "review", "open")
    now = history(company, "2024-12-31")
    ok(company, *run, "2024-12-31")
    listed = statuses(company, "2024Q4")
    known = {one: tier for one, tier in in_force_then.items() if one in after}
    assert {one: row[:2] for one, row in listed.items()} == {
        one: (known[one], now[one]) for one in now if one in known and known[one] != now[one]
    }
    code, line = refused(company, "review", "reject", "2024Q3", "--approver", "eve")
    assert (code, "Nothing more is decided in review 2024Q3: the next one was opened at" in line) == (2, True)


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        ("2024-09-30", "2024Q3"),
        ("2024-10-01", "2024Q3"),
        ("2024-09-29", "2024Q2"),
        ("2024-12-31", "2024Q4"),
        ("2024-01-01", "2023Q4"),
        ("2024-03-30", "2023Q4"),
    ],
)
def test_the_last_quarter_is_over_at_the_close_of_its_last_day(day: str, quarter: str) -> None:
    assert last_quarter(date.fromisoformat(day)) == quarter


def test_quarters_end_on_the_last_day_of_their_third_month() -> None:
    ends = [quarter_end(f"2024Q{number}") for number in range(1, 5)]
    assert [str(day) for day in ends] == ["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"]
