"""The fit of BG/NBD beside its peers: the same customers, every fit a process of its own."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from retention.benchmark.measuring import MeasurementError, measure
from retention.benchmark.peers import Peers
from retention.benchmark.pieces import last_line
from retention.benchmark.records import Piece, Record, python
from retention.benchmark.value_customers import LONGEST_WEEKS, TRUTH, write_customers
from retention.settings import Settings

OURS = "product_fit"


def measure_value_fit(
    settings: Settings,
    customers: int,
    repeats: int,
    peers: Peers | None,
    results: Path,
    place: Path,
    arguments: list[str],
    say: Callable[[str], None],
) -> Path:
    """Fit in rounds, each side once a round; the file of the record."""
    record = Record("value_fit", customers, notes={"truth": TRUTH, "longest_weeks": LONGEST_WEEKS})
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as folder:
        scratch = Path(folder)
        source = scratch / "customers.parquet"
        write_customers(source, customers)
        environment = {"RETENTION_PROJECT_DIR": str(settings.project_dir)}
        for number in range(repeats):
            done = measure([python(), "-m", "retention.benchmark.value_process", source], environment, scratch)
            record.add(OURS, done.figures() | last_line(done))
            say(f"{customers:,} customers, round {number + 1}: {OURS}")
            for script in _scripts(peers):
                record.add(script.stem, _peer(peers, script, source, scratch))
                say(f"{customers:,} customers, round {number + 1}: {script.stem}")
    return record.save(results, arguments)


def _scripts(peers: Peers | None) -> list[Path]:
    return sorted(peers.scripts[0].parent.glob("*_fit.py")) if peers else []


def _peer(peers: Peers | None, script: Path, source: Path, scratch: Path) -> Piece:
    """One peer's figures. A peer that fails is no failure of ours: its reason stands in its place."""
    interpreter = peers.python if peers else python()
    try:
        done = measure([interpreter, script, source], {"PYTHONWARNINGS": "ignore"}, scratch)
    except MeasurementError as error:
        return {"failed": error.reason(scratch)}
    return done.figures() | last_line(done)
