"""What a check found: one row of `marts.data_quality`, and one line for the reader."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

REMEDIES = {
    "schema": "land the entity again with the contract's columns",
    "volume": "look whether the source delivered, and up to which day",
    "completeness": "have the source fill the column, or set another share in the contract",
    "freshness": "deliver newer files, or set the refresh cycle in the contract",
    "history": "deliver older orders; until then, figures over 12 months see fewer",
    "in_order": "have the source correct its days",
    "references": "deliver the rows that are pointed to",
    "exists": "look into the build's log: the model did not run",
    "as_of_date": "build the candidate anew: the table was left by another run",
    "synthetic_data": "take no decision by these figures; real files go into a home of their own",
    "months_reconciled": "table finance_reconciliation shows the months; look for orders or totals that are missing",
    "recorded_in_time": "table interaction_lateness shows the staff",
    "rows_set_aside": "retention status lists the loads; ops.quarantine holds the rows with their reasons",
    "not_empty": "look whether the landed data reaches back to the as-of day",
}
ELSEWHERE = "its query is in expectations/published.yaml; the Data Docs show it with its result"


@dataclass(frozen=True)
class CheckResult:
    """The result of one check. It holds counts, shares and days, never a row's values.

    Attributes:
        entity: landed entity or published table.
        expectation: the Great Expectations type.
        column_name: None when the check is of the whole table.
        observed: what was found; None when there was nothing to judge.
        severity: 'critical' blocks publication, 'warning' is shown.
        checked_at: instant in the business's time zone, without offset.
    """

    entity: str
    check_name: str
    expectation: str
    column_name: str | None
    observed: str | None
    threshold: str | None
    passed: bool
    severity: str
    checked_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """A record for JSON."""
        return asdict(self) | {"checked_at": self.checked_at.isoformat()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "CheckResult":
        """Read back what `as_dict` wrote."""
        return cls(**{**record, "checked_at": datetime.fromisoformat(record["checked_at"])})


def failed_check_lines(results: Iterable[CheckResult]) -> list[str]:
    """One line per failed check: where, what was found, what was asked for, what to do. Critical ones first."""
    failed = [result for result in results if not result.passed]
    return [_line(result) for result in sorted(failed, key=lambda result: result.severity)]


def _line(result: CheckResult) -> str:
    where = f"{result.entity}.{result.column_name}" if result.column_name else result.entity
    found = "nothing" if result.observed is None else result.observed
    hint = REMEDIES.get(result.check_name, ELSEWHERE)
    return f"{where}: {result.check_name} found {found}, asked for {result.threshold} ({hint})"
