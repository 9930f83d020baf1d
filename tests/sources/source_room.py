"""A company whose data comes from sources, with short ways to declare, extract, land and look."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from retention.landing import LandingReport, committed_loads, land, load_contracts, raw_relation_sql
from retention.runs import Home
from retention.settings import PROJECT_DIR
from retention.sources.catalogue import Source, read_sources
from retention.sources.extraction import How, Outcome, extract_source

CONTRACTS = load_contracts(PROJECT_DIR)
ZONE = "Asia/Shanghai"


@dataclass
class SourceRoom:
    """One company's folders.

    Attributes:
        lines: what extracts and landing reported as they went.
    """

    root: Path
    project_dir: Path = PROJECT_DIR
    lines: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return Home(self.root / "home")

    @property
    def file(self) -> Path:
        return self.root / "sources.yml"

    def declare(self, *sources: dict[str, Any]) -> None:
        """Write sources.yml."""
        self.file.write_text(yaml.safe_dump({"sources": list(sources)}, allow_unicode=True), encoding="utf-8")

    def sources(self) -> list[Source]:
        return read_sources(self.file, CONTRACTS, ZONE)

    def extract(self, name: str | None = None, **how: bool) -> list[Outcome]:
        """Extract one source or all, in this process."""
        report = How(say=self.lines.append, **how)
        chosen = [source for source in self.sources() if name in (None, source.name)]
        return [outcome for source in chosen for outcome in extract_source(source, self.home, [], report)]

    def land(self) -> LandingReport:
        return land(self.home, self.root / "landing", CONTRACTS, timezone=ZONE, progress=self.lines.append)

    def loads(self) -> list[dict[str, Any]]:
        return committed_loads(self.home)

    def rows(self, entity: str, columns: str = "*", order: str = "_load_seq, _line_no") -> list[tuple[Any, ...]]:
        """All versions in raw, in the order of delivery."""
        sql = raw_relation_sql(self.home, CONTRACTS[entity])
        return duckdb.sql(f"select {columns} from ({sql}) order by {order}").fetchall()

    def newest(self, entity: str, columns: str) -> list[tuple[Any, ...]]:
        """The newest version of each key, as the staging models choose it."""
        contract = CONTRACTS[entity]
        key, sql = ", ".join(contract.key), raw_relation_sql(self.home, contract)
        newest = f"{contract.version_column} desc nulls last, _load_seq desc, _line_no desc"
        return duckdb.sql(
            f"select {columns} from ({sql}) "
            f"qualify row_number() over (partition by {key} order by {newest}) = 1 order by {key}"
        ).fetchall()

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Start the command line as a process of its own."""
        own = {
            "RETENTION_HOME": str(self.home.path),
            "RETENTION_SOURCES": str(self.file),
            "RETENTION_PROJECT_DIR": str(self.project_dir),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "retention.cli", *arguments],
            env=os.environ | own | environment,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line to its end."""
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=900)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def kill_at_work(self, sign: str, seconds: float, *arguments: str) -> bool:
        """Start an extract and kill it so long after it has written a file; whether it was still at work.

        Args:
            sign: pattern of the file below `vault/extracts`.
        """
        extracts, started = self.home.vault / "extracts", time.time()
        with self.start(*arguments) as process:
            while process.poll() is None and not _is_written(extracts, sign, started):
                time.sleep(0.002)
            time.sleep(seconds)
            was_alive = process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate()
        return was_alive


def _is_written(folder: Path, sign: str, since: float) -> bool:
    for path in folder.glob(sign):
        with suppress(FileNotFoundError):  # gone meanwhile
            if path.stat().st_mtime >= since:
                return True
    return False
