"""The fit of BG/NBD beside its peers, as a section of the page."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from retention.benchmark.records import figures, ratios
from retention.benchmark.tables import plain, table

Records = Sequence[Mapping[str, Any]]
OURS, PARAMETERS = "product_fit", ("r", "alpha", "a", "b")
HEAD = ["Fit", "Seconds", "Wall, s", "Processor, s", "Memory, MB", "Against ours", "r", "alpha", "a", "b", "Versions"]
HOW = """
The same customers for all, one row each, made by the model itself from parameters that are in the record, with days as
the unit that is known. Seconds are without imports and contain reading the file; ours also grouping the customers by
DuckDB into those of equal figures, as a run does, which the peers leave to their user. `lifetimes` maximises the same
likelihood; `pymc-marketing` adds its default priors, which among so many customers weigh little. Wall, processor and
memory are the whole process.
"""


def value_section(records: Records) -> str:
    """What a fit costs and finds; empty where it was not measured."""
    text = ""
    for record in records:
        if record["what"] != "value_fit":
            continue
        mark = " (provisional: others used the machine meanwhile)" if record["is_provisional"] else ""
        groups = f"{record['pieces'][OURS][0]['groups']:,.0f}"
        rows = [_row(record, name) for name in record["pieces"]]
        text += f"\n### {record['rows']:,} customers in {groups} groups{mark}\n" + table(HEAD, rows)
    return f"## A value model: fit of BG/NBD{chr(10)}{HOW.lstrip()}{text}" if text else ""


def faster_peer(record: Mapping[str, Any], _: object = None) -> list[float]:
    """How often our time goes into that of the faster peer, round by round."""
    ours, others = record["pieces"].get(OURS, []), _peers(record)
    rounds = zip(*(figures(record, name, "seconds") for name in others), strict=False) if others else ()
    return ratios([min(one) for one in rounds], [float(one["seconds"]) for one in ours])


def farthest_parameter(record: Mapping[str, Any], _: object = None) -> list[float]:
    """By how many percent any parameter differs from any peer's, round by round."""
    ours = record["pieces"].get(OURS, [])
    return [
        max(
            100 * abs(mine["parameters"][name] / record["pieces"][peer][number]["parameters"][name] - 1)
            for peer in _peers(record)
            for name in PARAMETERS
        )
        for number, mine in enumerate(ours)
        if _peers(record)
    ]


def _peers(record: Mapping[str, Any]) -> list[str]:
    """Peers that ended in every round."""
    pieces = record["pieces"]
    return [name for name in pieces if name != OURS and not any("failed" in one for one in pieces[name])]


def _row(record: Mapping[str, Any], name: str) -> list[str]:
    label = "**this product**" if name == OURS else name.removesuffix("_fit").replace("_", "-")
    rounds = record["pieces"][name]
    failed = [one["failed"] for one in rounds if "failed" in one]
    if failed:
        return [label, "failed", *["–"] * (len(HEAD) - 3), plain(failed[0])]
    kinds = ("seconds", "wall_seconds", "cpu_seconds", "peak_memory_mb")
    shown = [f"{median(figures(record, name, kind)):,.{0 if kind.endswith('mb') else 2}f}" for kind in kinds]
    above = median(ratios(figures(record, name, "seconds"), figures(record, OURS, "seconds")))
    found = [f"{rounds[0]['parameters'][parameter]:.5f}" for parameter in PARAMETERS]
    versions = ", ".join(f"{package} {version}" for package, version in rounds[0]["versions"].items())
    return [label, *shown, f"{above:,.1f}×", *found, versions]
