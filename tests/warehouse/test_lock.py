"""One writer at a time, told who holds the home; a dead writer holds nothing."""

import subprocess
import sys
import time

import pytest

from retention.errors import LockBusyError
from retention.runs import Home
from retention.warehouse.lock import writer_lock

HOLD = """
import sys, time
from pathlib import Path
from retention.runs import Home
from retention.warehouse.lock import writer_lock
with writer_lock(Home(Path(sys.argv[1])), "run other"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(home: Home, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.path), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_is_told_who_writes(home: Home) -> None:
    with holder(home, 30) as other:
        with (
            pytest.raises(LockBusyError, match=f"process {other.pid}, run other, since"),
            writer_lock(home, "run mine"),
        ):
            pytest.fail("two writers in one home")
        other.kill()


def test_a_killed_writer_holds_no_lock(home: Home) -> None:
    with holder(home, 30) as other:
        other.kill()
        other.wait()
    with writer_lock(home, "run mine"):
        pass


def test_a_writer_that_may_wait_gets_the_lock_when_the_other_ends(home: Home) -> None:
    started = time.monotonic()
    with holder(home, 1.5), writer_lock(home, "run mine", wait_seconds=20):
        assert time.monotonic() - started < 20
