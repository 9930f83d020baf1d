"""What a user would pick instead, run on the same raw files, each in a process of its own.

The scripts stand in `benchmarks/peers`: whatever is named `*_marts.py` makes RFM and cohorts, `*_summary.py` a summary
per customer. They run in an environment of their own (`make peers`), whose versions a lock file of their own holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from retention.benchmark.measuring import MeasurementError, measure
from retention.benchmark.pieces import Bench, last_line
from retention.benchmark.records import Piece
from retention.errors import SettingsError

TOLERANCE = 1e-9  # relative; peers add binary fractions


@dataclass(frozen=True)
class Peers:
    """Where the peers are.

    Attributes:
        scripts: one per peer.
        python: their interpreter.
    """

    scripts: tuple[Path, ...]
    python: Path

    @classmethod
    def of(cls, project_dir: Path) -> "Peers":
        """The peers of the project, as `make peers` installs them."""
        folder = project_dir / "benchmarks" / "peers"
        return cls(
            tuple(path for kind in ("marts", "summary") for path in sorted(folder.glob(f"*_{kind}.py"))),
            project_dir / ".venv-peers" / "bin" / "python",
        )

    def require(self) -> None:
        """See that they are installed.

        Raises:
            SettingsError: they are not.
        """
        if not self.python.exists():
            raise SettingsError(
                f"The peers are not installed: there is no {self.python}.",
                "Install them with `make peers`, or measure without them: --no-peers.",
            )

    def measure(self, script: Path, bench: Bench, day: date) -> Piece:
        """One peer's figures. A peer that fails is no failure of ours: its reason stands in its place."""
        command: Sequence[str | Path] = [self.python, script, bench.home.raw, str(day), str(bench.settings.threads)]
        try:
            done = measure(command, {"PYTHONWARNINGS": "ignore"}, bench.place)
            found: Piece = done.figures() | last_line(done)
        except MeasurementError as error:
            return {"failed": error.reason(bench.place)}
        return found | {"seconds": round(sum(found["phases"].values()), 3)}


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
