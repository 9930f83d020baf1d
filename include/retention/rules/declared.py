"""What the project declares of its rule seeds: columns and types in `seeds/_*.yml`, metrics in `macros/rules`."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from retention.errors import SettingsError

TEXT = "varchar"


@dataclass(frozen=True)
class Seed:
    """A seed as its yml file declares it.

    Attributes:
        columns: names in the order of the file, with their types; varchar where none is set.
        parameters: of profile_parameters alone: what each parameter holds, by its name.
        events: of contact_triggers alone: the fields of each event, by its name.
    """

    name: str
    columns: Mapping[str, str]
    parameters: Mapping[str, Any]
    events: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Metric:
    """A metric of the rule engine: integer, number or text, and where it may be asked for."""

    name: str
    kind: str
    takes_argument: str | None
    is_of_lifecycle: bool
    is_replayed: bool
    is_of_dormancy: bool


def declared_seeds(dbt_dir: Path) -> list[Seed]:
    """Every seed, from the yml files beside the CSVs.

    Raises:
        SettingsError: the folder is no dbt project, or a file of it cannot be read.
    """
    files = sorted((dbt_dir / "seeds").glob("_*.yml"))
    if not files:
        raise SettingsError(f"{dbt_dir / 'seeds'} declares no seed.", "Point RETENTION_PROJECT_DIR at the project.")
    try:
        return [_seed(one) for file in files for one in yaml.safe_load(file.read_text("utf-8"))["seeds"]]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise SettingsError(f"The files {dbt_dir}/seeds/_*.yml cannot be read: {error}", "Restore them.") from error


def _seed(declared: dict[str, Any]) -> Seed:
    config = declared.get("config", {})
    types = config.get("column_types", {})
    columns = {one["name"]: types.get(one["name"], TEXT) for one in declared["columns"]}
    meta = config.get("meta", {})
    return Seed(declared["name"], columns, meta.get("parameters", {}), meta.get("events", {}))


def declared_metrics(dbt_dir: Path) -> list[Metric]:
    """The metrics that rules may ask for, as the macros list them.

    Raises:
        SettingsError: a macro is not there.
    """
    kinds = _returned(dbt_dir, "rule_metrics.sql", "rule_metrics")
    arguments = _returned(dbt_dir, "rule_metrics.sql", "metrics_with_argument")
    lifecycle: Sequence[str] = _returned(dbt_dir, "rule_metrics.sql", "lifecycle_metrics")
    replayed: Sequence[str] = _returned(dbt_dir, "lifecycle_rules.sql", "replayed_metrics")
    dormancy: Sequence[str] = _returned(dbt_dir, "lifecycle_rules.sql", "dormancy_metrics")
    return [
        Metric(name, kind, arguments.get(name), name in lifecycle, name in replayed, name in dormancy)
        for name, kind in kinds.items()
    ]


def declared_factors(dbt_dir: Path) -> list[str]:
    """The factors of churn risk and health that the macros compute.

    Raises:
        SettingsError: the macro is not there.
    """
    return list(_returned(dbt_dir, "factors.sql", "signals"))


def declared_target_metrics(dbt_dir: Path) -> dict[str, list[str]]:
    """The metrics that a target can be set for: the unit of each, then the kinds of period that it is measured over.

    Raises:
        SettingsError: the macro is not there.
    """
    return dict(_returned(dbt_dir, "target_metrics.sql", "target_metrics"))


def declared_board_metrics(dbt_dir: Path) -> dict[str, list[str | int]]:
    """The metrics of the board: unit, source, mean or sum, and what is said of the window.

    Raises:
        SettingsError: the macro is not there.
    """
    return dict(_returned(dbt_dir, "board_metrics.sql", "board_metrics"))


def declared_churn_signals(dbt_dir: Path) -> dict[str, str]:
    """The signals that reasons of churn can ask for, each with its kind: event or state.

    Raises:
        SettingsError: the macro is not there.
    """
    return dict(_returned(dbt_dir, "churn_reasons.sql", "churn_signals"))


def declared_alert_metrics(dbt_dir: Path) -> dict[str, list[str]]:
    """The metrics that alerts can ask for: how each is worked out, its unit, its subject and its comparison.

    Raises:
        SettingsError: the macro is not there.
    """
    return dict(_returned(dbt_dir, "alerts.sql", "alert_metrics"))


def _returned(dbt_dir: Path, file: str, macro: str) -> Any:
    """What a macro without arguments returns, when that is written out as a list or dictionary."""
    path = dbt_dir / "macros" / "rules" / file
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = re.search(r"macro " + macro + r"\(\) -%\}\s*\{\{ return\((.*?)\) \}\}", text, re.DOTALL)
    if found is None:
        raise SettingsError(f"{path} has no macro {macro}.", "Point RETENTION_PROJECT_DIR at the project's folder.")
    return ast.literal_eval(found.group(1))
