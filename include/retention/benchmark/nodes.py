"""What dbt did in a run, read from its own results: time per model, and the time in which any model ran at all."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retention.errors import NotThereError


@dataclass(frozen=True)
class Node:
    """One node of dbt as it was run.

    Attributes:
        kind: model, seed, test, ...
        seconds: from its start to its end, waiting for locks included.
        began: seconds since the epoch.
        ended: the same.
    """

    name: str
    kind: str
    seconds: float
    began: float
    ended: float


@dataclass(frozen=True)
class Relation:
    """One thing that the compiled models of a mart read or make.

    Attributes:
        name: as the SQL has it: "database"."schema"."table".
        sql: its select; None where it is given: a raw view or a seed.
        is_view: whether it is made as a view.
    """

    name: str
    sql: str | None = None
    is_view: bool = False


def read_nodes(target: Path) -> list[Node]:
    """Every node of dbt's last run that was executed.

    Args:
        target: dbt's target folder.
    """
    nodes = []
    for result in _results(target):
        spans = [span for span in result["timing"] if span["name"] == "execute" and span["completed_at"]]
        if not spans:
            continue
        began, ended = (_instant(spans[0][side]) for side in ("started_at", "completed_at"))
        kind, _, name = result["unique_id"].split(".")[:3]
        nodes.append(Node(name, kind, float(result["execution_time"]), began, ended))
    return nodes


def busy_seconds(nodes: Iterable[Node], kind: str = "model") -> float:
    """Time in which at least one node of that kind was being executed. Nodes that overlap count once."""
    total, reached = 0.0, float("-inf")
    for node in sorted((node for node in nodes if node.kind == kind), key=lambda node: node.began):
        total += max(0.0, node.ended - max(node.began, reached))
        reached = max(reached, node.ended)
    return total


def compiled_chain(target: Path, marts: Sequence[str]) -> list[Relation]:
    """What the marts are made of, as dbt compiled it in its last run: each relation after those that it reads.

    Raises:
        NotThereError: the last run made no such mart.
    """
    manifest = _read(target / "manifest.json")
    compiled = {result["unique_id"]: result for result in _results(target)}
    described = manifest["nodes"] | manifest["sources"]
    chain: dict[str, Relation] = {}

    def follow(unique_id: str) -> None:
        if unique_id in chain or unique_id not in described:
            return
        for parent in manifest["parent_map"].get(unique_id, []):
            follow(parent)
        node = described[unique_id]
        sql = compiled.get(unique_id, {}).get("compiled_code") if node["resource_type"] == "model" else None
        chain[unique_id] = Relation(node["relation_name"], sql, node.get("config", {}).get("materialized") == "view")

    for mart in marts:
        found = [uid for uid, node in manifest["nodes"].items() if node["name"] == mart and uid in compiled]
        if not found:
            raise NotThereError(f"dbt's last run made no '{mart}'.", "Name a mart that the project has.")
        follow(found[0])
    return list(chain.values())


def following(target: Path, name: str) -> set[str]:
    """Relations that read a model, directly or not, and the model itself; names as in Relation.

    Raises:
        NotThereError: the project has no such model.
    """
    manifest = _read(target / "manifest.json")
    waiting = [unique_id for unique_id, node in manifest["nodes"].items() if node["name"] == name]
    if not waiting:
        raise NotThereError(f"The project has no model '{name}'.", "Name a model that it has.")
    found: set[str] = set()
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in found:
            found.add(unique_id)
            waiting += manifest["child_map"].get(unique_id, [])
    return {manifest["nodes"][one]["relation_name"] for one in found if one.startswith("model.")}


def _results(target: Path) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = _read(target / "run_results.json")["results"]
    return results


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
