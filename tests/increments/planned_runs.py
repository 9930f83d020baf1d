"""How the runs of a company's life build: the product's own decision, on loads that are files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.increments.raw_files import CONTRACTS, RawFiles

from retention.landing import committed_loads
from retention.runs import Home, Run
from retention.warehouse.candidate import write_raw_schema
from retention.warehouse.increment import Base, decide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import duckdb
    from tests.increments.company_life import Life

PROJECT = "the same models, seeds and contracts in every run"
TIMEZONE = "Asia/Shanghai"
STARTED_AT = datetime.fromisoformat("2024-12-31T09:00:00")


@dataclass(frozen=True)
class PlannedRun:
    """A run of a company's life, with what it goes on from.

    Args:
        run: who it is; its home holds the loads that are there when it runs.
        pinned: the loads that it sees, by entity.
        base: the release that it goes on from; None for a full build.
        reason: why, in the product's words.
    """

    run: Run
    pinned: Mapping[str, list[str]]
    base: Base | None
    reason: str

    @property
    def mode(self) -> str:
        """Which recording it replays."""
        return "increment" if self.base else "full"

    def lay_raw(self, connection: duckdb.DuckDBPyConnection, mode: str) -> None:
        """Lay schema `raw` for a run in a mode, as the candidate has it."""
        write_raw_schema(connection, self.run, CONTRACTS, self.pinned, self.base if mode == "increment" else None)

    @property
    def manifest(self) -> dict[str, Any]:
        """What its release says of itself to the run after it."""
        origin = {"fingerprint": PROJECT, "timezone": TIMEZONE, "loads": self.pinned}
        return {
            "release_id": self.run.run_id,
            "as_of_date": str(self.run.as_of),
            "profile": self.run.profile,
            "built_from": origin,
        }


def plan(life: Life, folder: Path) -> Iterator[PlannedRun]:
    """Land a life's deliveries and decide, as the product does, how each run builds.

    Each run gets a home of its own with the loads that are there when it runs: what is withdrawn later stays in it.
    """
    release: dict[str, Any] | None = None
    with RawFiles(folder / "files") as files:
        for number, step in enumerate(life.steps):
            files.land(step)
            home = Home(folder / f"run_{number}")
            files.show_in(home)
            loads = committed_loads(home)
            pinned = {entity: [load["load_id"] for load in loads if load["entity"] == entity] for entity in CONTRACTS}
            sequence = {load["load_id"]: load["load_seq"] for load in loads}
            run = Run(f"run_{number}", home, step.profile, step.as_of, STARTED_AT, TIMEZONE)
            decision = decide(run, release, PROJECT, pinned, sequence)
            planned = PlannedRun(run, pinned, decision.base, decision.reason)
            release = planned.manifest
            yield planned
