"""A command line of `retention` as a task: what it is, what it inherits, and what its end means."""

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from retention.errors import CheckFailedError, LoadRefusedError, RetentionError, SettingsError
from retention.settings import load_settings

WRITER_POOL = "warehouse_writer"
"""The pool of one slot: one task at a time may write in a home."""

FINAL_EXIT_CODES = {error.exit_code for error in (SettingsError, LoadRefusedError, CheckFailedError)}
"""Exit codes that a retry can't mend: wrong settings, a refused load, a failed check."""

STOP_SECONDS = 10
"""How long a stopped step may take to end by itself."""

LOCK_WAIT_SECONDS = 600
"""How long a step waits for a writer that Airflow's pool doesn't know of, a run by hand."""

SHOWN_LINES = 20
"""Last lines of a failed step that go into its error message."""


class RetentionCommand(BaseOperator):  # type: ignore[misc]  # mypy doesn't follow airflow (pyproject.toml)
    """A command line of `retention` as a task; the subclasses say which."""

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """Compose the command line."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Compose the environment of the process."""
        return step_environment()

    def execute(self, context: Mapping[str, Any]) -> Any:
        """Run it."""
        self.run_command(context)

    def run_command(self, context: Mapping[str, Any]) -> list[str]:
        """Run it; its output goes to the task log as it comes.

        Returns:
            Its last lines.

        Raises:
            AirflowFailException: it failed in a way that a retry can't mend.
            AirflowException: it failed otherwise; Airflow retries it.
        """
        try:
            command = self.command(context)
        except RetentionError as error:
            raise AirflowFailException(str(error)) from error
        self.log.info("Running: %s", " ".join(command))
        self._process = subprocess.Popen(
            command,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        last_lines: deque[str] = deque(maxlen=SHOWN_LINES)
        for line in self._process.stdout or ():
            last_lines.append(line.rstrip())
            self.log.info("%s", line.rstrip())
        exit_code = self._process.wait()
        if exit_code:
            raise step_failure(" ".join(command[1:3]), exit_code, last_lines)
        return list(last_lines)

    def on_kill(self) -> None:
        """End the step and what it started (dbt, say) when the task is stopped or times out."""
        process = getattr(self, "_process", None)
        if process is None or process.poll() is not None:
            return
        root = psutil.Process(process.pid)
        family = [root, *root.children(recursive=True)]  # the root first, lest it take its child's end for a failure
        for stop in (psutil.Process.terminate, psutil.Process.kill):
            for member in filter(is_alive, family):
                with suppress(psutil.NoSuchProcess):
                    stop(member)
            # Not psutil.wait_procs: it would take the step's exit code away, and the task would pass for a success.
            deadline = time.monotonic() + STOP_SECONDS
            while any(map(is_alive, family)) and time.monotonic() < deadline:
                time.sleep(0.1)


def retention_line(*arguments: str) -> list[str]:
    """A command line of `retention` on the settings' home."""
    home = f"--home={load_settings().home_dir}"
    return [str(Path(sys.executable).with_name("retention")), *arguments, home]


def step_environment() -> dict[str, str]:
    """What a step inherits: all but Airflow's own variables, which hold the passwords of its database."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW"))}
    # A log has no width: without this the error line would be wrapped, and its end shown instead of all of it.
    return inherited | {"COLUMNS": "1000", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


def step_failure(command: str, exit_code: int, last_lines: Iterable[str]) -> Exception:
    """Turn a failed command into the exception that tells Airflow whether to try again; the message is its own."""
    said = [line for line in last_lines if line.strip()]
    message = said[-1] if said else "it wrote nothing"
    kind = AirflowFailException if exit_code in FINAL_EXIT_CODES else AirflowException
    failure: Exception = kind(f"retention {command} ended with exit code {exit_code}: {message}")
    return failure


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
