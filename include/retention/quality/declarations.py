"""The committed declarations beside the contracts: expectations/landed.yaml and expectations/published.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from retention.errors import SettingsError

LANDED = Path("expectations") / "landed.yaml"
PUBLISHED = Path("expectations") / "published.yaml"
SEVERITIES = ("critical", "warning")
CHECK_FIELDS = {"name", "expectation", "kwargs", "severity", "description"}


@dataclass(frozen=True)
class LandedRules:
    """What the contracts leave open about the checks of landed data.

    Attributes:
        needed: entities that must have rows.
        history_months: months of history that segmentation wants (I5).
        reference_share: share of references that must be found (0 to 1).
        critical_shares: share below which nothing is published, by `entity.column`.
    """

    needed: tuple[str, ...]
    history_entity: str
    history_months: int
    reference_share: float
    critical_shares: Mapping[str, float]


@dataclass(frozen=True)
class PublishedTable:
    """The checks of one published table.

    Attributes:
        not_empty: severity of having no rows; None when it may be empty.
        as_of_date: whether every row carries the as-of date.
        checks: further expectations, each with the fields of CHECK_FIELDS and maybe `rule`.
    """

    name: str
    not_empty: str | None
    as_of_date: bool
    checks: tuple[Mapping[str, Any], ...]


def read_landed_rules(project_dir: Path) -> LandedRules:
    """Read expectations/landed.yaml.

    Raises:
        SettingsError: the file is missing or broken.
    """
    path = project_dir / LANDED
    content = _read(path)
    try:
        references = content["references"]
        return LandedRules(
            needed=tuple(content["needed"]),
            history_entity=str(content["history"]["entity"]),
            history_months=int(content["history"]["months"]),
            reference_share=float(references["share"]),
            critical_shares={str(name): float(share) for name, share in references["critical_share"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _broken(path, f"{error} is missing or of the wrong kind") from error


def read_published_tables(project_dir: Path) -> list[PublishedTable]:
    """Read expectations/published.yaml.

    Raises:
        SettingsError: the file is missing or broken; names file and table.
    """
    path = project_dir / PUBLISHED
    content = _read(path)
    tables = content.get("tables")
    if not isinstance(tables, dict):
        raise _broken(path, "'tables' must be a mapping of table names")
    return [_table(path, str(name), table or {}) for name, table in tables.items()]


def _table(path: Path, name: str, table: Mapping[str, Any]) -> PublishedTable:
    not_empty = table.get("not_empty")
    if not_empty is not None and not_empty not in SEVERITIES:
        raise _broken(path, f"{name}.not_empty must be critical or warning")
    checks = tuple(table.get("checks", ()))
    for check in checks:
        missing = CHECK_FIELDS - check.keys()
        if missing:
            raise _broken(path, f"{name}: check {check.get('name', '?')} lacks {', '.join(sorted(missing))}")
        if check["severity"] not in SEVERITIES:
            raise _broken(path, f"{name}.{check['name']}: severity must be critical or warning")
    return PublishedTable(name, not_empty, bool(table.get("as_of_date", True)), checks)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _broken(path, "the file cannot be read as YAML") from error
    if not isinstance(content, dict):
        raise _broken(path, "the file is no mapping")
    return content


def _broken(path: Path, problem: str) -> SettingsError:
    return SettingsError(f"{path}: {problem}.", "Compare it with the file of the repository.")
