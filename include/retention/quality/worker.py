"""The line to the process that checks: started early, so that its imports overlap with other steps.

One JSON line per request and per answer; the other end is `worker_process`.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

from retention import errors
from retention.errors import RetentionError
from retention.quality.results import CheckResult

SECONDS_TO_FINISH = 60


class CheckerFailedError(RetentionError):
    """The checking process died or met a defect; nothing is known about the data."""


class QualityWorker:
    """A checking process and the line to it. Use it as a context manager, or close it.

    Args:
        project_dir: folder that holds expectations/.
        data_docs: folder for the Data Docs.
        log: file that receives what the process prints.
        threads: DuckDB threads of the checks; default: one a core.
        memory_limit: DuckDB's memory_limit of the checks.
    """

    def __init__(
        self,
        project_dir: Path,
        data_docs: Path,
        log: Path,
        threads: int | None = None,
        memory_limit: str | None = None,
    ) -> None:
        self.data_docs = data_docs
        self.log = log
        self._line = threading.Lock()
        self._writes_pages = False
        given = {"threads": threads, "memory_limit": memory_limit}
        limits = [f"{name}={value}" for name, value in given.items() if value is not None]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "retention.quality.worker_process", str(project_dir), str(data_docs), *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                encoding="utf-8",
            )

    def __enter__(self) -> "QualityWorker":
        """Return the worker itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the worker."""
        self.close()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def check_landed(self, warehouse: Path, as_of: date, entities: Collection[str]) -> list[CheckResult]:
        """Check the landed entities of a warehouse file; see `retention.quality.checks.Checker.check_landed`.

        Raises:
            CheckerFailedError: the process died or met a defect.
            RetentionError: as in the process.
        """
        return self._results("check_landed", warehouse=str(warehouse), as_of=str(as_of), entities=sorted(entities))

    def check_published(self, warehouse: Path, as_of: date, timezone: str) -> list[CheckResult]:
        """Check the tables of schema `marts`; see `retention.quality.checks.Checker.check_published`.

        Raises:
            CheckerFailedError: the process died or met a defect.
            RetentionError: as in the process.
        """
        return self._results("check_published", warehouse=str(warehouse), as_of=str(as_of), timezone=timezone)

    def close(self) -> None:
        """Let the process finish the Data Docs and end. One that has none to write is ended at once."""
        if not self._writes_pages:
            self._process.terminate()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                _close_quietly(pipe)
        try:
            self._process.wait(timeout=SECONDS_TO_FINISH)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _results(self, command: str, **arguments: Any) -> list[CheckResult]:
        return [CheckResult.from_dict(record) for record in self._ask({"command": command, **arguments})]

    def _ask(self, request: Mapping[str, Any]) -> Any:
        """Send a request and wait for its answer."""
        stdin, stdout = self._process.stdin, self._process.stdout
        with self._line:
            try:
                if stdin is None or stdout is None:
                    raise BrokenPipeError
                stdin.write(json.dumps(request) + "\n")
                stdin.flush()
                answer = stdout.readline()
            except (OSError, ValueError):
                answer = ""
        if not answer:
            raise self._failure("ended before it answered")
        content = json.loads(answer)
        if "error" in content:
            raise self._error(content["error"])
        self._writes_pages = True
        return content["results"]

    def _error(self, error: Mapping[str, str]) -> RetentionError:
        """The error of the process: a user's mistake as it is, a defect with the log's place."""
        kind = getattr(errors, error["kind"], None)
        if isinstance(kind, type) and issubclass(kind, RetentionError):
            return kind(error["problem"], error["remedy"])
        return self._failure(f"failed: {error['kind']}")

    def _failure(self, what: str) -> CheckerFailedError:
        return CheckerFailedError(f"The checking process {what}.", f"Its log tells why: {self.log}.")


def _close_quietly(pipe: Any) -> None:
    """Close a pipe whose other end may be gone."""
    try:
        pipe.close()
    except BrokenPipeError:
        return
