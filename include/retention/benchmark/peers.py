"""What a user would pick instead, run on the same raw files, each in a process of its own.

The scripts stand in `benchmarks/peers`: whatever is named `*_marts.py` makes RFM and cohorts, `*_summary.py` a summary
per customer. They run in an environment of their own (`make peers`), whose versions a lock file of their own holds.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from retention.benchmark.measuring import MeasurementError, measure
from retention.benchmark.pieces import LONGEST_REASON, Bench, last_line, raw_only
from retention.benchmark.records import Piece
from retention.errors import SettingsError
from retention.warehouse.candidate import WAREHOUSE_FILE

TOLERANCE = 1e-9  # relative; peers add binary fractions


@dataclass(frozen=True)
class Peers:
    """Where the peers are.

    Attributes:
        scripts: one per peer.
        python: the interpreter of most of them.
        sqlmesh_python: SQLMesh's, which does not share an environment with the pandas of today.
    """

    scripts: tuple[Path, ...]
    python: Path
    sqlmesh_python: Path

    @classmethod
    def of(cls, project_dir: Path) -> "Peers":
        """The peers of the project, as `make peers` installs them."""
        folder = project_dir / "benchmarks" / "peers"
        return cls(
            tuple(path for kind in ("marts", "summary") for path in sorted(folder.glob(f"*_{kind}.py"))),
            project_dir / ".venv-peers" / "bin" / "python",
            project_dir / ".venv-sqlmesh" / "bin" / "python",
        )

    def require(self) -> None:
        """See that they are installed.

        Raises:
            SettingsError: they are not.
        """
        for interpreter in (self.python, self.sqlmesh_python):
            if not interpreter.exists():
                raise SettingsError(
                    f"The peers are not installed: there is no {interpreter}.",
                    "Install them with `make peers`, or measure without them: --no-peers.",
                )

    def measure(self, script: Path, bench: Bench, day: date) -> Piece:
        """One peer's figures. A peer that fails is no failure of ours: its reason stands in its place."""
        command: Sequence[str | Path] = [self.python, script, bench.home.raw, str(day), str(bench.settings.threads)]
        try:
            done = measure(command, {"PYTHONWARNINGS": "ignore"}, bench.place)
            found: Piece = done.figures() | last_line(done)
        except MeasurementError as error:
            return {"failed": _reason(error)}
        return found | {"seconds": round(sum(found["phases"].values()), 3)}

    def sqlmesh(self, bench: Bench) -> Piece:
        """SQLMesh's figures around the project's own SQL."""
        folder = bench.place / "sqlmesh"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        raw_only(bench.home.published.resolve() / WAREHOUSE_FILE, folder / WAREHOUSE_FILE)
        project_dir = bench.settings.project_dir
        script, project = project_dir / "benchmarks" / "peers" / "sqlmesh_project.py", project_dir / "dbt_project"
        try:
            done = measure([self.sqlmesh_python, script, project, folder / WAREHOUSE_FILE, folder], bench.environment)
            return done.figures() | last_line(done)
        except MeasurementError as error:
            return {"failed": _reason(error)}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def differences(ours: Mapping[str, float], theirs: Mapping[str, float]) -> list[str]:
    """The sums in which a peer's answer differs from ours; those that only one has are not compared."""
    shared = [name for name in ours if name in theirs]
    return [name for name in shared if abs(ours[name] - theirs[name]) > TOLERANCE * max(1.0, abs(ours[name]))]


def require_same(product: Mapping[str, Any], name: str, peer: Mapping[str, Any]) -> None:
    """See that a peer computed what the product computed; otherwise its time means nothing.

    Raises:
        MeasurementError: it did not.
    """
    if "failed" in peer:
        return
    differing = differences(product["answer"], peer["answer"])
    if differing:
        raise MeasurementError(
            f"{name} and the product differ in {', '.join(differing)}: {peer['answer']} and {product['answer']}.",
            f"Bring benchmarks/peers/{name}.py in line with docs/metrics.md, or mend the model.",
        )


def _reason(error: MeasurementError) -> str:
    return error.problem.strip()[-LONGEST_REASON:]
