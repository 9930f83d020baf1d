"""The month-end history as a section of the page."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from retention.benchmark.records import figures, ratios
from retention.benchmark.tables import plain, table

Records = Sequence[Mapping[str, Any]]
HEAD = [
    "Customers at the last month-end", "Mean of all month-ends", "Month-ends", "Schemes", "Rows", "History, s",
    "Floor's aggregate, s", "History over it", "Processor, s", "Memory, MB", "History's file, MB",
]  # fmt: skip
HOW = """
One company of 37 months, 20 orders a customer; customers come over time, so early months hold fewer. **History** is the
product's compiled SQL of `customer_tier_history`, `tier_migration`, `tier_crosswalk` and of what leads to them from the
days of snapshots on, written to new files, one model after the other, in a process of its own whose DuckDB may use the
memory limit and no more; processor time and memory are the whole process's, which makes orders and customers from raw
files first. **Floor's aggregate**: DuckDB sums the same orders once per customer.
"""


def history_section(records: Records) -> str:
    """What the month-end history costs; empty where it was not measured."""
    found = [record for record in records if record["what"] == "history"]
    if not found:
        return ""
    limits = " and ".join(dict.fromkeys(str(record["notes"]["memory_limit"]) for record in found))
    slowest = "".join(_slowest(record) for record in found)
    return (
        f"## Month-end history under a memory limit of {limits}\n"
        + table(HEAD, [_row(record) for record in found])
        + HOW
        + slowest
    )


def _row(record: Mapping[str, Any]) -> list[str]:
    customers = f"{record['notes']['customers']:,}"
    if not figures(record, "history", "seconds"):
        return [customers, f"failed: {plain(str(record['notes'].get('failed', '')))}", *["–"] * (len(HEAD) - 2)]
    rows, months, schemes, last = (_of(record, name) for name in ("history_rows", "months", "schemes", "customers"))
    floor = [one["phases"]["aggregate"] for one in record["pieces"].get("floor", [])]
    above = ratios(figures(record, "history", "seconds"), floor)
    return [
        f"{last:,.0f}", f"{rows / months / schemes:,.0f}", f"{months:.0f}", f"{schemes:.0f}", f"{rows:,.0f}",
        f"{_of(record, 'seconds'):,.1f}", f"{median(floor):,.2f}" if floor else "–",
        f"{median(above):,.0f}×" if above else "–", f"{_of(record, 'cpu_seconds'):,.1f}",
        f"{_of(record, 'peak_memory_mb'):,.0f}", f"{_of(record, 'history_bytes') / 1e6:,.0f}",
    ]  # fmt: skip


def _slowest(record: Mapping[str, Any]) -> str:
    """Seconds per model."""
    rounds = [one["phases"] for one in record["pieces"].get("history", []) if "phases" in one]
    if not rounds:
        return ""
    seconds = {name: median(one[name] for one in rounds) for name in rounds[0]}
    rows = [[f"`{name}`", f"{seconds[name]:,.1f}"] for name in sorted(seconds, key=lambda name: -seconds[name])]
    return f"\n### Its models at {record['notes']['customers']:,} customers\n" + table(["Model", "Seconds"], rows)


def _of(record: Mapping[str, Any], name: str) -> float:
    return median(figures(record, "history", name))
