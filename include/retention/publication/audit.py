"""The audit of a candidate: suites over its result tables, and raw against marts. Only critical checks block."""

from collections.abc import Sequence
from typing import Any

import duckdb

from retention.publication.reconciliation import reconcile
from retention.publication.release import published_tables, sha256_of
from retention.quality.results import CheckResult
from retention.runs import Run
from retention.warehouse.candidate import CONFIG


def audit_candidate(run: Run, checked: Sequence[CheckResult], tables: Sequence[str]) -> dict[str, Any]:
    """Add the reconciliation to the checks done so far, write all into `marts.data_quality`, close and hash.

    Args:
        checked: results on the landed data and on the candidate's tables.
        tables: the result tables that the models define; others, left by a model since removed, are dropped.

    Returns:
        The audit's record: `passed`, the candidate's `sha256`, `results`, and `failed` (critical ones first).
    """
    with duckdb.connect(str(run.candidate), config=CONFIG) as connection:
        for stray in set(published_tables(connection)) - set(tables):
            connection.execute(f'drop table marts."{stray}"')
        results = [*checked, *reconcile(connection, run.started_at)]
        connection.executemany(
            'insert into marts.data_quality (as_of_date, entity, "check", expectation, "column", observed, '
            "threshold, passed, severity, checked_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(run.as_of, one.entity, one.check_name, one.expectation, one.column_name),
                    *(one.observed, one.threshold, one.passed, one.severity, one.checked_at),
                )
                for one in results
            ],
        )
        connection.execute("checkpoint")
    failed = sorted((one for one in results if not one.passed), key=lambda one: one.severity)
    return {
        "passed": all(one.severity != "critical" for one in failed),
        "sha256": sha256_of(run.candidate),
        "checks": len(results),
        "failed": [one.as_dict() for one in failed],
    }
