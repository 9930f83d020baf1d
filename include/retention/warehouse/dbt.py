"""dbt, once, in a subprocess of its own: an in-process dbt keeps the file's lock after it returns."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from retention.errors import BuildFailedError
from retention.runs import Home, Run
from retention.warehouse.candidate import candidate_link

SHOWN = 3
LONGEST_MESSAGE = 600
OWN_WORDS = re.compile(r"Compilation Error in model \S+ \([^)]*\) (?=seeds/|Seed |Scheme |Profile )")
"""What dbt puts before an error that a macro of ours raised: the row it names says more than the model that read it."""
PARSED = "partial_parse.msgpack"
"""The parsed project, in the folder that dbt works in."""
NODE_FINISHED = "Q"  # dbt's event codes for finished nodes all begin with it


@dataclass(frozen=True)
class DbtResult:
    """What a dbt invocation did.

    Attributes:
        node_seconds: execution time of every node, by its unique ID.
        statuses: how many nodes ended as success, pass, warn, error, fail, skipped.
        failures: one line for every node that failed.
    """

    node_seconds: dict[str, float] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DbtProcess:
    """The process that dbt runs in.

    Attributes:
        target: the output of profiles.yml.
        module: module to start; it takes the parent's process ID, then its own arguments, then dbt's.
        arguments: its own arguments.
        environment: variables that it gets beside the inherited ones.
        without: inherited variables that it does not get.
    """

    target: str = "duckdb"
    module: str = "retention.warehouse.dbt_process"
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    without: Sequence[str] = ()


def dbt_target(home: Home) -> Path:
    """Where dbt leaves what it compiled and did; kept from run to run, so that it need not parse the project anew."""
    return home.work / ".dbt"


def dbt_build(
    run: Run,
    project_dir: Path,
    *,
    threads: int,
    memory_limit: str,
    progress: Callable[[str], None],
    select: Sequence[str] = (),
    process: DbtProcess = DbtProcess(),
) -> DbtResult:
    """Build and test every model, by default in the run's candidate.

    Unit tests are left out: they judge the code, which the test suite does, not this day's data.

    Args:
        process: what to run dbt in, and against which engine.

    Raises:
        BuildFailedError: a model or a test failed; the message names the first ones, with dbt's own words.
    """
    target = dbt_target(run.home)
    shared = project_dir / "dbt_project" / "target" / f"parsed.{process.target}.msgpack"
    take_parsed(shared, target)
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    logs = run.folder / "logs"
    command = [
        *(sys.executable, "-m", process.module, str(os.getpid()), *process.arguments, "build"),
        *("--target", process.target),
        *("--project-dir", str(project_dir / "dbt_project"), "--profiles-dir", str(project_dir / "dbt_project")),
        *("--target-path", str(target), "--log-path", str(logs), "--log-format", "json", "--log-level", "info"),
        *("--log-level-file", "none", "--exclude-resource-type", "unit_test", "--no-use-colors", "--no-version-check"),
        *(("--select", *select) if select else ()),
    ]
    inherited = {name: value for name, value in os.environ.items() if name not in process.without}
    environment = inherited | {
        "RETENTION_WAREHOUSE": str(candidate_link(run.home) / run.candidate.name),
        "RETENTION_THREADS": str(threads),
        "RETENTION_MEMORY_LIMIT": memory_limit,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        **process.environment,
    }
    logs.mkdir(parents=True, exist_ok=True)
    with (
        # dbt would make every line twice, for us and for its file, which takes a tenth of its time (measured).
        (logs / "dbt.log").open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        ) as child,
    ):
        try:
            said = list(_follow(_kept(child.stdout or (), log), progress))
        except BaseException:
            child.terminate()
            raise
    share_parsed(target, shared)
    result = _read_results(results)
    if child.returncode != 0 or result.failures:
        raise BuildFailedError(_explain_failure(result, said), f"dbt's log: {logs / 'dbt.log'}.")
    return result


def take_parsed(shared: Path, target: Path) -> None:
    """Begin a new home with the project as another home has parsed it: dbt parses again what has changed since."""
    own = target / PARSED
    if own.exists() or not shared.exists():
        return
    target.mkdir(parents=True, exist_ok=True)
    _put(shared, own)


def share_parsed(target: Path, shared: Path) -> None:
    """Leave the parsed project for homes to come, beside the project; where that can't be written, nothing is left."""
    own = target / PARSED
    if not own.exists() or (shared.exists() and shared.stat().st_mtime >= own.stat().st_mtime):
        return
    with suppress(OSError):
        shared.parent.mkdir(exist_ok=True)
        _put(own, shared)


def _put(source: Path, place: Path) -> None:
    """Copy a file so that others find it whole or not at all."""
    beside = place.with_name(f"{place.name}.{os.getpid()}.new")
    shutil.copyfile(source, beside)
    beside.replace(place)


def _kept(lines: Iterable[str], log: TextIO) -> Iterator[str]:
    """The same lines, each written to the log at once."""
    for line in lines:
        log.write(line)
        log.flush()
        yield line


def _follow(lines: Iterable[str], progress: Callable[[str], None]) -> Iterator[str]:
    """Pass finished nodes on as progress; yield what dbt says at level error, or outside its own log."""
    for line in lines:
        try:
            info = json.loads(line)["info"]
        except (ValueError, KeyError, TypeError):
            yield line.strip()
            continue
        if info.get("level") == "error":
            yield str(info.get("msg", "")).strip()
        elif str(info.get("code", "")).startswith(NODE_FINISHED) and " START " not in info.get("msg", ""):
            progress(str(info["msg"]).strip())


def _read_results(path: Path) -> DbtResult:
    if not path.exists():
        return DbtResult()
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    result = DbtResult()
    for node in content["results"]:
        status = str(node["status"])
        result.node_seconds[node["unique_id"]] = float(node["execution_time"])
        result.statuses[status] = result.statuses.get(status, 0) + 1
        if status in ("error", "fail", "runtime error"):
            name = ".".join(node["unique_id"].split(".")[2:3])
            result.failures.append(failure_line(name, cause_of(str(node.get("message") or status))))
    return result


def failure_line(name: str, cause: str) -> str:
    """A line on a node that failed; where our own rules refused a row, that alone."""
    own = OWN_WORDS.match(cause)
    return cause[own.end() :] if own else f"{name}: {cause}"


def cause_of(message: str) -> str:
    """What went wrong, without the trail of macros that dbt lays behind it, or that of Java's calls."""
    lines = message.split(" > in macro ", maxsplit=1)[0].split("> in macro", maxsplit=1)[0].splitlines()
    told = [line.strip() for line in lines if not line.strip().startswith("at ")]
    causes = [number for number, line in enumerate(told) if line.startswith("Caused by:")]
    # Of Java's chain of causes the last began it; those between say the same again.
    kept = [*told[: causes[0]], told[causes[-1]]] if causes else told
    words = " ".join(" ".join(kept).split())
    return words if len(words) <= LONGEST_MESSAGE else f"{words[:LONGEST_MESSAGE]}…"


def _explain_failure(result: DbtResult, said: Sequence[str]) -> str:
    failures = list(dict.fromkeys(result.failures))
    shown = failures[:SHOWN] or [cause_of(line) for line in said if line][-SHOWN:]
    more = f" (and {len(failures) - SHOWN} more)" if len(failures) > SHOWN else ""
    return f"The build failed: {('; '.join(shown) or 'dbt said nothing').rstrip('.')}{more}."
