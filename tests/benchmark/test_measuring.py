"""What a command cost is taken over all processes that it started."""

import sys
from pathlib import Path

import pytest

from retention.benchmark.measuring import MeasurementError, directory_bytes, measure

GRANDCHILD = """
import subprocess, sys
subprocess.run([sys.executable, '-c', '''
import time
taken = bytearray(300_000_000)
began = time.process_time()
while time.process_time() - began < 0.5:
    pass
time.sleep(0.3)
'''], check=True)
print('done')
"""


def test_time_and_memory_of_grandchildren_count() -> None:
    measured = measure([sys.executable, "-c", GRANDCHILD])
    assert measured.output == "done\n"
    assert measured.cpu_seconds >= 0.5
    assert measured.wall_seconds >= 0.8
    assert measured.peak_memory_mb > 300


LEFT_ALONE = """
import subprocess, sys, time
subprocess.Popen([sys.executable, '-c', '''
import time
began = time.process_time()
while time.process_time() - began < 0.5:
    pass
time.sleep(8)
'''])
time.sleep(2)
"""


def test_the_time_of_a_process_that_nobody_waits_for_counts() -> None:
    measured = measure([sys.executable, "-c", LEFT_ALONE])
    assert measured.wall_seconds < 8
    assert measured.cpu_seconds >= 0.5


def test_a_command_that_fails_says_what_it_printed() -> None:
    with pytest.raises(MeasurementError, match="no such thing"):
        measure([sys.executable, "-c", "import sys; sys.exit('no such thing')"])


def test_the_reason_of_a_failure_names_neither_command_nor_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"import sys; sys.exit('first\\nerror: {tmp_path}/home is full')"]
    with pytest.raises(MeasurementError) as caught:
        measure(command)
    assert caught.value.reason(tmp_path) == "home is full"
    with pytest.raises(MeasurementError) as silent:
        measure([sys.executable, "-c", "import sys; sys.exit(3)"])
    assert silent.value.reason(tmp_path) == "ended with 3"


def test_the_callers_settings_do_not_reach_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_PROFILE", "elsewhere")
    command = [sys.executable, "-c", "import os; print({n for n in os.environ if n.startswith('RETENTION_')})"]
    assert measure(command, {"RETENTION_HOME": "here"}).output == "{'RETENTION_HOME'}\n"


def test_a_linked_file_counts_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 1000)
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    (tmp_path / "three").symlink_to(tmp_path / "one")
    assert directory_bytes(tmp_path) == 1000
