"""Whoever stops a command reads one line and gets the exit code of the signal, whatever DuckDB was about to do."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

# A statement that would take for ever, under the command line's own beginning and end.
STUCK = """
import duckdb
from retention import cli

def stuck():
    print("begun", flush=True)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("select count(*) from range(1000000000000) where hash(range) = 1")

cli.app = stuck
cli.main()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_statement_that_is_stopped_ends_in_one_line(number: signal.Signals, code: int) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what is ignored here is ignored there
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", STUCK], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.5)
        process.send_signal(number)
        try:
            _, told = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, told) == (code, "stopped by a signal; the last release stays published\n")
