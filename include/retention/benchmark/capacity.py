"""A cost model fitted to the measured curves: every cost as a + b·orders, and what a machine then holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from retention.benchmark.records import figures

LEAST_SIZES = 3
MEMORY_SHARE = 0.75  # of a machine's memory; the rest is the system's and the page cache's
BYTES_PER_GB = 1e9
MB_PER_GB = 1e3


@dataclass(frozen=True)
class Line:
    """A fitted cost: `start + slope · orders`, neither below 0.

    Attributes:
        sizes: the orders that it was fitted to.
        residuals: at each size, measured minus fitted, as a share of the measured.
    """

    start: float
    slope: float
    sizes: tuple[int, ...]
    residuals: tuple[float, ...]

    def at(self, orders: float) -> float:
        """The cost at a number of orders."""
        return self.start + self.slope * orders

    def holds(self, budget: float) -> float:
        """The most orders whose cost stays within a budget; 0 where none does, infinity where it does not grow."""
        if self.start > budget:
            return 0.0
        return (budget - self.start) / self.slope if self.slope > 0 else float("inf")


@dataclass(frozen=True)
class Machine:
    """A machine that a company may have. Its cores are those of the measurement."""

    memory_gb: float
    disk_gb: float
    window_minutes: float

    @property
    def described(self) -> str:
        """In words."""
        return f"{self.memory_gb:g} GB memory, {self.disk_gb:,g} GB disk, {self.window_minutes:g} min"


@dataclass(frozen=True)
class Holding:
    """The most orders that each of a machine's limits allows."""

    machine: Machine
    by_time: float
    by_memory: float
    by_disk: float

    @property
    def least(self) -> float:
        """Orders that the machine holds."""
        return min(self.by_time, self.by_memory, self.by_disk)

    @property
    def limit(self) -> str:
        """Which limit is reached first."""
        named = {"time": self.by_time, "memory": self.by_memory, "disk": self.by_disk}
        return min(named, key=lambda name: named[name])


MACHINES = (Machine(8, 50, 30), Machine(16, 200, 60), Machine(32, 500, 60), Machine(64, 1000, 120))


def fit(points: Mapping[int, float]) -> Line | None:
    """Fit a line by least squares of the relative errors, so that small sizes count as much as large ones.

    Args:
        points: measured cost by number of orders.

    Returns:
        The line; None for fewer than three sizes, which would fit anything.
    """
    measured = {orders: value for orders, value in sorted(points.items()) if value > 0}
    if len(measured) < LEAST_SIZES:
        return None
    # Divided by the measured value, the equation of each size reads u·start + v·slope = 1.
    u = [1 / value for value in measured.values()]
    v = [orders / value for orders, value in measured.items()]
    uu, uv, vv = (sum(a * b for a, b in zip(one, two, strict=True)) for one, two in ((u, u), (u, v), (v, v)))
    determinant = uu * vv - uv * uv
    start, slope = (sum(u) * vv - sum(v) * uv) / determinant, (sum(v) * uu - sum(u) * uv) / determinant
    if start < 0:
        start, slope = 0.0, sum(v) / vv
    elif slope < 0:
        start, slope = sum(u) / uu, 0.0
    residuals = tuple(1 - (start + slope * orders) / value for orders, value in measured.items())
    return Line(start, slope, tuple(measured), residuals)


def points(records: Sequence[Mapping[str, Any]], piece: str, *names: str) -> dict[int, float]:
    """The median of a figure by number of orders. Several names lead into a nested figure, such as a step's."""
    found = {}
    for record in records:
        if record["what"] != "pipeline":
            continue
        if len(names) == 1:
            values = figures(record, piece, names[0])
        else:
            values = [one[names[0]][names[1]] for one in record["pieces"].get(piece, []) if names[1] in one[names[0]]]
        if values:
            found[int(record["rows"])] = median(values)
    return found


def within_memory(records: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    """Peak memory of the full run in MB, of the sizes that stayed well below the limit: beyond it, DuckDB spills."""
    limits = {int(record["rows"]): _megabytes(record["notes"]["memory_limit"]) for record in records
              if record["what"] == "pipeline"}  # fmt: skip
    found = points(records, "full_run", "peak_memory_mb")
    return {rows: value for rows, value in found.items() if value < limits[rows]}


def home_bytes(records: Sequence[Mapping[str, Any]], releases: int) -> dict[int, float]:
    """Bytes of a home that keeps so many releases, with the candidate of a run that is under way."""
    raw, release = (points(records, "full_run", name) for name in ("raw_bytes", "release_bytes"))
    return {rows: raw[rows] + release[rows] * (releases + 1) for rows in raw}


def holdings(full_run: Line, memory: Line, disk: Line) -> list[Holding]:
    """What each machine holds."""
    return [
        Holding(
            machine,
            full_run.holds(machine.window_minutes * 60),
            memory.holds(machine.memory_gb * MB_PER_GB * MEMORY_SHARE),
            disk.holds(machine.disk_gb * BYTES_PER_GB),
        )
        for machine in MACHINES
    ]


def _megabytes(limit: str) -> float:
    """A memory limit such as 8GB or 8 GiB, in MB."""
    factors = {"K": 1e-3, "M": 1.0, "G": 1e3, "T": 1e6}
    number = limit.rstrip("KMGTiB ")
    return float(number) * factors[limit[len(number) :].strip()[0]]
