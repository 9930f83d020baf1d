"""The capacity plan as a section of the page: the fitted costs, and what machines hold by them."""

from collections.abc import Mapping, Sequence
from typing import Any

from retention.benchmark import capacity
from retention.benchmark.tables import table
from retention.settings import Settings

MOVE = """
**When to move**: when the full run no longer fits its window, since a changed rule or a restored home asks for one;
when the run's memory reaches the limit, from where on DuckDB spills to disk and slows down; when the disk holds fewer
releases than a rollback may need. **To what**: first a machine with more memory and a faster disk, then more cores
(`RETENTION_THREADS`; more than the cores measured here is not in this model); a cluster only when one machine's disk or
window is too small for the full run, since a distributed engine costs more per order on one machine.
"""


def capacity_section(records: Sequence[Mapping[str, Any]]) -> str:
    """The cost model and what machines hold."""
    releases = int(Settings.model_fields["keep_releases"].default)
    costs = {
        "load, s": capacity.points(records, "load", "wall_seconds"),
        "full run, s": capacity.points(records, "full_run", "wall_seconds"),
        **{
            f"– step {step}, s": capacity.points(records, "full_run", "steps", step)
            for step in ("validate", "build", "audit", "publish")
        },
        "next day's run, s": capacity.points(records, "increment", "wall_seconds"),
        "memory of the full run, MB": capacity.within_memory(records),
        f"home with {releases} releases, MB": {
            rows: value / 1e6 for rows, value in capacity.home_bytes(records, releases).items()
        },
    }
    lines = {name: line for name, points in costs.items() if (line := capacity.fit(points))}
    if not {"full run, s", "memory of the full run, MB", f"home with {releases} releases, MB"} <= set(lines):
        return (
            "## Capacity plan\nThe cost model needs three sizes or more: `retention bench --rows 300k --rows 1M "
            "--rows 3M --rows 10M`.\n"
        )
    rows = [
        [
            name, f"{line.start:,.1f}", f"{line.slope * 1e6:,.2f}", f"{len(line.sizes)}",
            ", ".join(f"{residual:+.0%}" for residual in line.residuals),
        ]
        for name, line in lines.items()
    ]  # fmt: skip
    disk = lines[f"home with {releases} releases, MB"]
    in_bytes = capacity.Line(disk.start * 1e6, disk.slope * 1e6, disk.sizes, disk.residuals)
    held = capacity.holdings(lines["full run, s"], lines["memory of the full run, MB"], in_bytes)
    largest = max(disk.sizes)
    machines = [
        [
            one.machine.described,
            *(_orders(value, largest) for value in (one.by_time, one.by_memory, one.by_disk, one.least)), one.limit,
        ]
        for one in held
    ]  # fmt: skip
    sizes = ", ".join(f"{size:,}" for size in disk.sizes)
    cores = records[0]["machine"]["cores"]
    return (
        "## Capacity plan\nEvery cost is fitted as `a + b · orders` by least squares of the relative errors, over the "
        f"sizes measured ({sizes}). Customers do not stand in it by themselves: every company measured has 20 orders "
        "per customer, so their cost is part of b.\n\n"
        + table(["Cost", "a", "b per million orders", "Sizes", "Residuals, smallest size first"], rows)
        + f"\nWhat a machine of {cores} cores holds: the most orders whose full run ends in the time window, stays in "
        f"{capacity.MEMORY_SHARE:.0%} of the memory without spilling to disk, and leaves room for {releases} releases "
        "and a candidate. `*`: beyond what was measured.\n\n"
        + table(["Machine and window for a full run", "By time", "By memory", "By disk", "Holds", "Limit"], machines)
        + MOVE
    )


def _orders(value: float, largest: int) -> str:
    if value == float("inf"):
        return "any"
    return f"{value / 1e6:,.1f}M{'*' if value > largest else ''}"
