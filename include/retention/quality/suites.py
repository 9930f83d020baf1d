"""The suites: from the contracts for landed data, from expectations/published.yaml for published tables.

They are plain data in Great Expectations' own JSON; making them does not import it. Ids are made from names, so a
suite's file changes only when a check does. `python -m retention.quality.suites --write` writes expectations/suites/.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from retention.errors import RetentionError
from retention.landing.contracts import Column, Contract, load_contracts
from retention.quality.declarations import LandedRules, PublishedTable, read_landed_rules, read_published_tables
from retention.settings import load_settings

SUITES = Path("expectations") / "suites"
NAMESPACE = uuid5(NAMESPACE_URL, "https://retention-pipeline/expectations")
COLUMNS_PRESENT = "expect_table_columns_to_match_set"
ROW_COUNT = "expect_table_row_count_to_be_between"
FILLED = "expect_column_values_to_not_be_null"
LARGEST = "expect_column_max_to_be_between"
SMALLEST = "expect_column_min_to_be_between"
ORDERED = "expect_column_pair_values_a_to_be_greater_than_b"
BETWEEN = "expect_column_values_to_be_between"
QUERY = "unexpected_rows_expectation"
# What is asked of a landed entity as a whole; all else is asked of its rows.
OF_THE_WHOLE = (COLUMNS_PRESENT, ROW_COUNT, LARGEST, SMALLEST)
# Columns that the batches of a landed entity have beside those of raw (retention.quality.batches).
NEWEST = "_newest_on"
OLDEST = "_oldest_on"


@dataclass(frozen=True)
class Check:
    """One expectation of a suite.

    Attributes:
        name: the check's name in `marts.data_quality`.
        expectation: Great Expectations type.
        kwargs: its arguments; `{"$PARAMETER": name}` stands for a value of the run.
        column: the column as the reader knows it, where the expectation has one.
        rule: ID in the rules.
        needs: entity that must have been delivered for the check to make sense.
    """

    name: str
    expectation: str
    kwargs: Mapping[str, Any]
    severity: str
    description: str
    column: str | None = None
    rule: str | None = None
    needs: str | None = None

    def as_json(self, suite: str) -> dict[str, Any]:
        """The expectation as Great Expectations writes it."""
        meta = {"check_name": self.name, "column_name": self.column, "needs": self.needs, "rule": self.rule}
        return {
            "type": self.expectation,
            "kwargs": dict(self.kwargs),
            "meta": {name: value for name, value in meta.items() if value is not None},
            "id": str(uuid5(NAMESPACE, "/".join((suite, self.name, self.severity, self.column or "")))),
            "description": self.description,
            "severity": self.severity,
        }


@dataclass(frozen=True)
class Suite:
    """The checks of one landed entity or published table."""

    stage: str
    entity: str
    checks: tuple[Check, ...] = field(default=())

    @property
    def name(self) -> str:
        """Name of the suite and of its file."""
        return f"{self.stage}_{self.entity}"

    def without_needs_outside(self, delivered: Iterable[str]) -> "Suite":
        """The suite less the checks against entities that nobody delivered."""
        known = set(delivered)
        return replace(self, checks=tuple(one for one in self.checks if one.needs is None or one.needs in known))

    def of_the_whole(self) -> "Suite":
        """The checks of a landed entity as a whole."""
        return replace(self, checks=tuple(one for one in self.checks if one.expectation in OF_THE_WHOLE))

    def of_the_rows(self) -> "Suite":
        """The checks of a landed entity's rows."""
        return replace(self, checks=tuple(one for one in self.checks if one.expectation not in OF_THE_WHOLE))

    def as_json(self) -> dict[str, Any]:
        """The suite as Great Expectations writes it."""
        return {
            "name": self.name,
            "id": str(uuid5(NAMESPACE, self.name)),
            "expectations": [check.as_json(self.name) for check in self.checks],
            "meta": {"entity": self.entity, "stage": self.stage},
            "notes": None,
        }


def landed_suites(contracts: Mapping[str, Contract], rules: LandedRules) -> dict[str, Suite]:
    """Make the suite of every contract, by entity."""
    return {
        entity: Suite("landed", entity, tuple(_landed_checks(contract, rules)))
        for entity, contract in contracts.items()
    }


def _landed_checks(contract: Contract, rules: LandedRules) -> Iterable[Check]:
    names = [name for name, _ in contract.raw_columns if not name.startswith("_")]
    yield Check(
        "schema", COLUMNS_PRESENT, {"column_set": names, "exact_match": False}, "critical",
        "Raw has every column that the contract keeps there.",
    )  # fmt: skip
    yield Check(
        "volume", ROW_COUNT, {"min_value": 1}, "critical" if contract.entity in rules.needed else "warning",
        "There are rows up to the as-of day.",
    )  # fmt: skip
    for column in contract.columns:
        yield from _completeness(column)
    if contract.event_column:
        yield Check(
            "freshness", LARGEST, {"column": NEWEST, "min_value": {"$PARAMETER": f"{contract.entity}_fresh_from"}},
            "warning", f"The newest row is at most {contract.refresh_cycle_days:g} day(s) older than the as-of day.",
            column=contract.event_column, rule="I9",
        )  # fmt: skip
    if contract.entity == rules.history_entity and contract.event_column:
        yield Check(
            "history", SMALLEST, {"column": OLDEST, "max_value": {"$PARAMETER": "history_from"}}, "warning",
            f"The oldest row lets {rules.history_months} months up to the as-of day be seen whole.",
            column=contract.event_column, rule="I5",
        )  # fmt: skip
    for column in contract.columns:
        yield from _references(contract.entity, column, rules)
        yield from _in_order(column)


