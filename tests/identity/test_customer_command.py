"""`retention customer`: decisions are loads; they change the next release, no earlier one, and can be taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.journeys.conftest import Company

from retention.landing import committed_loads
from retention.runs import Home

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = """customer_id,customer_type,name,phone,email,registered_at
C1,person,Ann,137 1234 5601,,2023-01-01
C2,person,Ann,+8613712345601,ann@example.com,2023-02-01
C3,person,,,ANN@example.com,2023-03-01
C4,person,Bob,13712345604,,2023-04-01
"""


@pytest.fixture
def company(tmp_path: Path, small_project: Path) -> Company:
    """Three profiles of Ann, one of Bob, and a guest whom only orders know; nothing has been run yet."""
    made = Company(tmp_path / "landing", Home(tmp_path / "home"), small_project)
    for entity, text in {
        "customers": CUSTOMERS,
        "orders": "order_id,customer_id,ordered_at,amount\n"
        + "".join(f"O{n},{c},2024-0{n % 3 + 1}-10,10\n" for n, c in enumerate(["C1", "C2", "C3", "C4", "GUEST"] * 4)),
    }.items():
        path = made.landing / entity / "a.csv"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return made


def ok(company: Company, *arguments: str) -> str:
    """What a command prints; it must not fail."""
    done = company.retention(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def merged(company: Company) -> dict[str, str]:
    """By merged profile its customer, as published."""
    with duckdb.connect(str(company.home.published.resolve() / "retention.duckdb"), read_only=True) as connection:
        orders = connection.execute("select distinct customer_id from marts.fct_orders order by 1").fetchall()
        rows = connection.execute("select customer_id, golden_customer_id from marts.customer_merges").fetchall()
    golden = dict(rows)
    assert [name for (name,) in orders] == sorted(
        {golden.get(name, name) for name in ("C1", "C2", "C3", "C4", "GUEST")}
    )
    return golden


@pytest.mark.slow
def test_decisions_beat_keys_survive_rebuilds_and_can_be_taken_back(company: Company) -> None:
    ok(company, "run")
    assert merged(company) == dict.fromkeys(["C1", "C2", "C3"], "C1")
    assert "C3 was merged into C1" in ok(company, "explain", "C3")
    assert "was merged into C1" in ok(company, "customer", "show", "C2")

    ok(company, "customer", "split", "C3", "--reason", "her mother")
    told = ok(company, "customer", "merge", "C4", "GUEST", "--reason", "he said so", "--by", "eve")
    (load,) = [one for one in committed_loads(company.home) if one["rows_loaded"] == 1 and "merge" in told][-1:]
    assert (load["source"], load["entity"]) == ("decisions", "identity_decisions")
    decided = merged(company) | {}
    assert decided == dict.fromkeys(["C1", "C2", "C3"], "C1"), "a release that stands does not change"

    after = dict.fromkeys(["C1", "C2"], "C1") | dict.fromkeys(["C4", "GUEST"], "C4")
    ok(company, "run", "--full-refresh")
    assert merged(company) == after
    assert "C4" in ok(company, "explain", "GUEST")
    shown = json.loads(ok(company, "customer", "show", "GUEST", "--json"))
    assert [one["matched_by"] for one in shown["profiles"]] == ["decision", "decision"]
    (decision,) = shown["decisions"]
    assert (decision["decided_by"], decision["reason"]) == ("eve", "he said so")

    loads = len(committed_loads(company.home))
    assert "Nothing was recorded" in ok(company, "customer", "merge", "GUEST", "C4", "--reason", "again")
    assert "Nothing was recorded" in ok(company, "customer", "split", "C3", "--reason", "again")
    assert len(committed_loads(company.home)) == loads

    ok(company, "customer", "withdraw", decision["decision_id"], "--reason", "a mistake")
    ok(
        company,
        "withdraw",
        next(one["load_id"] for one in committed_loads(company.home) if one["source"] == "decisions"),
    )
    ok(company, "run")
    assert merged(company) == dict.fromkeys(["C1", "C2", "C3"], "C1")


def test_mistakes_are_told_by_the_customers_name(company: Company) -> None:
    ok(company, "load")
    for arguments, code, text in (
        (("merge", "C1", "C9", "--reason", "x"), 8, "Customer 'C9' was never landed"),
        (("merge", "C1", "--reason", "x"), 2, "needs two different customers or more, not C1"),
        (("merge", "C1", "C1", "--reason", "x"), 2, "needs two different customers or more, not C1, C1"),
        (("split", "C'9", "--reason", "x"), 8, "Customer 'C'9' was never landed"),
        (("withdraw", "D1", "--reason", "x"), 8, "No decision 'D1' is in force"),
        (("show", "C9"), 8, "Customer 'C9' was never landed"),
    ):
        done = company.retention("customer", *arguments)
        assert (done.returncode, text in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.stderr
    assert [load["source"] for load in committed_loads(company.home)] == ["files", "files"]
    assert "nothing has been published yet" in ok(company, "customer", "show", "C1")
