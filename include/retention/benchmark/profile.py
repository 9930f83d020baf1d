"""Where the time of a run went: per step and per model, from the records alone. A new model shows by itself."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from retention.benchmark.goals import Outcome, shown
from retention.benchmark.records import figures
from retention.benchmark.tables import plain, table
from retention.pipeline import STEPS

Records = Sequence[Mapping[str, Any]]
SLOWEST = 15
NAMED = 4
RUNS = ("full_run", "increment")


def profile_section(records: Records) -> str:
    """Steps of every size, and the slowest models of the largest two."""
    found = [record for record in records if record["what"] == "pipeline" and record["pieces"].get("full_run")]
    if not found:
        return ""
    steps = [
        [f"{record['rows']:,}", label, *(_seconds(nested(record, run, "steps").get(step)) for step in STEPS)]
        + [_seconds(_median(record, run, name)) for name in ("model_span_seconds", "own_seconds")]
        for record in found
        for run, label in zip(RUNS, ("full run", "next day"), strict=True)
        if record["pieces"].get(run)
    ]
    head = ["Orders", "Run", *STEPS, "models", "own"]
    text = (
        "## Where the time goes\nSeconds per step (validate and build go side by side); `models` is the time in which "
        "any dbt model ran, `own` the rest of the whole process.\n\n" + table(head, steps)
    )
    for record in found[-2:]:
        text += f"\n### Slowest models at {record['rows']:,} orders\nSeconds of dbt's nodes, two threads at a time.\n\n"
        full, increment = (nested(record, run, "models") for run in RUNS)
        slowest = sorted(full, key=lambda name: -full[name])[:SLOWEST]
        rows = [[f"`{name}`", _seconds(full[name]), _seconds(increment.get(name))] for name in slowest]
        others = [sum(seconds for name, seconds in run.items() if name not in slowest) for run in (full, increment)]
        rows.append([f"{len(full) - len(slowest)} others", *map(_seconds, others)])
        text += table(["Model", "Full run", "Next day"], rows)
    return text


def reason(outcome: Outcome, records: Records) -> str:
    """Why a goal was missed: what took the time in the run that missed it."""
    record = next(one for one in records if (one["what"], one["rows"]) == (outcome.goal.what, outcome.rows))
    if "failed" in record["notes"]:
        return f"the run failed: {plain(record['notes']['failed'])}"
    if outcome.goal.what == "pipeline":
        run = "full_run" if outcome.goal.key in ("full", "own") else "increment"
        parts = [f"{_seconds(_median(record, run, 'wall_seconds'))} s in all"]
        parts += [f"{_seconds(_median(record, run, 'model_span_seconds'))} s of dbt's models"]
        parts += [f"{_seconds(_median(record, run, 'own_seconds'))} s of our own"]
        named = nested(record, run, "steps" if outcome.goal.key == "own" else "models")
        return f"{', '.join(parts)}; most by {_largest(named)}."
    if outcome.goal.what == "peers":
        return f"ours took {_seconds(_median(record, 'product_marts', 'seconds'))} s, most by " + (
            f"{_largest(nested(record, 'product_marts', 'phases'))}."
        )
    if outcome.goal.what == "fixed_cost":
        return f"of the run, {_largest(nested(record, 'product_next', 'steps'))}."
    if outcome.goal.what == "calendar":
        made, scan = (_seconds(_median(record, "calendar", name)) for name in ("seconds", "scan_seconds"))
        return f"{made} s beside a scan of {scan} s, most by {_largest(nested(record, 'calendar', 'phases'))}."
    named = {piece: value for piece in record["pieces"] if (value := _median(record, piece, "seconds")) is not None}
    return f"{_largest(named)}."


def nested(record: Mapping[str, Any], piece: str, name: str) -> dict[str, float]:
    """The medians of a piece's named parts: its steps, models or phases."""
    rounds = [one[name] for one in record["pieces"].get(piece, []) if name in one]
    parts = list(dict.fromkeys(part for one in rounds for part in one))
    return {part: median(one[part] for one in rounds if part in one) for part in parts}


def _median(record: Mapping[str, Any], piece: str, name: str) -> float | None:
    values = figures(record, piece, name)
    return median(values) if values else None


def _largest(named: Mapping[str, float]) -> str:
    first = sorted(named, key=lambda name: -named[name])[:NAMED]
    return ", ".join(f"`{name}` ({_seconds(named[name])} s)" for name in first)


def _seconds(value: float | None) -> str:
    return "–" if value is None else shown(value, "")