def raw_column(column: Column) -> str | None:
    """The column of raw that shows whether a value was there: itself, or what stands in for a personal value."""
    if not column.is_personal:
        return column.name
    return column.hash_column or next(iter(column.derive), None)


def found_column(column: str) -> str:
    """Name of the batch's column that repeats a value pointing to another entity's row if that row is there."""
    return f"_{column}_found"


def _completeness(column: Column) -> Iterable[Check]:
    share = 1.0 if column.required else column.completeness
    source = raw_column(column)
    if share is None or source is None:
        return
    yield Check(
        "completeness", FILLED, _filled(source, share), "critical" if column.required else "warning",
        f"At least {share:.0%} of the rows have {column.name}.", column=column.name, rule="I6",
    )  # fmt: skip


def _filled(column: str, share: float) -> dict[str, Any]:
    """Arguments for a share of filled values; Great Expectations leaves out what is its default."""
    return {"column": column} if share == 1 else {"column": column, "mostly": share}


def _references(entity: str, column: Column, rules: LandedRules) -> Iterable[Check]:
    if column.references is None:
        return
    parent, parent_column = column.references
    found = found_column(column.name)
    shares = {"warning": rules.reference_share, "critical": rules.critical_shares.get(f"{entity}.{column.name}")}
    for severity, share in shares.items():
        if share is not None:
            yield Check(
                "references", FILLED, _filled(found, share), severity,
                f"At least {share:.0%} of {column.name} point to a row of {parent} ({parent_column}).",
                column=column.name, rule="I2", needs=parent,
            )  # fmt: skip


def _in_order(column: Column) -> Iterable[Check]:
    if column.not_before is not None:
        pair = {"column_A": column.name, "column_B": column.not_before}
        yield Check(
            "in_order", ORDERED, pair | {"or_equal": True, "ignore_row_if": "either_value_is_missing"}, "warning",
            f"{column.name} is not before {column.not_before}.", column=column.name, rule="I2",
        )  # fmt: skip


def published_suites(tables: Sequence[PublishedTable]) -> dict[str, Suite]:
    """Make the suite of every declared table, by table."""
    return {table.name: Suite("published", table.name, tuple(_published_checks(table))) for table in tables}


def _published_checks(table: PublishedTable) -> Iterable[Check]:
    if table.not_empty:
        yield Check("not_empty", ROW_COUNT, {"min_value": 1}, table.not_empty, "The table has rows.")
    if table.as_of_date:
        today = {"$PARAMETER": "as_of"}
        yield Check(
            "as_of_date", BETWEEN, {"column": "as_of_date", "min_value": today, "max_value": today}, "critical",
            "Every row describes the run's as-of day.", column="as_of_date",
        )  # fmt: skip
    for check in table.checks:
        yield Check(
            check["name"], check["expectation"], check["kwargs"], check["severity"], check["description"],
            column=check["kwargs"].get("column"), rule=check.get("rule"),
        )  # fmt: skip


def all_suites(project_dir: Path) -> list[Suite]:
    """Every suite of a project.

    Raises:
        SettingsError: a contract or a declaration is broken.
    """
    landed = landed_suites(load_contracts(project_dir), read_landed_rules(project_dir))
    return [*landed.values(), *published_suites(read_published_tables(project_dir)).values()]


def suite_files(project_dir: Path) -> dict[str, str]:
    """File name and content of every suite as it should be committed."""
    return {
        f"{suite.name}.json": json.dumps(suite.as_json(), indent=2, ensure_ascii=False) + "\n"
        for suite in all_suites(project_dir)
    }


def write_suites(project_dir: Path) -> list[Path]:
    """Write the suites' files and remove those of suites that are gone.

    Returns:
        Files that changed.
    """
    folder = project_dir / SUITES
    folder.mkdir(parents=True, exist_ok=True)
    files = suite_files(project_dir)
    changed = [path for path in folder.glob("*.json") if path.name not in files]
    for path in changed:
        path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            changed.append(path)
    return sorted(changed)


def outdated_suites(project_dir: Path) -> list[str]:
    """Names of suite files that are not what the contracts and declarations give."""
    folder = project_dir / SUITES
    files = suite_files(project_dir)
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in files.keys() | present.keys() if files.get(name) != present.get(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the suites, or tell which are not up to date (exit code 1)."""
    parser = argparse.ArgumentParser(prog="python -m retention.quality.suites", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write expectations/suites/; without it, only compare")
    project_dir = load_settings().project_dir
    try:
        if parser.parse_args(arguments).write:
            names = [path.name for path in write_suites(project_dir)]
            sys.stdout.write(f"suites: {len(names)} file(s) changed {' '.join(names)}".rstrip() + "\n")
            return 0
        names = outdated_suites(project_dir)
    except RetentionError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"suites: {', '.join(names)} not up to date\n" if names else "suites: up to date\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
