"""The project with half its tables, for tests of what moves and guards data and not of what is computed from it.

A run from files to a release is quicker with it. The journeys, the increments and the engines run the project whole.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from retention.settings import PROJECT_DIR

# What a run's own report, its reconciliation and its business checks read, and what tests of identity and of tier
# reviews look at.
KEPT = frozenset(
    {
        "completeness",
        "customer_lifecycle",
        "customer_merges",
        "customer_rfm",
        "customer_tiers",
        "customer_value",
        "data_quality",
        "dim_customers",
        "dim_labels",
        "fct_orders",
        "finance_reconciliation",
        "identity_review",
        "interaction_lateness",
        "retention_by_tier",
        "retention_cohorts",
        "tier_distribution",
        "tier_review_list",
    }
)
REFERENCE = re.compile(r"ref\(\s*['\"](\w+)['\"]\s*\)")


def write_small_project(folder: Path, *more: str) -> Path:
    """Copy the project and turn off every model that no kept table, and none of `more`, is made from."""
    for part in ("dbt_project", "expectations"):
        shutil.copytree(PROJECT_DIR / part, folder / part, ignore=shutil.ignore_patterns("target", "logs"))
    models = {path.stem: path for path in (folder / "dbt_project" / "models").rglob("*.sql")}
    needed = _ancestors(models, KEPT.union(more))
    _turn_off(folder / "dbt_project", models, models.keys() - needed)
    _drop_checks(folder / "expectations" / "published.yaml", needed)
    return folder


def _ancestors(models: dict[str, Path], tables: frozenset[str]) -> set[str]:
    """These tables and all that they are made from."""
    found: set[str] = set()
    ahead = set(tables)
    while ahead:
        name = ahead.pop()
        found.add(name)
        ahead |= (set(REFERENCE.findall(models[name].read_text(encoding="utf-8"))) & models.keys()) - found
    return found


def _turn_off(dbt_project: Path, models: dict[str, Path], names: set[str]) -> None:
    settings = dbt_project / "dbt_project.yml"
    content: dict[str, Any] = yaml.safe_load(settings.read_text(encoding="utf-8"))
    for name in names:
        place = content["models"]["retention"]
        for part in models[name].relative_to(dbt_project / "models").parent.parts:
            place = place.setdefault(part, {})
        place[name] = {"+enabled": False}
    settings.write_text(yaml.safe_dump(content), encoding="utf-8")
    for path in [*dbt_project.glob("tests/*.sql"), *dbt_project.glob("models/**/*exposures.yml")]:
        if names & set(REFERENCE.findall(path.read_text(encoding="utf-8"))):
            path.unlink()


def _drop_checks(declaration: Path, needed: set[str]) -> None:
    content: dict[str, Any] = yaml.safe_load(declaration.read_text(encoding="utf-8"))
    content["tables"] = {name: table for name, table in content["tables"].items() if name in needed}
    declaration.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
