"""The layers hold, and every table says what it is.

Imports run one way: source → staging → core facts and dimensions → intermediate → marts. Beside it, as built: an
intermediate model may prepare a core fact from staging; the core may read staging; every layer may read what the run
was asked for.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from typing import Any

import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject

OPEN_SOURCES = {"run_parameters", "completeness_thresholds"}
# What an increment or the completeness of all entities has to look at; and a second look at one entity.
OF_SEVERAL_ENTITIES = {"stg_changed_order_ids", "stg_changed_touch_ids", "stg_completeness_counts"}
OF_ONE_ENTITY = {"stg_customer_gaps": "customers", "stg_contracts_to_come": "contracts"}


@pytest.fixture(scope="module")
def manifest(project: CompiledProject) -> dict[str, Any]:
    """dbt's manifest of the project."""
    return project.profile("default_b2b").manifest


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Models by their unique ID."""
    return {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def layer(node: dict[str, Any]) -> str:
    """staging, intermediate, core (the shared facts and dimensions) or marts."""
    folders = node["path"].split("/")
    return "core" if folders[:2] == ["marts", "core"] else str(folders[0])


def parents(node: dict[str, Any], models: dict[str, dict[str, Any]]) -> set[str]:
    """Layers of the models that a model reads."""
    return {layer(models[name]) for name in node["depends_on"]["nodes"] if name in models}


def sources(node: dict[str, Any]) -> set[str]:
    """Raw tables that a model reads."""
    return {name.split(".")[-1] for name in node["depends_on"]["nodes"] if name.startswith("source.")}


ALLOWED = {
    "staging": set(),
    "core": {"staging", "intermediate", "core"},
    "intermediate": {"staging", "intermediate", "core"},
    "marts": {"intermediate", "core", "marts"},
}


# Campaigns, plans, contracts and changes of strategy have no fact of their own; past stages are kept in the published
# history and nowhere else.
# Alerts and the board ask tickets as they are published: whether a promise is kept is judged there.
FURTHER = {
    ("campaign_performance", "staging"),
    ("touch_execution", "staging"),
    ("lost_customer_signals", "staging"),
    ("program_health_measures", "staging"),
    ("int_silent_customers", "marts"),
    ("int_alert_case_spans", "marts"),
    ("int_board_events", "marts"),
}


def test_imports_run_one_way(models: dict[str, dict[str, Any]]) -> None:
    wrong = {
        (node["name"], other) for node in models.values() for other in parents(node, models) - ALLOWED[layer(node)]
    }
    assert wrong == FURTHER


def test_each_staging_model_reads_its_own_entity_and_nothing_else(models: dict[str, dict[str, Any]]) -> None:
    for node in models.values():
        if layer(node) == "staging" and node["name"] not in OF_SEVERAL_ENTITIES:
            entity = OF_ONE_ENTITY.get(node["name"], node["name"].removeprefix("stg_"))
            assert sources(node) - OPEN_SOURCES == {entity}
            assert all(name.startswith("source.") for name in node["depends_on"]["nodes"])


def test_raw_rows_are_read_by_staging_alone(models: dict[str, dict[str, Any]]) -> None:
    read = {node["name"]: sources(node) - OPEN_SOURCES for node in models.values() if layer(node) != "staging"}
    assert {name: tables for name, tables in read.items() if tables} == {}


def test_names_tell_the_layer(models: dict[str, dict[str, Any]]) -> None:
    prefixes = {"staging": ("stg_",), "intermediate": ("int_",), "core": ("fct_", "dim_")}
    for node in models.values():
        expected = prefixes.get(layer(node))
        is_prefixed = node["name"].startswith(("stg_", "int_", "fct_", "dim_"))
        assert node["name"].startswith(expected) if expected else not is_prefixed


def test_every_description_begins_with_the_grain(manifest: dict[str, Any], models: dict[str, dict[str, Any]]) -> None:
    described = [*models.values(), *(node for node in manifest["nodes"].values() if node["resource_type"] == "seed")]
    vague = [node["name"] for node in described if not re.match(r"One row\b", node["description"])]
    assert vague == []


def test_every_column_is_described(project: CompiledProject, models: dict[str, dict[str, Any]]) -> None:
    connection = project.build({}, as_of=date(2024, 3, 31))
    for node in models.values():
        columns = connection.sql(f"describe {node['schema']}.{node['name']}").fetchall()
        # A metric with an argument has a column with a digest of it, described with the metric.
        built = {of_first(re.sub(r"__[0-9a-f]{8}$", "", column[0])) for column in columns}
        described = {of_first(name) for name, column in node["columns"].items() if column["description"].strip()}
        assert sorted(described) == sorted(built), node["name"]


def of_first(column: str) -> str:
    """The column of the first scheme or label for a column of any: as many stand there as there are in a seed."""
    return re.sub(r"^(tier|tier_rank|has_label)_\d+$", r"\1_1", column)


def test_every_seed_column_is_described(manifest: dict[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            with (PROJECT_DIR / "seeds" / f"{node['name']}.csv").open(encoding="utf-8", newline="") as file:
                header = next(csv.reader(file))
            described = [name for name, column in node["columns"].items() if column["description"].strip()]
            assert described == header, node["name"]


def test_marts_keep_enforced_contracts_with_a_type_for_every_column(models: dict[str, dict[str, Any]]) -> None:
    for node in models.values():
        if layer(node) in ("core", "marts"):
            assert node["config"]["contract"]["enforced"], node["name"]
            assert all(column["data_type"] for column in node["columns"].values()), node["name"]


def test_every_table_that_depends_on_the_as_of_date_carries_it(models: dict[str, dict[str, Any]]) -> None:
    timeless = {"dim_products", "dim_labels"}
    kept_by_month = {"customer_tier_history"}  # the day of a finished month's rows would change daily: decision 36
    without = {
        node["name"]
        for node in models.values()
        if layer(node) in ("core", "marts") and "as_of_date" not in node["columns"]
    }
    assert without == timeless | kept_by_month


def test_every_published_table_has_a_reader(manifest: dict[str, Any], models: dict[str, dict[str, Any]]) -> None:
    read = {name for exposure in manifest["exposures"].values() for name in exposure["depends_on"]["nodes"]}
    unread = {node["name"] for name, node in models.items() if layer(node) in ("core", "marts") and name not in read}
    assert unread == set()


def test_every_test_is_named_by_what_it_says(manifest: dict[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and "test_metadata" in node:
            kind, tested = node["test_metadata"]["name"], (node.get("attached_node") or "").split(".")[-1]
            assert not node["name"].startswith(f"{kind}_{tested}"), node["name"]
