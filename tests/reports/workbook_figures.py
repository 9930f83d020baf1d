"""The workbook's figures worked out anew from the tables of facts, by plain SQL that shares nothing with the module.

Each question gives what a reader would reckon by hand: counted customers, shares of a sum, rates of two counts. It
names what stands in a row by its English name, so that codes are checked as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import pytest
import yaml

from retention.settings import PROJECT_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

HEADER = 2
OF_MANY = ("contact_title", "birthday")
"""Personal columns whose values many share: a day or a title is nobody's name."""
MACROS = """
    create temp macro said(codes, given) as coalesce(
        (select any_value(name_en) from published.marts.dim_labels where code_set = codes and code = given),
        (select any_value(name_en) from published.marts.dim_labels where code_set = 'dimension_value' and code = given),
        given
    );
    create temp macro tier_said(scheme, tier) as
        if(len(tier) = 1 and said(scheme, tier) != tier, tier || ' ' || said(scheme, tier), said(scheme, tier));
    create temp table as_of as select max(as_of_date) as today from published.marts.fct_orders;
    create temp view bought as select * from published.marts.fct_orders where is_purchase;
    use published.marts;
"""


@dataclass(frozen=True)
class Question:
    """Figures of a sheet.

    Attributes:
        key: headers by which a row is found.
        heads: headers of the figures.
        query: gives the key, then the figures.
        is_whole: whether every row of the sheet is asked for.
    """

    sheet: str
    key: Sequence[str]
    heads: Sequence[str]
    query: str
    is_whole: bool = True


QUESTIONS = (
    Question(
        "Master list", ["Customer"], ["Spend in 12 months", "Purchases in 12 months", "Revenue so far"],
        """
        select customer_id,
            coalesce(sum(net_amount) filter (where order_date > today - interval 12 month), 0),
            count(*) filter (where order_date > today - interval 12 month and order_id is not null),
            coalesce(sum(net_amount), 0)
        from dim_customers left join bought using (customer_id) cross join as_of group by customer_id
        """,
    ),
    Question(
        "Master list", ["Customer"], ["Days since purchase"],
        """
        select customer_id, any_value(today) - max(order_date) from bought cross join as_of group by customer_id
        """,
        is_whole=False,
    ),
    Question(
        "1 Tiers", ["Scheme", "Tier"], ["Customers", "Share of customers", "Revenue in 12 months", "Share of revenue"],
        """
        with spent as (
            select customer_id, sum(net_amount) as revenue from bought cross join as_of
            where order_date > today - interval 12 month group by customer_id
        )
        select said('scheme', scheme), tier_said(scheme, tier), count(*),
            count(*) / sum(count(*)) over (partition by scheme), coalesce(sum(revenue), 0),
            coalesce(sum(revenue), 0) / sum(sum(revenue)) over (partition by scheme)
        from customer_tiers left join spent using (customer_id) group by scheme, tier
        """,
        is_whole=False,
    ),
    Question(
        "4 Tickets", ["Ticket"], ["Satisfaction (1 to 5)"],
        """
        select ticket_id, satisfaction_score from fct_tickets cross join as_of
        where received_on > today - interval 12 month
            and ticket_id not in (select ticket_id from ticket_sla where is_open)  -- open again: no score yet
        """,
        is_whole=False,
    ),
    Question(
        "5 Retention", ["Period", "From", "Until", "Scheme", "Tier"],
        ["At the start", "Retained", "Retention", "Gap (percentage points)"],
        """
        select said('evaluation_period_type', period_type), period_start, period_end, said('scheme', scheme),
            tier_said(scheme, tier), customers_at_start, retained_customers,
            retained_customers / nullif(customers_at_start, 0),
            100 * (retained_customers / nullif(customers_at_start, 0) - target_rate)
        from retention_by_tier
        """,
    ),
    Question(
        "6 Board", ["Metric"], ["Current value", "7-day trend"],
        """
        select said('board_metric', now.metric), now.value,
            case now.unit when 'rate' then 100 else 1 end * (now.value - before.value)
        from kpi_history as now cross join as_of
        left join kpi_history as before on now.metric = before.metric and before.metric_date = today - 7
        where now.metric_date = today
        """,
    ),
    Question(
        "7 Programme health", ["Month", "Dimension"], ["Weight", "Score", "Programme score"],
        """
        select month, said('program_dimension', dimension), weight, score,
            sum(weight * score) over (partition by month)
                / sum(weight) filter (where score is not null) over (partition by month)
        from program_health
        """,
    ),
)  # fmt: skip
PLANS = """
    select touch_date, sum(planned_count), sum(actual_count), sum(positive), sum(negative) from touch_execution
    cross join as_of where touch_date > today - interval 12 month group by touch_date
"""
BUDGETS = "select sum(budget) from resource_plan where quarter_start = (select min(quarter_start) from resource_plan)"
STANDING = "select count(*) from alerts where closed_on is null"
COHORTS = """
    with firsts as (
        select customer_id, date_trunc('month', min(order_date)) as cohort from bought group by customer_id
    ),
    months as (
        select cohort, date_diff('month', cohort, date_trunc('month', order_date)) as number,
            count(distinct customer_id) as customers
        from bought join firsts using (customer_id) group by all
    )
    select cohort, number, customers / (select count(*) from firsts as all_of where all_of.cohort = months.cohort)
    from months order by cohort, number
"""


