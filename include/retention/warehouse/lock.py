"""One writer at a time in a home, whoever starts it: Airflow, a person or a backfill."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from retention.errors import LockBusyError
from retention.runs import Home

POLL_SECONDS = 1.0


@contextmanager
def writer_lock(home: Home, purpose: str, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the home's writer lock. The kernel lets go of it when the process ends, however it ends.

    Args:
        purpose: what the holder does, told to whoever is kept out.
        wait_seconds: how long to wait for another writer.

    Raises:
        LockBusyError: another process still holds it after that time.
    """
    home.path.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with home.lock_file.open("a+", encoding="utf-8") as file:
        while not _taken(file.fileno()):
            if time.monotonic() >= deadline:
                raise LockBusyError(
                    f"Another run is writing in {home.path}: {_holder(home.lock_file)}.",
                    "Wait until it has ended, then start again. A run that died holds no lock.",
                )
            time.sleep(POLL_SECONDS)
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "purpose": purpose, "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}, file)
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.truncate()
            file.flush()
            fcntl.flock(file, fcntl.LOCK_UN)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> str:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return f"process {held['pid']}, {held['purpose']}, since {held['since']}"
    except (OSError, ValueError, KeyError):
        return "it has not said who it is"
