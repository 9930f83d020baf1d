"""The goals, and what the records say of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retention.benchmark.records import Spread, figures, ratios
from retention.benchmark.value_section import farthest_parameter, faster_peer

Records = Mapping[tuple[str, int], Mapping[str, Any]]
FULL_SIZE, SMALL_SIZE, LARGE_SIZE = 10_000_000, 1_000_000, 100_000_000
VALUE_CUSTOMERS = 1_000_000
HISTORY_SIZE = 16_000_000  # of 800,000 customers at the end, more than 500,000 on average over the month-ends


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes:
        name: what is asked, in words.
        bound: the most, or the least where `is_at_least`.
        unit: of the bound: s, × or nothing.
        what: the kind of record that tells.
        rows: the size at which the goal holds.
        values: the figure per round, from the record and from that of SMALL_SIZE.
    """

    key: str
    name: str
    bound: float
    unit: str
    what: str
    rows: int
    values: Callable[[Mapping[str, Any], Records], list[float]]
    is_at_least: bool = False


@dataclass(frozen=True)
class Outcome:
    """What was measured of a goal.

    Attributes:
        spread: over the rounds; None where nothing was measured.
        rows: the size at which it was.
        verdict: met, missed, not measured, or that it was measured at another size.
        is_provisional: whether others used the machine meanwhile.
    """

    goal: Goal
    spread: Spread | None
    rows: int
    verdict: str
    is_provisional: bool


def _pairs(above: tuple[str, str], below: tuple[str, str]) -> Callable[[Mapping[str, Any], Records], list[float]]:
    """Ratio of two figures of the same record, round by round."""
    return lambda record, _: ratios(figures(record, *above), figures(record, *below))


def _against_small(record: Mapping[str, Any], records: Records) -> list[float]:
    """The day's increment against the same day's on the smaller company."""
    smaller = records.get(("pipeline", SMALL_SIZE))
    if smaller is None or record["rows"] <= SMALL_SIZE:
        return []
    return ratios(figures(record, "increment", "wall_seconds"), figures(smaller, "increment", "wall_seconds"))


def _fixed(record: Mapping[str, Any], _: Records) -> list[float]:
    """The first run and the next, each against dbt alone."""
    return [
        ratio
        for situation in ("first", "next")
        for ratio in ratios(
            figures(record, f"product_{situation}", "wall_seconds"), figures(record, f"dbt_{situation}", "wall_seconds")
        )
    ]


GOALS = (
    Goal(
        "full", "Full run on landed data, against DuckDB's floor into a file", 8, "×", "pipeline", FULL_SIZE,
        _pairs(("full_run", "wall_seconds"), ("floor", "seconds")),
    ),
    Goal(
        "own", "Our own steps of the full run, besides dbt's models", 25, "s", "pipeline", FULL_SIZE,
        lambda record, _: figures(record, "full_run", "own_seconds"),
    ),
    Goal(
        "increment", "The next day's run, against the full run", 0.25, "×", "pipeline", FULL_SIZE,
        _pairs(("increment", "wall_seconds"), ("full_run", "wall_seconds")),
    ),
    Goal(
        "scaling", "The next day's run, against the same day on 1,000,000 orders", 1.5, "×", "pipeline", FULL_SIZE,
        _against_small,
    ),
    Goal(
        "calendar", "Contacts of 500,000 customers for 30 days, against one scan of the customer table", 400, "×",
        "calendar", FULL_SIZE, _pairs(("calendar", "seconds"), ("calendar", "scan_seconds")),
    ),
    Goal(
        "large", "100,000,000 orders complete under a memory limit of 8 GB: runs that did", 1, "", "pipeline",
        LARGE_SIZE, lambda record, _: [float(len(record["pieces"].get("full_run", [])))], is_at_least=True,
    ),
    Goal(
        "pandas", "RFM and cohorts: pandas' time against ours", 5, "×", "peers", FULL_SIZE,
        _pairs(("pandas_marts", "seconds"), ("product_marts", "seconds")), is_at_least=True,
    ),
    Goal(
        "lifetimes", "RFM and cohorts: the time of lifetimes' summary against ours", 20, "×", "peers", FULL_SIZE,
        _pairs(("lifetimes_summary", "seconds"), ("product_marts", "seconds")), is_at_least=True,
    ),
    Goal("fixed", "A run on 100 orders, against a bare `dbt build`", 2, "×", "fixed_cost", 100, _fixed),
    Goal(
        "dags", "All DAG files together, beyond Airflow's own import", 2, "s", "dag_import", 0,
        lambda record, _: figures(record, "dags", "seconds"),
    ),
    Goal(
        "csv", "Loading a CSV: speed against DuckDB's own `read_csv` into Parquet", 0.5, "×", "csv", FULL_SIZE,
        _pairs(("duckdb", "seconds"), ("product", "seconds")), is_at_least=True,
    ),
    Goal(
        "history", "36 month-ends of 500,000 customers complete under a memory limit of 4 GB: builds that did",
        1, "", "history", HISTORY_SIZE, lambda record, _: [float(len(figures(record, "history", "seconds")))],
        is_at_least=True,
    ),
    Goal(
        "value_fit", "BG/NBD of 1,000,000 customers: the time of the faster of two peers against ours", 10, "×",
        "value_fit", VALUE_CUSTOMERS, faster_peer, is_at_least=True,
    ),
    Goal(
        "value_parameters", "BG/NBD of 1,000,000 customers: largest difference of a parameter from a peer's", 0.5, "%",
        "value_fit", VALUE_CUSTOMERS, farthest_parameter,
    ),
)  # fmt: skip


def judge(records: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Each goal, judged by the median of its rounds at its own size; at the next best size it is only shown."""
    by_key: Records = {(record["what"], record["rows"]): record for record in records}
    return [_judge(goal, by_key) for goal in GOALS]


def _judge(goal: Goal, records: Records) -> Outcome:
    sizes = sorted(
        (rows for what, rows in records if what == goal.what),
        key=lambda rows: (rows != goal.rows, abs(rows - goal.rows)),
    )
    for rows in sizes:
        if goal.rows == LARGE_SIZE and rows != LARGE_SIZE:
            continue
        record = records[(goal.what, rows)]
        values = goal.values(record, records)
        if not values:
            continue
        spread = Spread.of(values)
        is_met = spread.median >= goal.bound if goal.is_at_least else spread.median <= goal.bound
        verdict = ("met" if is_met else "MISSED") if rows == goal.rows else "not judged at this size"
        return Outcome(goal, spread, rows, verdict, bool(record["is_provisional"]))
    return Outcome(goal, None, goal.rows, "not measured", False)


def shown_bound(goal: Goal) -> str:
    """The bound, as a reader takes it: `≤ 8×`."""
    return f"{'≥' if goal.is_at_least else '≤'} {shown(goal.bound, goal.unit)}"


def shown(value: float, unit: str) -> str:
    """A figure with its unit, to three digits."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0  # noqa: PLR2004  # three digits
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text}{'' if unit in ('×', '') else ' '}{unit}"


def shown_spread(outcome: Outcome) -> str:
    """Median, with least and most where there was more than one round."""
    spread, unit = outcome.spread, outcome.goal.unit
    if spread is None:
        return "–"
    middle = shown(spread.median, unit)
    return middle if spread.count == 1 else f"{middle} ({shown(spread.least, unit)}–{shown(spread.most, unit)})"