def check_figures(release: Path, workbook: Path) -> int:
    """Hold the English workbook of a release against figures worked out anew; how many there were."""
    book = openpyxl.load_workbook(workbook, data_only=True)
    checked = 0
    with duckdb.connect() as connection:
        connection.execute(f"attach '{release}' as published (read_only)")
        for statement in MACROS.split(";\n"):
            connection.execute(statement)
        for one in QUESTIONS:
            rows = {tuple(_plain(row[head]) for head in one.key): row for row in table(book[one.sheet])}
            expected = connection.execute(one.query).fetchall()
            if one.is_whole:
                assert len(rows) == len(expected), one.sheet
            for found in expected:
                key = tuple(map(_plain, found[: len(one.key)]))
                for head, figure in zip(one.heads, found[len(one.key) :], strict=True):
                    shown = rows[key][head]
                    if figure is None:
                        assert shown is None or isinstance(shown, str), (one.sheet, key, head, shown)
                    elif not isinstance(shown, str):  # a reason stands in place of a figure of too few
                        assert shown == pytest.approx(float(figure), abs=1e-4, rel=1e-6), (one.sheet, key, head)
                        checked += 1
        _check_sums(connection, book)
        checked += _check_cohorts(connection, book["Cohorts"])
    return checked


def _check_sums(connection: duckdb.DuckDBPyConnection, book: Any) -> None:
    contacts = table(book["3 Contact plans"])
    heads = ("Planned", "Done", "Positive", "Negative")
    for day, *sums in connection.execute(PLANS).fetchall():
        of_day = [row for row in contacts if _plain(row["Date"]) == str(day)]
        assert [sum(row[head] or 0 for row in of_day) for head in heads] == [one or 0 for one in sums], day
    for row in contacts:
        if isinstance(row["Completion"], float | int):
            assert row["Completion"] == pytest.approx(row["Done"] / row["Planned"])
    budgets = [row["Budget"] for row in table(book["2 Targets and resources"]) if row["Budget"] is not None]
    [(whole,)] = connection.execute(BUDGETS).fetchall()
    assert sum(budgets) == pytest.approx(float(whole or 0)), "each budget stands once"
    assert [(len(table(book["Alerts"])),)] == connection.execute(STANDING).fetchall()


def _check_cohorts(connection: duckdb.DuckDBPyConnection, page: Any) -> int:
    rows = [row for row in table(page) if isinstance(row["First purchase"], datetime)]
    shares = {(str(cohort)[:10], number): share for cohort, number, share in connection.execute(COHORTS).fetchall()}
    checked = 0
    for row in rows:
        for head, shown in row.items():
            if head.startswith("Month ") and shown is not None:
                expected = shares.get((str(row["First purchase"])[:10], int(head.removeprefix("Month "))), 0)
                assert shown == pytest.approx(expected, abs=1e-6), (row["First purchase"], head)
                checked += 1
    return checked


def table(page: Any) -> list[dict[str, Any]]:
    """The rows below the header, by header; of two with one name the first."""
    heads = [cell.value for cell in page[HEADER]]
    found = []
    for row in page.iter_rows(min_row=HEADER + 1, values_only=True):
        if any(value is not None for value in row):
            found.append({head: value for head, value in reversed(list(zip(heads, row, strict=True))) if head})
    return found


def personal_values(landing: Path) -> set[str]:
    """Every name, telephone number, e-mail address and registration that the customers' files hold."""
    contract = (PROJECT_DIR / "expectations" / "contracts" / "customers.odcs.yaml").read_text(encoding="utf-8")
    fields = [
        one["name"] for one in yaml.safe_load(contract)["schema"][0]["properties"]
        if one.get("classification") == "personal" and one["name"] not in OF_MANY
    ]  # fmt: skip
    files = f"'{landing}/customers/*.parquet'"
    with duckdb.connect() as connection:
        there = {row[0] for row in connection.execute(f"describe from {files}").fetchall()}
        columns = [name for name in fields if name in there]
        assert {"name", "phone", "email"} <= set(columns)
        asked = " union ".join(f"select cast({name} as varchar) from {files}" for name in columns)
        return {value for (value,) in connection.execute(asked).fetchall() if value and len(value) > 1}


def found_in(workbook: Path, values: set[str]) -> list[str]:
    """Which of these stand in a cell of any sheet, by themselves or within a text."""
    texts = set(_texts(workbook))
    return sorted(value for value in values if any(value in text for text in texts))


def _texts(workbook: Path) -> Iterator[str]:
    for page in openpyxl.load_workbook(workbook, read_only=True).worksheets:
        for row in page.iter_rows(values_only=True):
            yield from (value for value in row if isinstance(value, str))


def _plain(value: Any) -> str:
    return str(value.date() if isinstance(value, datetime) else value)
