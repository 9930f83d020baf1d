"""The audit of a candidate: suites over its result tables, and raw against marts. Only critical checks block."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from retention.landing import repeated_key_files
from retention.publication.business_checks import business_checks
from retention.publication.reconciliation import reconcile
from retention.publication.release import candidate_hashes, published_tables
from retention.quality.results import CheckResult
from retention.runs import Run
from retention.sql import file_literal, literal, quoted
from retention.warehouse.candidate import MARTS, open_warehouse

CHECKS = (
    "struct(entity varchar, check_name varchar, expectation varchar, column_name varchar, observed varchar, "
    "threshold varchar, passed boolean, severity varchar, checked_at timestamp)[]"
)


def reconcile_candidate(run: Run) -> list[CheckResult]:
    """Compare the candidate's figures with those recomputed from raw, and hold those of quality against the profile.

    The candidate is read, never written.
    """
    now = datetime.now(ZoneInfo(run.timezone)).replace(tzinfo=None, microsecond=0)
    with open_warehouse(run.folder, read_only=True) as connection:
        repeated = repeated_key_files(run.home, "orders", run.read("land")["pinned"].get("orders", []))
        return [*reconcile(connection, now, repeated), *business_checks(connection, now)]


def audit_candidate(
    run: Run, checked: Sequence[CheckResult], descriptions: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Write the results of all checks into `marts.data_quality`, close the candidate and hash it.

    Args:
        checked: results on the landed data, on the candidate's tables, and of the reconciliation.
        descriptions: the result tables that the models define, each with the text of the table (key "") and of its
            columns, written into the file as comments; other tables, left by a model since removed, are dropped.

    Returns:
        The audit's record: `passed`, the candidate's `sha256` by file, `results`, and `failed` (critical ones first).
    """
    with open_warehouse(run.folder, read_only=False) as connection:
        for stray in set(published_tables(connection)) - set(descriptions):
            connection.execute(f"drop table marts.{quoted(stray)}")
        connection.execute("begin")  # a thousand comments in one transaction: each of its own would wait for the disk
        for table, texts in descriptions.items():
            describe(connection, table, texts)
        connection.execute("commit")
        connection.execute("delete from marts.data_quality")  # what an earlier attempt at this audit wrote
        run.write("checks", {"results": [one.as_dict() for one in checked]})
        connection.execute(
            f"""
            insert into marts.data_quality by name
            select
                cast({literal(run.as_of)} as date) as as_of_date,
                result.* rename (check_name as "check", column_name as "column")
            from (
                select unnest(results) as result
                from read_json({file_literal(run.folder / "checks.json")}, columns = {{'results': '{CHECKS}'}})
            )
            """
        )
        connection.execute("checkpoint")
        connection.execute(f"checkpoint {MARTS}")
    failed = sorted((one for one in checked if not one.passed), key=lambda one: one.severity)
    return {
        "passed": all(one.severity != "critical" for one in failed),
        "sha256": candidate_hashes(run),
        "checks": len(checked),
        "failed": [one.as_dict() for one in failed],
    }


def describe(connection: duckdb.DuckDBPyConnection, name: str, texts: Mapping[str, str]) -> None:
    """Write the texts of a result table and its columns into the file, where every reader's tool shows them."""
    table = f"marts.{quoted(name)}"
    present = {column for (column, *_) in connection.execute(f"describe {table}").fetchall()}
    for column, text in texts.items():
        if not column:
            connection.execute(f"comment on table {table} is {literal(text.strip())}")
        elif column in present:
            connection.execute(f"comment on column {table}.{quoted(column)} is {literal(text.strip())}")
