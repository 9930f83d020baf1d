"""The entity contracts: ODCS v3 files read into typed objects, or one clear line about what is wrong with them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from retention.errors import SettingsError

CONTRACTS = Path("expectations") / "contracts"
SUFFIX = ".odcs.yaml"
PERSONAL = "personal"
CLASSES = ("public", "internal", PERSONAL)
NORMALISERS = ("phone", "email", "registration", "name")
GRANULARITIES = ("month",)
DERIVED_TYPES = {"birth_month": "INTEGER", "birth_day": "INTEGER"}
TYPE = re.compile(r"VARCHAR|TIMESTAMP|DATE|BOOLEAN|BIGINT|INTEGER|DOUBLE|DECIMAL\(\d{1,2},\s?\d{1,2}\)")
NAME = re.compile(r"[a-z][a-z0-9_]*")
ALL_PERCENT = 100
DAYS_PER_UNIT = {"d": 1, "day": 1, "days": 1, "w": 7, "m": 30, "y": 365}
REMEDY = "Correct the contract; bitol-io.github.io/open-data-contract-standard describes the standard."


@dataclass(frozen=True)
class Column:
    """One column of a delivery.

    Attributes:
        duckdb_type: type in raw.
        required: a delivery without the column is refused, a row without a value is quarantined.
        key_position: place in the key from 1; None when no part of it.
        allowed: values that may stand here (lower case; matched without regard to case), empty when any may.
        classification: public, internal or personal; personal values never leave the vault.
        completeness: share of rows that should have a value (0 to 1), None when nothing is asked.
        normaliser: how the value is made comparable before its keyed hash goes to raw; None: no hash.
        derive: columns that raw gets in place of a personal value (birth_month, birth_day).
        not_before: a column of the same row whose date this one does not precede.
        references: (entity, column) that the value points to.
        granularity: `month` where a DATE stands for its whole month: kept as the month's first day, and delivered as
            any day of it or as YYYY-MM; None: a day is that day.
    """

    name: str
    duckdb_type: str
    logical_type: str
    description: str
    required: bool = False
    key_position: int | None = None
    allowed: tuple[str, ...] = ()
    classification: str = "internal"
    completeness: float | None = None
    normaliser: str | None = None
    derive: tuple[str, ...] = ()
    not_before: str | None = None
    references: tuple[str, str] | None = None
    granularity: str | None = None

    @property
    def is_personal(self) -> bool:
        """Whether the value goes to the vault and nowhere else."""
        return self.classification == PERSONAL

    @property
    def hash_column(self) -> str | None:
        """Name of its keyed hash in raw, if it has one."""
        return f"{self.name}_hash" if self.normaliser else None


@dataclass(frozen=True)
class Contract:
    """What a source promises to deliver for one entity.

    Attributes:
        columns: in the contract's order.
        key: names of the key columns.
        version_column: the column that tells which version of a key is the newest; None: load order alone.
        event_column: when the row's event happened; None for master data.
        max_bad_share: share of quarantined rows in a file above which the file is refused (0 to 1).
        refresh_cycle_days: days after which the entity is stale.
    """

    entity: str
    version: str
    description: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    version_column: str | None
    event_column: str | None
    max_bad_share: float
    refresh_cycle_days: float

    @property
    def plain(self) -> tuple[Column, ...]:
        """Columns that raw keeps as they are."""
        return tuple(column for column in self.columns if not column.is_personal)

    @property
    def personal(self) -> tuple[Column, ...]:
        """Columns that the vault keeps."""
        return tuple(column for column in self.columns if column.is_personal)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that a delivery must have."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def completeness(self) -> dict[str, float]:
        """Share of filled values asked for, by column."""
        return {column.name: column.completeness for column in self.columns if column.completeness is not None}

    def column(self, name: str) -> Column:
        """Find a column by name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def raw_columns(self) -> tuple[tuple[str, str], ...]:
        """Names and types of part.parquet, in order: plain columns, hashes, derived columns, bookkeeping."""
        return (
            *((column.name, column.duckdb_type) for column in self.plain),
            *((column.hash_column, "VARCHAR") for column in self.personal if column.hash_column),
            *((name, DERIVED_TYPES[name]) for column in self.personal for name in column.derive),
            ("_load_id", "VARCHAR"),
            ("_load_seq", "BIGINT"),
            ("_line_no", "BIGINT"),
            ("_row_hash", "BIGINT"),
        )


def load_contracts(project_dir: Path) -> dict[str, Contract]:
    """Read every contract of the project.

    Returns:
        Contracts by entity, in alphabetical order.

    Raises:
        SettingsError: a contract is missing or broken; the message names file and field.
    """
    folder = project_dir / CONTRACTS
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        raise SettingsError(f"No contract in {folder}.", "Point RETENTION_PROJECT_DIR at the project's folder.")
    contracts = {contract.entity: contract for contract in map(read_contract, paths)}
    for path in paths:
        _check_references(path, contracts[path.name.removesuffix(SUFFIX)], contracts)
    return contracts


