"""Running the suites on a warehouse file. This module imports Great Expectations when the first check runs."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from retention.errors import NotThereError
from retention.landing.contracts import Contract, load_contracts
from retention.quality import suites as kinds
from retention.quality.batches import Batch, delivered_batch, published_batch, rows_batch
from retention.quality.declarations import read_landed_rules, read_published_tables
from retention.quality.engine import duckdb_source, ephemeral_context, load_great_expectations, materialised
from retention.quality.results import CheckResult
from retention.quality.suites import NEWEST, Check, landed_suites, published_suites

# Counts and shares alone: no value of a row enters a result, a log or the Data Docs.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
EXISTS = Check("exists", "expect_table_to_exist", {}, "critical", "The table is there.")
logger = logging.getLogger(__name__)
# Expectations whose violations are counted, and the word for them.
COUNTED = {kinds.BETWEEN: "outside", kinds.ORDERED: "before it"}


class Checker:
    """Checks warehouse files of one project; keeps Great Expectations and its own results between calls.

    Attributes:
        limits: DuckDB settings of the checks' connection, such as threads and memory_limit.
        validations: Great Expectations' result of every suite run by the last call, for the Data Docs.
    """

    def __init__(self, project_dir: Path, limits: Mapping[str, str] | None = None) -> None:
        self.project_dir = project_dir
        self.limits = limits
        self.validations: list[Any] = []
        self._context: Any = None

    def warm_up(self) -> None:
        """Import Great Expectations now rather than at the first check."""
        self._context = self._context or ephemeral_context()

    def check_landed(self, warehouse: Path, as_of: date, entities: Collection[str]) -> list[CheckResult]:
        """Check the landed entities of a warehouse file (views `raw.<entity>`) against their contracts.

        Rows are checked once: where the run goes on from a release (`raw.run_parameters.since_load_seq` is not null),
        only those that the release has not seen (views `news.<entity>`) are looked at. Whether there are rows, how
        fresh they are and how far they reach back is asked of all loads.

        Args:
            warehouse: file with schema `raw` and `raw.run_parameters`; read, never written.
            as_of: the day that the checks look from.
            entities: the entities that were delivered; checks against others are left out.

        Raises:
            NotThereError: the file is not there.
            SettingsError: a contract or a declaration is broken, or names no delivered entity.
        """
        contracts, rules = load_contracts(self.project_dir), read_landed_rules(self.project_dir)
        made = landed_suites(contracts, rules)
        unreadable, batches = [], []
        with _reading(warehouse) as connection:
            [(timezone, goes_on)] = connection.execute(
                "select timezone, since_load_seq is not null from raw.run_parameters"
            ).fetchall()
            checked_at = _now(timezone)
            columns = {entity: _columns(connection, "raw", entity) for entity in sorted(set(entities) & made.keys())}
            readable = {entity for entity, present in columns.items() if set(contracts[entity].key) <= set(present)}
            for entity, present in columns.items():
                if entity not in readable:
                    missing = ", ".join(name for name in contracts[entity].key if name not in present)
                    observed = f"without {missing}" if present else "no such view"
                    unreadable.append(_result(entity, EXISTS, observed, "a view with its key", False, checked_at))
                    continue
                suite = made[entity].without_needs_outside(readable)
                whole = delivered_batch(contracts[entity], suite.of_the_whole(), rules, as_of, present)
                rows = rows_batch(contracts[entity], suite.of_the_rows(), as_of, present, news_only=goes_on)
                batches.append((_judgeable(connection, whole, contracts[entity]), rows))
        return unreadable + self._run(warehouse, batches, checked_at)

    def check_published(self, warehouse: Path, as_of: date, timezone: str) -> list[CheckResult]:
        """Check the tables of schema `marts` against expectations/published.yaml.

        Args:
            timezone: the business's, for the instant of the results.

        Raises:
            NotThereError: the file is not there.
            SettingsError: the declaration is broken.
        """
        made = published_suites(read_published_tables(self.project_dir))
        with _reading(warehouse) as connection:
            there = {table for table in made if _columns(connection, "marts", table)}
        checked_at = _now(timezone)
        absent = [
            _result(table, EXISTS, "no such table", "a table of schema marts", False, checked_at)
            for table in sorted(made.keys() - there)
        ]
        batches = [(published_batch(suite, as_of),) for table, suite in made.items() if table in there]
        return absent + self._run(warehouse, batches, checked_at)

    def _run(self, warehouse: Path, batches: Sequence[tuple[Batch, ...]], checked_at: datetime) -> list[CheckResult]:
        """Run the suites; the batches of one entity make one validation."""
        self.warm_up()
        self.validations = []
        results = []
        with duckdb_source(self._context, warehouse, self.limits) as source:
            for of_entity in batches:
                validations = [_validate(source, batch, at) for at, batch in enumerate(of_entity) if batch.suite.checks]
                for batch, validation in zip((one for one in of_entity if one.suite.checks), validations, strict=True):
                    results.extend(_results(batch, validation, checked_at))
                self.validations.append(_together(validations))
        return results


def check_landed(project_dir: Path, warehouse: Path, as_of: date, entities: Collection[str]) -> list[CheckResult]:
    """Check landed data in this process; see `Checker.check_landed`."""
    return Checker(project_dir).check_landed(warehouse, as_of, entities)


def check_published(project_dir: Path, warehouse: Path, as_of: date, timezone: str) -> list[CheckResult]:
    """Check published tables in this process; see `Checker.check_published`."""
    return Checker(project_dir).check_published(warehouse, as_of, timezone)


@contextmanager
def _reading(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not warehouse.exists():
        raise NotThereError(f"No warehouse file {warehouse}.", "Run the step that makes it first.")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        yield connection


def _now(timezone: str) -> datetime:
    """The present instant in the business's time zone."""
    return datetime.now(ZoneInfo(timezone)).replace(tzinfo=None, microsecond=0)


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where schema_name = ? and table_name = ? "
        "and database_name = current_database() order by column_index",
        [schema, table],
    ).fetchall()
    return [name for (name,) in rows]


