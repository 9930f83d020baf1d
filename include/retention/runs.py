"""One run of the pipeline: who it is, where its files stand, and what it has written down so far.

A run is a folder `HOME/work/<run_id>/`. Every step reads its inputs from there and writes its result there,
so that Airflow (one process a step) and the command line (one process in all) run the same code.
"""

import json
import re
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from retention.errors import NotThereError, SettingsError

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,120}")


@dataclass(frozen=True)
class Home:
    """The folders under HOME. Raw is the only truth; all else can be made again from it."""

    path: Path

    @property
    def raw(self) -> Path:
        """Immutable loads: `raw/<entity>/load=<load_id>/{part,quarantine,repeated}.parquet` and `manifest.json`."""
        return self.path / "raw"

    @property
    def vault(self) -> Path:
        """Personal columns and the key of the hashes; readable by the owner only."""
        return self.path / "vault"

    @property
    def work(self) -> Path:
        """One private folder per run."""
        return self.path / "work"

    @property
    def releases(self) -> Path:
        """One sealed folder per published run."""
        return self.path / "releases"

    @property
    def published(self) -> Path:
        """The pointer: a symlink to the release that readers see."""
        return self.path / "published"

    @property
    def closings(self) -> Path:
        """One sealed folder per closed month, never pruned."""
        return self.path / "closings"

    @property
    def reports(self) -> Path:
        """Summaries, one folder per run."""
        return self.path / "reports"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' Data Docs of the last checks."""
        return self.path / "data_docs"

    @property
    def lock_file(self) -> Path:
        """The file whose flock lets one writer in."""
        return self.path / ".writer.lock"


@dataclass(frozen=True)
class Run:
    """The identity and parameters of one run, fixed when it starts.

    Attributes:
        run_id: name of its folder, unique in the home.
        profile: the named set of rule rows.
        as_of: the day the tables describe; None until the data has named its last day.
        started_at: instant in the business's time zone, without offset.
        timezone: the business's time zone.
        target: the engine that builds it.
        known_by: the run sees the loads taken in up to the end of this day; None: all of them.
    """

    run_id: str
    home: Home
    profile: str
    as_of: date | None
    started_at: datetime
    timezone: str
    target: str = "duckdb"
    known_by: date | None = None

    @property
    def folder(self) -> Path:
        """`HOME/work/<run_id>`."""
        return self.home.work / self.run_id

    @property
    def candidate(self) -> Path:
        """The private warehouse that this run builds."""
        return self.folder / "warehouse.duckdb"

    @property
    def candidate_marts(self) -> Path:
        """Beside it, the file of the result tables alone, which readers get."""
        return self.folder / "retention.duckdb"

    @property
    def engine_folder(self) -> Path:
        """What an engine reads and writes beside the candidate while it builds."""
        return self.folder / "engine"

    @property
    def marts_parquet(self) -> Path:
        """The result tables as Parquet, a folder each, where the engine builds such."""
        return self.folder / "marts"

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Write down a step's result as `<name>.json`, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / f"{name}.json", content)

    def read(self, name: str) -> dict[str, Any]:
        """Read a step's result.

        Raises:
            NotThereError: the step has not run.
        """
        path = self.folder / f"{name}.json"
        if not path.exists():
            raise NotThereError(
                f"Run {self.run_id} has no result of step '{name}'.",
                f"Run that step first: retention step {name} --run-id {self.run_id}.",
            )
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content

    def save(self) -> None:
        """Write down the run's parameters."""
        days = {name: day and day.isoformat() for name, day in (("as_of", self.as_of), ("known_by", self.known_by))}
        record = asdict(self) | {"home": str(self.home.path)} | days
        self.write("run", record | {"started_at": self.started_at.isoformat()})


def start_run(
    home: Path,
    profile: str,
    as_of: date | None,
    timezone: str,
    run_id: str | None = None,
    target: str = "duckdb",
    known_by: date | None = None,
) -> Run:
    """Name a new run. Nothing is written until a step writes.

    Args:
        run_id: a name of the caller's (Airflow passes one made of its own run's); default: the present instant.
        known_by: see only what had been taken in by the end of this day.

    Raises:
        SettingsError: the name is no file name, or `known_by` is a day that is still to come.
    """
    now = datetime.now(ZoneInfo(timezone)).replace(tzinfo=None)
    name = run_id or f"{now:%Y%m%dT%H%M%S}_{now.microsecond // 1000:03d}"
    if not RUN_ID.fullmatch(name):
        raise SettingsError(f"Run id {name!r} is not a file name.", "Use letters, digits, '.', '_', '+' and '-'.")
    if known_by is not None and known_by > now.date():
        raise SettingsError(
            f"--known-by {known_by} is still to come: what will be known then is not known.",
            "Name a day up to today, or leave it out.",
        )
    place, started_at = Home(home.expanduser().resolve()), now.replace(microsecond=0)
    return Run(name, place, profile, as_of, started_at, timezone, target, known_by)


def open_run(home: Path, run_id: str) -> Run:
    """Find a run that was started before.

    Raises:
        NotThereError: no such run in this home.
    """
    place = Home(home.expanduser().resolve())
    path = place.work / run_id / "run.json"
    if not RUN_ID.fullmatch(run_id) or not path.exists():
        raise NotThereError(f"No run {run_id!r} in {place.work}.", "List them with: retention status.")
    record = json.loads(path.read_text(encoding="utf-8"))
    return Run(
        run_id,
        place,
        record["profile"],
        date.fromisoformat(record["as_of"]) if record["as_of"] else None,
        datetime.fromisoformat(record["started_at"]),
        record["timezone"],
        record.get("target", "duckdb"),
        date.fromisoformat(record["known_by"]) if record.get("known_by") else None,
    )


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON beside its place and rename it there, so that no reader sees half a file."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    beside.replace(path)