def read_contract(path: Path) -> Contract:
    """Read one contract.

    Raises:
        SettingsError: the file is not a contract that this program can read; names file and field.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        place = getattr(error, "problem_mark", None)
        where = f" (line {place.line + 1})" if place else ""
        raise SettingsError(f"{path}{where} cannot be read as YAML.", REMEDY) from error
    return _Reader(path).contract(content)


def _check_references(path: Path, contract: Contract, contracts: Mapping[str, Contract]) -> None:
    for column in contract.columns:
        if column.references is None:
            continue
        entity, name = column.references
        if entity not in contracts or name not in {other.name for other in contracts[entity].columns}:
            raise SettingsError(f"{path}: {column.name}.relationships.to: no column '{entity}.{name}'.", REMEDY)


class _Reader:
    """Reads one file, keeping its path for the error messages."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, field: str, problem: str) -> SettingsError:
        return SettingsError(f"{self.path}: {field}: {problem}.", REMEDY)

    def contract(self, content: Any) -> Contract:
        if not isinstance(content, dict):
            raise self.fail("file", "is no mapping of fields")
        if not str(content.get("apiVersion", "")).startswith("v3."):
            raise self.fail("apiVersion", "must be v3.x")
        if content.get("kind") != "DataContract":
            raise self.fail("kind", "must be DataContract")
        entity = self.path.name.removesuffix(SUFFIX)
        table = self._table(content, entity)
        columns = tuple(self._column(item, at) for at, item in enumerate(self._list(table, "properties", "schema")))
        names = [column.name for column in columns]
        custom = self._custom(table, "schema")
        keyed = sorted((column for column in columns if column.key_position), key=lambda one: one.key_position or 0)
        if not keyed:
            raise self.fail("schema.properties", "no column has primaryKey")
        if any(column.is_personal or not column.required for column in keyed):
            raise self.fail("schema.properties", "key columns must be required and not personal")
        for name in {one for one in names if names.count(one) > 1}:
            raise self.fail(f"schema.properties.{name}", "stands there twice")
        for column in columns:
            if column.not_before and column.not_before not in names:
                raise self.fail(f"{column.name}.notBefore", f"no column '{column.not_before}'")
        return Contract(
            entity=entity,
            version=str(content.get("version", "")) or self._missing("version"),
            description=str(table.get("description", "")),
            grain=str(table.get("dataGranularityDescription", "")),
            columns=columns,
            key=tuple(column.name for column in keyed),
            version_column=self._name_in(custom, "versionColumn", names),
            event_column=self._name_in(custom, "eventColumn", names),
            max_bad_share=self._share(custom.get("maxBadShare"), "maxBadShare"),
            refresh_cycle_days=self._refresh_cycle(content),
        )

    def _missing(self, field: str) -> str:
        raise self.fail(field, "is missing")

    def _list(self, content: Mapping[str, Any], field: str, place: str) -> list[dict[str, Any]]:
        items = content.get(field)
        if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
            raise self.fail(f"{place}.{field}" if place != field else field, "must be a list of mappings, not empty")
        return items

    def _table(self, content: Mapping[str, Any], entity: str) -> dict[str, Any]:
        tables = self._list(content, "schema", "schema")
        if len(tables) != 1 or tables[0].get("name") != entity:
            raise self.fail("schema.name", f"must be one schema named '{entity}', as the file is")
        return tables[0]

    def _custom(self, content: Mapping[str, Any], place: str) -> dict[str, Any]:
        items = content.get("customProperties", [])
        if not isinstance(items, list) or not all(isinstance(one, dict) and "property" in one for one in items):
            raise self.fail(f"{place}.customProperties", "must be a list of property and value")
        return {str(one["property"]): one.get("value") for one in items}

    def _column(self, item: Mapping[str, Any], at: int) -> Column:
        name = str(item.get("name", ""))
        if not NAME.fullmatch(name):
            raise self.fail(f"schema.properties[{at}].name", "must be lower case letters, digits and '_'")
        duckdb_type = str(item.get("physicalType", ""))
        if not TYPE.fullmatch(duckdb_type):
            raise self.fail(f"{name}.physicalType", f"'{duckdb_type}' is none of VARCHAR, TIMESTAMP, DATE, BOOLEAN, "
                            "BIGINT, INTEGER, DOUBLE and DECIMAL(p,s)")  # fmt: skip
        custom = self._custom(item, name)
        column = Column(
            name=name,
            duckdb_type=duckdb_type,
            logical_type=str(item.get("logicalType", "")) or self._missing(f"{name}.logicalType"),
            description=str(item.get("description", "")) or self._missing(f"{name}.description"),
            required=self._flag(item, "required", name),
            key_position=self._key_position(item, name),
            allowed=self._allowed(item, name),
            classification=self._one_of(item.get("classification"), CLASSES, f"{name}.classification") or "internal",
            completeness=self._completeness(item, name),
            normaliser=self._one_of(custom.get("matchingNormaliser"), NORMALISERS, f"{name}.matchingNormaliser"),
            derive=self._derive(custom, name),
            not_before=custom.get("notBefore"),
            references=self._reference(item, name),
            granularity=self._one_of(custom.get("granularity"), GRANULARITIES, f"{name}.granularity"),
        )
        if column.granularity and duckdb_type != "DATE":
            raise self.fail(f"{name}.granularity", "needs physicalType DATE")
        if not column.is_personal and (column.normaliser or column.derive):
            raise self.fail(f"{name}.classification", "must be personal where values are hashed or derived")
        return column

    def _flag(self, item: Mapping[str, Any], field: str, name: str) -> bool:
        value = item.get(field, False)
        if not isinstance(value, bool):
            raise self.fail(f"{name}.{field}", "must be true or false")
        return value

    def _key_position(self, item: Mapping[str, Any], name: str) -> int | None:
        if not self._flag(item, "primaryKey", name):
            return None
        position = item.get("primaryKeyPosition", 1)
        if not isinstance(position, int) or position < 1:
            raise self.fail(f"{name}.primaryKeyPosition", "must be a whole number from 1")
        return position

    def _one_of(self, value: Any, known: tuple[str, ...], field: str) -> str | None:
        if value is not None and value not in known:
            raise self.fail(field, f"'{value}' is none of {', '.join(known)}")
        return None if value is None else str(value)

    def _derive(self, custom: Mapping[str, Any], name: str) -> tuple[str, ...]:
        names = custom.get("derive") or []
        if not isinstance(names, list) or any(one not in DERIVED_TYPES for one in names):
            raise self.fail(f"{name}.derive", f"must be a list out of {', '.join(DERIVED_TYPES)}")
        return tuple(names)

    def _reference(self, item: Mapping[str, Any], name: str) -> tuple[str, str] | None:
        links = item.get("relationships") or []
        if not links:
            return None
        entity, _, column = str(links[0].get("to", "") if isinstance(links[0], dict) else "").partition(".")
        if not entity or not column:
            raise self.fail(f"{name}.relationships.to", "must be entity.column")
        return entity, column

    def _checks(self, item: Mapping[str, Any], name: str, metric: str) -> Iterator[dict[str, Any]]:
        checks = item.get("quality", [])
        if not isinstance(checks, list) or not all(isinstance(check, dict) for check in checks):
            raise self.fail(f"{name}.quality", "must be a list of checks")
        return (check for check in checks if check.get("metric") == metric)

    def _allowed(self, item: Mapping[str, Any], name: str) -> tuple[str, ...]:
        for check in self._checks(item, name, "invalidValues"):
            values = (check.get("arguments") or {}).get("validValues")
            if not isinstance(values, list) or not values or any(str(one) != str(one).lower() for one in values):
                raise self.fail(f"{name}.quality.validValues", "must be a list of values in lower case, not empty")
            return tuple(str(one) for one in values)
        return ()

    def _completeness(self, item: Mapping[str, Any], name: str) -> float | None:
        for check in self._checks(item, name, "nullValues"):
            field = f"{name}.quality.nullValues"
            if check.get("unit") != "percent":
                raise self.fail(field, "must have unit percent")
            bound = check.get("mustBeLessOrEqualTo")
            if not isinstance(bound, int | float) or not 0 <= bound <= ALL_PERCENT:
                raise self.fail(field, "mustBeLessOrEqualTo must be a number from 0 to 100")
            return round(1 - bound / 100, 6)
        return None

    def _name_in(self, custom: Mapping[str, Any], field: str, names: list[str]) -> str | None:
        value = custom.get(field)
        if value is not None and value not in names:
            raise self.fail(f"schema.customProperties.{field}", f"no column '{value}'")
        return None if value is None else str(value)

    def _share(self, value: Any, field: str) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise self.fail(f"schema.customProperties.{field}", "must be a number from 0 to 1")
        return float(value)

    def _refresh_cycle(self, content: Mapping[str, Any]) -> float:
        for one in content.get("slaProperties") or []:
            if isinstance(one, dict) and one.get("property") == "frequency":
                unit, value = DAYS_PER_UNIT.get(str(one.get("unit"))), one.get("value")
                if unit and isinstance(value, int | float) and value > 0:
                    return float(value * unit)
                raise self.fail("slaProperties.frequency", "needs a value above 0 and a unit d, w, m or y")
        raise self.fail("slaProperties.frequency", "is missing")
