"""What a command costs as a whole: wall time, processor time, memory and whoever else was using the machine."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, thread_time
from typing import Any

from retention.errors import RetentionError, SettingsError

SAMPLE_SECONDS = 0.05
LONGEST_REASON = 400
ENDED = "` ended with "
SHOWN = 3000  # characters of a failed command's output
IDLE_KINDS = ("idle", "iowait", "guest", "guest_nice")  # guests' time is counted in user time already


class MeasurementError(RetentionError):
    """A measured command failed, so there is nothing to measure."""

    def reason(self, place: Path) -> str:
        """The last line of what the command said, without the folder in which it ran."""
        code, _, said = self.problem.partition(ENDED)[2].partition(": ")
        said = said.strip(" .") or f"ended with {code}"
        return said.replace(f"{place}/", "").strip().splitlines()[-1].rpartition("error: ")[2][-LONGEST_REASON:]


@dataclass(frozen=True)
class Measured:
    """What one command cost, with all processes that it started.

    Attributes:
        wall_seconds: from its start to its end.
        cpu_seconds: user and system time of the process and of all that it started. The kernel tells it for those that
            were waited for; a Java that was not is known by what it had used when it was last looked at.
        peak_memory_mb: the largest sum of resident memory over the process tree, looked at every 50 ms; pages that
            processes share count in each.
        others_share: processor time that anybody else used meanwhile, as a share of all cores' time.
        output: what it printed on standard output.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_memory_mb: float
    others_share: float
    output: str

    def figures(self) -> dict[str, float]:
        """The figures, for a record."""
        return {name: round(value, 3) for name, value in asdict(self).items() if name != "output"}


def measure(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Measured:
    """Run a command to its end, without the caller's own settings (`RETENTION_*`).

    Raises:
        MeasurementError: it failed; the message holds the end of what it printed.
    """
    psutil = _psutil()
    words = [str(word) for word in command]
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        busy_before, started = _busy_seconds(psutil), monotonic()
        process = subprocess.Popen(words, env=_environment(environment or {}), cwd=cwd, stdout=out, stderr=err)
        sampler = _Sampler(psutil, process.pid)
        try:
            sampler.start()
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            raise
        finally:
            sampler.stop()
        wall = monotonic() - started
        busy = _busy_seconds(psutil) - busy_before
        process.returncode = os.waitstatus_to_exitcode(status)
        printed, complaints = (_text(file) for file in (out, err))
    if process.returncode:
        raise MeasurementError(
            f"`{' '.join(words)}{ENDED}{process.returncode}: {(printed + complaints)[-SHOWN:].strip()}",
            "Mend what it complains about, then measure again.",
        )
    cpu = max(used.ru_utime + used.ru_stime, sampler.tree_seconds)
    others = max(0.0, busy - cpu - sampler.cpu_seconds) / (wall * cores())
    return Measured(wall, cpu, sampler.peak / 1e6, others, printed)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def directory_bytes(folder: Path) -> int:
    """Bytes of the files below a folder; a file that has several names there counts once."""
    stats = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            stat = path.stat()
            stats[(stat.st_dev, stat.st_ino)] = stat.st_size
    return sum(stats.values())


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RETENTION_")} | dict(given)


class _Sampler(threading.Thread):
    """Looks at the memory and the processor time of a process tree until it is told to stop."""

    def __init__(self, psutil: Any, pid: int) -> None:
        super().__init__(daemon=True)
        self.psutil, self.pid = psutil, pid
        self.peak = 0
        self.cpu_seconds = 0.0  # what looking cost, which is nobody else's
        self._used: dict[int, float] = {}  # by process, when last seen
        self._ended = threading.Event()

    def run(self) -> None:
        """Look, until the end."""
        while not self._ended.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, self._resident())
            self.cpu_seconds = thread_time()

    def stop(self) -> None:
        """Stop looking."""
        self._ended.set()
        self.join()

    @property
    def tree_seconds(self) -> float:
        """Processor time of all processes seen, up to when each was last seen."""
        return sum(self._used.values())

    def _resident(self) -> int:
        try:
            parent = self.psutil.Process(self.pid)
            tree = [parent, *parent.children(recursive=True)]
        except self.psutil.Error:
            return 0
        return sum(self._resident_of(process) for process in tree)

    def _resident_of(self, process: Any) -> int:
        try:
            times = process.cpu_times()
            self._used[process.pid] = times.user + times.system
            return int(process.memory_info().rss)
        except self.psutil.Error:  # it ended meanwhile
            return 0


def _busy_seconds(psutil: Any) -> float:
    """Processor time that the machine has spent on anything, stolen time included."""
    times = psutil.cpu_times()._asdict()
    return float(sum(seconds for kind, seconds in times.items() if kind not in IDLE_KINDS))


def _psutil() -> Any:
    try:
        import psutil  # noqa: PLC0415  # only measuring needs it
    except ImportError as error:
        raise SettingsError("Measuring needs the package psutil.", "Install retention-pipeline[bench].") from error
    return psutil


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode("utf-8", "replace"))
