"""Records of measurements: one JSON file per kind and size, with all that is needed to measure it again."""

import importlib.metadata
import json
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retention.benchmark.measuring import cores
from retention.errors import SettingsError
from retention.runs import write_json

PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "apache-airflow")
QUIET_SHARE = 0.05  # of the machine's processor time; more than this used by others makes figures provisional
PLACES = ("--out", "--work", "--home")

Piece = dict[str, Any]


@dataclass
class Record:
    """What was measured of one kind at one size.

    Attributes:
        what: pipeline, calendar, peers, csv, fixed_cost or dag_import: also the first part of the file's name.
        rows: orders of the company; 0 where none are needed.
        pieces: by name of the piece, its figures per repetition. The repetitions of all pieces went in turn.
        notes: what a reader must know beside the figures.
    """

    what: str
    rows: int
    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def add(self, piece: str, figures: Piece) -> None:
        """Keep one repetition of a piece."""
        self.pieces.setdefault(piece, []).append(figures)

    @property
    def others_share(self) -> float:
        """The largest share of the machine that others used while a piece ran."""
        return max((one.get("others_share", 0.0) for many in self.pieces.values() for one in many), default=0.0)

    def save(self, folder: Path, arguments: Sequence[str]) -> Path:
        """Write the record as JSON, with date, machine, versions and the command that makes it again."""
        path = folder / f"{self.what}-{self.rows}.json"
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "what": self.what,
            "rows": self.rows,
            "command": " ".join(["retention", *_without_places(arguments)]),
            "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
            "commit": commit(),
            "is_provisional": self.others_share > QUIET_SHARE,
            "others_share": round(self.others_share, 3),
            "machine": machine(),
            "versions": versions(),
            "notes": self.notes,
            "pieces": self.pieces,
        }
        write_json(path, content)
        return path


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Every record of a folder, by kind and size.

    Raises:
        SettingsError: there is none.
    """
    found: list[dict[str, Any]] = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    if not found:
        raise SettingsError(f"There are no measurements in {folder}.", "Measure first: retention bench.")
    return sorted(found, key=lambda record: (record["what"], record["rows"]))


def _without_places(arguments: Sequence[str]) -> list[str]:
    """A command line without the options that say where files go."""
    kept, is_value = [], False
    for argument in arguments:
        name = argument.partition("=")[0]
        if not is_value and name not in PLACES:
            kept.append(argument)
        is_value = not is_value and argument in PLACES
    return kept


@dataclass(frozen=True)
class Spread:
    """Smallest, middle and largest of some values."""

    least: float
    median: float
    most: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of values, of which there must be one."""
        return cls(min(values), statistics.median(values), max(values), len(values))


def figures(record: Mapping[str, Any], piece: str, name: str) -> list[float]:
    """One figure of a piece, per repetition; empty where it was not measured."""
    return [float(one[name]) for one in record["pieces"].get(piece, []) if name in one]


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Ratios pair by pair: what was measured in the same round."""
    return [one / other for one, other in zip(above, below, strict=False) if other > 0]


def machine() -> dict[str, Any]:
    """Cores, memory and kind of the machine; not its name."""
    model = ""
    cpu_info, memory = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    if cpu_info.exists():
        lines = cpu_info.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    kilobytes = memory.read_text(encoding="utf-8").split()[1] if memory.exists() else "0"
    return {
        "cores": cores(),
        "memory_gb": round(int(kilobytes) / 1e6, 1),
        "processor": model or platform.processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the figures depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The commit of the source, with '+' for changes that are in none; empty where there is no repository."""
    git, place = shutil.which("git"), Path(__file__).parent
    if git is None:
        return ""
    try:
        head, changes = (
            subprocess.run([git, *words], cwd=place, capture_output=True, text=True, check=True).stdout.strip()
            for words in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except subprocess.CalledProcessError:
        return ""
    return head + ("+" if changes else "")


def python() -> str:
    """The interpreter that runs this."""
    return sys.executable
