"""Time per model and the order in which models stand on each other, from what dbt writes."""

import json
from pathlib import Path
from typing import Any

import pytest

from retention.benchmark.nodes import Node, Relation, busy_seconds, compiled_chain, following, read_nodes
from retention.errors import NotThereError


def node(name: str, began: float, ended: float, kind: str = "model") -> Node:
    return Node(name, kind, ended - began, began, ended)


def test_models_that_overlap_count_once_and_tests_do_not_count() -> None:
    nodes = [node("b", 2, 6), node("a", 0, 4), node("inside", 3, 5), node("later", 10, 11), node("t", 6, 9, "test")]
    assert busy_seconds(nodes) == 7
    assert busy_seconds(nodes, "test") == 3
    assert busy_seconds([]) == 0


@pytest.fixture
def target(tmp_path: Path) -> Path:
    def made(name: str, sql: str, materialized: str) -> tuple[dict[str, Any], dict[str, Any]]:
        relation = {"relation_name": f'"w"."s"."{name}"', "resource_type": "model", "name": name}
        began, ended = "2026-01-01T00:00:01Z", "2026-01-01T00:00:03.500000Z"
        timing = [{"name": "execute", "started_at": began, "completed_at": ended}]
        result = {"unique_id": f"model.p.{name}", "compiled_code": sql, "timing": timing, "execution_time": 2.5}
        return relation | {"config": {"materialized": materialized}}, result

    staged, staged_result = made("staged", "select 1", "view")
    mart, mart_result = made("mart", "select 2", "table")
    source = {"relation_name": '"w"."raw"."orders"', "resource_type": "source", "name": "orders"}
    manifest = {
        "nodes": {"model.p.mart": mart, "model.p.staged": staged},
        "sources": {"source.p.raw.orders": source},
        "child_map": {"model.p.staged": ["model.p.mart"], "model.p.mart": ["test.p.unique"]},
        "parent_map": {"model.p.mart": ["model.p.staged"], "model.p.staged": ["source.p.raw.orders"]},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    results = {"results": [mart_result, staged_result]}
    (tmp_path / "run_results.json").write_text(json.dumps(results), encoding="utf-8")
    return tmp_path


def test_nodes_carry_kind_name_and_span(target: Path) -> None:
    assert [(one.kind, one.name, one.seconds, one.ended - one.began) for one in read_nodes(target)] == [
        ("model", "mart", 2.5, 2.5),
        ("model", "staged", 2.5, 2.5),
    ]


def test_a_mart_stands_after_all_that_it_reads(target: Path) -> None:
    assert compiled_chain(target, ["mart"]) == [
        Relation('"w"."raw"."orders"'),
        Relation('"w"."s"."staged"', "select 1", is_view=True),
        Relation('"w"."s"."mart"', "select 2"),
    ]


def test_a_mart_that_was_not_made_is_named(target: Path) -> None:
    with pytest.raises(NotThereError, match="no 'other'"):
        compiled_chain(target, ["other"])


def test_what_follows_from_a_model_is_the_model_and_all_that_reads_it(target: Path) -> None:
    assert following(target, "staged") == {'"w"."s"."staged"', '"w"."s"."mart"'}
    assert following(target, "mart") == {'"w"."s"."mart"'}
    with pytest.raises(NotThereError, match="no model 'other'"):
        following(target, "other")