def _judgeable(connection: duckdb.DuckDBPyConnection, batch: Batch, contract: Contract) -> Batch:
    """Leave the freshness check out where no row has a day to judge by, as in master data without dates."""
    event = contract.event_column
    if event is None or contract.column(event).required or f'"{NEWEST}"' not in batch.query:
        return batch
    [(rows, dated)] = connection.execute(f'select count(*), count("{NEWEST}") from ({batch.query})').fetchall()
    if dated or not rows:
        return batch
    kept = tuple(check for check in batch.suite.checks if check.kwargs.get("column") != NEWEST)
    return replace(batch, suite=replace(batch.suite, checks=kept))


def _validate(source: Any, batch: Batch, number: int) -> Any:
    """Run a suite over its batch, the entity's first, second, ... one."""
    name = batch.suite.entity if number == 0 else f"{batch.suite.entity}_{number + 1}"
    if not batch.is_costly:
        return _validate_rows(source, batch, name, batch.query)
    with materialised(source, batch.query) as rows:
        return _validate_rows(source, batch, name, rows)


def _validate_rows(source: Any, batch: Batch, name: str, query: str) -> Any:
    gx = load_great_expectations()
    asset = source.add_query_asset(name=name, query=query)
    rows = asset.add_batch_definition_whole_table("whole").get_batch()
    suite = gx.ExpectationSuite(**batch.suite.as_json())
    return rows.validate(suite, result_format=RESULT_FORMAT, expectation_parameters=batch.parameters)


def _together(validations: list[Any]) -> Any:
    """The validations of one entity's batches as one, for its page."""
    first, *others = validations
    for other in others:
        first.results.extend(other.results)
        first.success = first.success and other.success
    evaluated, passed = len(first.results), sum(bool(one.success) for one in first.results)
    first.statistics = first.statistics | {
        "evaluated_expectations": evaluated,
        "successful_expectations": passed,
        "unsuccessful_expectations": evaluated - passed,
        "success_percent": 100 * passed / evaluated if evaluated else None,
    }
    return first


def _results(batch: Batch, validation: Any, checked_at: datetime) -> list[CheckResult]:
    """Turn Great Expectations' results into ours, in the suite's order."""
    found = {one.expectation_config.id: one for one in validation.results}
    results = []
    for check in batch.suite.checks:
        one = found[check.as_json(batch.suite.name)["id"]]
        observed = _observed(check, one)
        threshold = _threshold(check, batch.parameters)
        results.append(_result(batch.suite.entity, check, observed, threshold, bool(one.success), checked_at))
    return results


def _result(
    entity: str, check: Check, observed: str | None, threshold: str, passed: bool, checked_at: datetime
) -> CheckResult:
    return CheckResult(
        entity, check.name, check.expectation, check.column, observed, threshold, passed, check.severity, checked_at
    )


def _observed(check: Check, one: Any) -> str | None:
    """What was found, as counts, shares and days."""
    found: Mapping[str, Any] = one.result or {}
    if not found:
        return _not_evaluated(check, one)
    if check.expectation == kinds.COLUMNS_PRESENT:
        missing = found.get("details", {}).get("mismatched", {}).get("missing", [])
        return f"without {', '.join(sorted(missing))}" if missing else "all of them"
    if check.expectation == kinds.FILLED:
        rows, empty = found["element_count"], found["unexpected_count"]
        return f"{(rows - empty) / rows:.6g}" if rows else None
    if check.expectation in COUNTED:
        return f"{found['unexpected_count']} {COUNTED[check.expectation]}"
    observed = found.get("observed_value")
    if observed is None:
        return None
    return f"{observed} rows" if check.expectation == kinds.QUERY else str(observed)


def _not_evaluated(check: Check, one: Any) -> str:
    """Say that a check could not run; its cause goes to the log, since it may quote a value."""
    causes = [cause.get("exception_message") for cause in one.exception_info.values() if isinstance(cause, dict)]
    logger.error("check %s could not be evaluated: %s", check.name, causes or one.exception_info)
    return "not evaluated, see the log"


def _threshold(check: Check, parameters: Mapping[str, Any]) -> str:
    """What was asked for."""
    kwargs = {name: _value(value, parameters) for name, value in check.kwargs.items()}
    if check.expectation == kinds.COLUMNS_PRESENT:
        return f"{len(kwargs['column_set'])} columns of the contract"
    if check.expectation == kinds.QUERY:
        return "0 rows"
    if check.expectation == kinds.FILLED:
        return f">= {kwargs.get('mostly', 1):g}"
    if check.expectation == kinds.ORDERED:
        return f">= {kwargs['column_B']}"
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is not None and low == high:
        return f"= {low}"
    parts = [f">= {low}" if low is not None else "", f"<= {high}" if high is not None else ""]
    return " and ".join(part for part in parts if part)


def _value(value: Any, parameters: Mapping[str, Any]) -> Any:
    return parameters[value["$PARAMETER"]] if isinstance(value, dict) else value
