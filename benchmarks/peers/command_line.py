"""What every peer is asked and how it answers, so that the benchmark runs and compares them alike.

    python benchmarks/peers/<peer>.py RAW_FOLDER AS_OF THREADS

The task, as the product does it: take the newest version of each order up to the as-of day; drop what was cancelled,
or returned as a whole; take returns off the amount; then the summaries that the peer's name says. A peer prints one
line of JSON: its versions, seconds per phase, and sums by which the benchmark sees that all did the same.
"""

import json
import sys
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from time import monotonic


@dataclass
class Task:
    """What is asked, and the seconds spent so far."""

    raw: Path
    as_of: date
    threads: int
    phases: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=monotonic)

    @property
    def orders(self) -> str:
        """Pattern of the raw files of orders."""
        return str(self.raw / "orders" / "load=*" / "part.parquet")

    @property
    def returns(self) -> str:
        """Pattern of the raw files of returns."""
        return str(self.raw / "returns" / "load=*" / "part.parquet")

    def phase(self, name: str) -> None:
        """A phase ends here; the next one begins."""
        now = monotonic()
        self.phases[name] = round(now - self.started, 3)
        self.started = now

    def answer(self, packages: list[str], **sums: float) -> None:
        """Print the answer."""
        versions = {package: version(package) for package in packages}
        figures = {name: round(float(value), 2) for name, value in sums.items()}
        print(json.dumps({"versions": versions, "phases": self.phases, "answer": figures}))


def task() -> Task:
    """The task of the command line."""
    raw, as_of, threads = sys.argv[1:]
    return Task(Path(raw), date.fromisoformat(as_of), int(threads))


def a_year_before(day: date) -> date:
    """The day after which the window of twelve months opens."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=day.day - 1)
