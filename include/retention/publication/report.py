"""The summary that a run leaves and prints: what was published, the headline figures, what needs a look."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from retention.publication.provenance import NOTICE, synthetic_files
from retention.runs import Run, write_json

FIGURES = {
    "customers": "select count(*) from marts.dim_customers",
    "orders": "select count(*) from marts.fct_orders",
    "purchases": "select count(*) from marts.fct_orders where is_purchase",
    "net_revenue": "select coalesce(sum(net_amount), 0) from marts.fct_orders where is_purchase",
    "first_order_on": "select min(order_date) from marts.fct_orders",
    "last_order_on": "select max(order_date) from marts.fct_orders",
}

LISTS = {
    "tiers": """
        select tier, customers, round(customer_share, 4) as customer_share, revenue_12m
        from marts.tier_distribution
        where scheme = (select any_value(scheme) from marts.customer_tiers where is_primary_scheme)
        order by tier_rank
    """,
    "stages": """
        select lifecycle_stage as stage, count(*) as customers
        from marts.customer_lifecycle group by all order by customers desc, stage
    """,
    "retention": """
        select period_start, period_end, tier, customers_at_start, retained_customers,
            round(retention_rate, 4) as retention_rate, target_rate
        from marts.retention_by_tier
        where period_end = as_of_date
            and scheme = (select any_value(scheme) from marts.customer_tiers where is_primary_scheme)
            and period_start = (select min(period_start) from marts.retention_by_tier where period_end = as_of_date)
        order by tier
    """,
    "waiting": """
        select tiers.scheme, tiers.tier_in_force, tiers.tier, count(*) as customers,
            sum(rfm.monetary_12m) as value_at_stake
        from marts.customer_tiers as tiers inner join marts.customer_rfm as rfm on tiers.customer_id = rfm.customer_id
        where tiers.review_state = 'waiting'
        group by all order by value_at_stake desc, tiers.tier_in_force, tiers.tier
    """,
    "failed_checks": """
        select severity, entity, "check", "column", observed, threshold
        from marts.data_quality where not passed order by severity, entity, "check", "column"
    """,
}

# Why no customer's value is foretold; null where one is, or where nobody has bought.
UNVALUED = """
    select case when count(clv_12m) = 0 then min(missing_reason) filter (where missing_reason != 'never_bought') end
    from marts.customer_value
"""


def write_report(run: Run, release: Path, steps: Sequence[str]) -> dict[str, Any]:
    """Read a release's tables and write `HOME/reports/<run_id>/summary.{json,md}`.

    Returns:
        The summary: figures, lists, the seconds of each step so far and where the results are.
    """
    # By the release's own path: DuckDB keeps one instance a path, and the pointer's path outlives releases.
    with duckdb.connect(str(release / "retention.duckdb"), read_only=True) as connection:
        figures = {name: connection.execute(query).fetchall()[0][0] for name, query in FIGURES.items()}
        lists = {name: _records(connection, query) for name, query in LISTS.items()}
        unvalued = connection.execute(UNVALUED).fetchall()[0][0]
        tables = connection.execute(
            "select count(*) from information_schema.tables where table_schema = 'marts'"
        ).fetchall()[0][0]
    folder = run.home.reports / run.run_id
    folder.mkdir(parents=True, exist_ok=True)
    summary = {
        "run_id": run.run_id,
        "as_of_date": run.as_of,
        "known_by": run.known_by,
        "profile": run.profile,
        "is_synthetic": bool(synthetic_files(run.home, run.read("land")["pinned"])),
        "figures": figures,
        "lists": lists,
        "tables": tables,
        "value_missing_reason": unvalued,
        "published": _readers_path(run, release),
        "data_docs": run.home.data_docs / "index.html",
        "summary": folder / "summary.md",
        "step_seconds": _step_seconds(run, steps),
        "loads": _loads(run),
    }
    write_json(folder / "summary.json", summary)
    (folder / "summary.md").write_text(as_markdown(summary), encoding="utf-8")
    return summary


def _readers_path(run: Run, release: Path) -> Path:
    """Where readers open the release: by the pointer when it shows this one."""
    return (run.home.published if run.home.published.resolve() == release.resolve() else release) / "retention.duckdb"


def _records(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _step_seconds(run: Run, steps: Sequence[str]) -> dict[str, float]:
    done = [step for step in steps if (run.folder / f"{step}.json").exists()]
    return {step: run.read(step).get("seconds", 0.0) for step in done if step != "report"}


def _loads(run: Run) -> dict[str, int]:
    landed = run.read("land")
    return {
        "files_loaded": len(landed["loads"]),
        "files_known": len(landed["skipped"]),
        "rows_loaded": sum(load["rows_loaded"] for load in landed["loads"]),
        "rows_duplicate": sum(load["rows_duplicate"] for load in landed["loads"]),
        "rows_quarantined": sum(load["rows_quarantined"] for load in landed["loads"]),
    }


def as_markdown(summary: dict[str, Any]) -> str:
    """The summary as Markdown."""
    figures = summary["figures"]
    parts = [
        f"# Retention on {summary['as_of_date']}",
        *([f"**{NOTICE}**"] if summary["is_synthetic"] else []),
        *([f"**As known by {summary['known_by']}: later loads are not seen.**"] if summary["known_by"] else []),
        f"Profile {summary['profile']}, run {summary['run_id']}, {summary['tables']} tables.",
        _table([{"figure": name.replace("_", " "), "value": _shown(value)} for name, value in figures.items()]),
    ]
    titles = {
        "tiers": "Tiers of the primary scheme",
        "stages": "Lifecycle stages",
        "retention": "Retention by tier, rolling period",
        "failed_checks": "Checks that did not pass",
    }
    if summary["lists"]["waiting"]:
        titles = {"waiting": "Tiers that differ from those in force and wait for approval"} | titles
    for name, title in titles.items():
        rows = [{key: _shown(value) for key, value in row.items()} for row in summary["lists"][name]]
        parts += [f"## {title}", _table(rows) if rows else "None."]
    return "\n\n".join(parts) + "\n"


def _table(rows: list[dict[str, str]]) -> str:
    header = list(rows[0])
    lines = [header, ["---"] * len(header), *([row[name] for name in header] for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | str | Path):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
