"""The one module that knows Airflow: a step or an extract as a task, the as-of day of a run, what a run waits for.

A task runs `retention step <name>` as a process of its own, the very line a person types. dbt, Great Expectations and
DuckDB so never load in an Airflow process, their file locks end with the step, and a DAG file imports in no time.
"""

import hashlib
import logging
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import Asset, BaseOperator, BaseSensorOperator, Connection
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk.timezone import coerce_datetime, utcnow
from airflow.timetables.base import DagRunInfo, TimeRestriction
from airflow.timetables.trigger import CronPartitionTimetable, CronTriggerTimetable

from retention.errors import CheckFailedError, LoadRefusedError, RetentionError, SettingsError
from retention.settings import load_settings
from retention.sources.arrivals import ScheduledSource, missing_lines, read_schedules

log = logging.getLogger(__name__)

WRITER_POOL = "warehouse_writer"
"""The pool of one slot: one task at a time may write in a home."""

CATCHUP_LIMIT = timedelta(days=31)
"""Days that were missed for longer than this are not caught up by themselves; a backfill runs them."""

FINAL_EXIT_CODES = {error.exit_code for error in (SettingsError, LoadRefusedError, CheckFailedError)}
"""Exit codes that a retry can't mend: wrong settings, a refused load, a failed check."""

STOP_SECONDS = 10
"""How long a stopped step may take to end by itself."""

LOCK_WAIT_SECONDS = 600
"""How long a step waits for a writer that Airflow's pool doesn't know of, a run by hand."""

SHOWN_LINES = 20
"""Last lines of a failed step that go into its error message."""

LOOK_SECONDS = 60
"""How often a run looks whether its sources have arrived."""

CONNECTION_VARIABLE = "RETENTION_CONNECTION_"
"""Begins the variable in which a process is handed an Airflow connection."""


# The subclasses below carry `type: ignore[misc]` because mypy doesn't follow airflow (pyproject.toml), so that its
# classes have no type here.
class DayPartitions(CronPartitionTimetable):  # type: ignore[misc]
    """A cron timetable whose partition is a calendar day of the business's time zone.

    Airflow's own timetable makes the partition an instant (the cron tick), which has three unwanted effects here: a
    backfill `--from-date 2024-05-01 --to-date 2024-05-03` leaves out the 3rd, a run triggered by hand for a day and the
    scheduled one of that day don't know each other, and after a backfill of old days on a new installation the
    schedule would catch up every day since then. Here the partition is midnight of the day.
    """

    def _get_partition_date(self, *, run_date: Any) -> Any:
        """Midnight of the day that a run at `run_date` describes: `run_offset` days from it."""
        return run_date.in_timezone(self._timezone).start_of("day").add(days=self._run_offset)

    def iter_partition_dagrun_infos(self, *, earliest: datetime, latest: datetime) -> Iterable[Any]:
        """Yield the runs of the days from `earliest` to `latest`, both included, for a backfill."""
        first = self.localize_partition_datetime(earliest).in_timezone(self._timezone)
        day = first.start_of("day")
        if day < first:
            day = day.add(days=1)
        last = self.localize_partition_datetime(latest)
        while day <= last:
            # A day that isn't over yet waits for its own hour.
            run_after = self._align_to_next(day.subtract(days=self._run_offset))
            yield DagRunInfo(run_after, None, partition_date=day, partition_key=self._format_key(day))
            day = day.add(days=1)

    def next_dagrun_info_v2(self, *, last_dagrun_info: Any, restriction: TimeRestriction) -> Any:
        """Name the next scheduled run: the day after the last one, or the next tick when that is too long ago."""
        info = super().next_dagrun_info_v2(last_dagrun_info=last_dagrun_info, restriction=restriction)
        if info is None or info.run_after >= utcnow() - CATCHUP_LIMIT:
            return info
        afresh = TimeRestriction(earliest=None, latest=restriction.latest, catchup=restriction.catchup)
        return super().next_dagrun_info_v2(last_dagrun_info=None, restriction=afresh)


class RetentionPlugin(AirflowPlugin):  # type: ignore[misc]
    """Tells Airflow of the timetable; found through the package's entry point."""

    name = "retention"
    timetables = [DayPartitions]  # noqa: RUF012  # Airflow's interface is a plain list


class RetentionCommand(BaseOperator):  # type: ignore[misc]
    """A command line of `retention` as a task; the subclasses say which."""

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """Compose the command line."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Compose the environment of the process."""
        return step_environment()

    def execute(self, context: Mapping[str, Any]) -> None:
        """Run it; its output goes to the task log as it comes.

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

    def on_kill(self) -> None:
        """End the step and what it started (dbt, say) when the task is stopped or times out."""
        process = getattr(self, "_process", None)
        if process is None or process.poll() is not None:
            return
        root = psutil.Process(process.pid)
        family = [root, *root.children(recursive=True)]  # the root first, lest it take its child's end for a failure
        for stop in (psutil.Process.terminate, psutil.Process.kill):
            for member in filter(_is_alive, family):
                with suppress(psutil.NoSuchProcess):
                    stop(member)
            # Not psutil.wait_procs: it would take the step's exit code away, and the task would pass for a success.
            deadline = time.monotonic() + STOP_SECONDS
            while any(map(_is_alive, family)) and time.monotonic() < deadline:
                time.sleep(0.1)


class RetentionStep(RetentionCommand):
    """One step of the pipeline as a task: `retention step <task_id>` for the run's as-of day.

    The DAG's params `as_of`, `profile` and `landing` are optional; without them the partition and the settings speak.
    """

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """Compose the command line of the step."""
        return step_command(self.task_id, context)


class RetentionExtract(RetentionCommand):
    """The extract of one source as a task: `retention extract <source>`.

    Args:
        connection: the Airflow connection that holds its secret. It is handed over in the environment of the process,
            never on its command line, which others on the machine can read.
    """

    def __init__(self, *, source: str, connection: str | None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.source = source
        self.connection = connection

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """Compose the command line of the extract."""
        del context
        return extract_command(self.source)

    def environment(self) -> dict[str, str]:
        """Add the connection, when the source names one."""
        if self.connection is None:
            return step_environment()
        return step_environment() | {connection_variable(self.connection): Connection.get(self.connection).get_uri()}


class WaitForSources(BaseSensorOperator):  # type: ignore[misc]
    """Waits until every source has been extracted for the run's day, or the deadline has passed.

    It gives its worker back between two looks, and holds no slot of the writer's pool. It never fails for a source
    that is missing: it says so, and the run goes on with what there is.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(mode="reschedule", poke_interval=LOOK_SECONDS, **arguments)

    def poke(self, context: Mapping[str, Any]) -> bool:
        """Look once."""
        settings = load_settings()
        try:
            sources = read_schedules(settings.sources_file)
            deadline = sources_deadline(as_of_day(context))
        except RetentionError as error:
            raise AirflowFailException(str(error)) from error
        missing = missing_lines(settings.home_path, sources, lambda source: due_before(source, deadline))
        if not missing:
            self.log.info("all sources have arrived" if sources else "no sources are declared")
            return True
        if utcnow() < deadline and not _is_by_hand(context):
            self.log.info("waiting until %s for: %s", deadline.strftime("%H:%M"), "; ".join(missing))
            return False
        for line in missing:
            self.log.warning("SOURCE MISSING %s", line)
        return True


def sources_deadline(as_of: date) -> datetime:
    """Until when the run of a day waits: the hour of the setting `sources_deadline`, on the day after."""
    settings = load_settings()
    return datetime.combine(as_of + timedelta(days=1), settings.sources_deadline, settings.zone)


def due_before(source: ScheduledSource, deadline: datetime) -> datetime:
    """When a source was last to be extracted, at the deadline."""
    timetable = CronTriggerTimetable(source.schedule, timezone=str(deadline.tzinfo))
    due: datetime = timetable._align_to_prev(coerce_datetime(deadline))
    return due.astimezone(deadline.tzinfo)


def entity_asset(source: str, entity: str) -> Asset:
    """The asset that an extract of an entity renews."""
    return Asset(name=f"source_{source}_{entity}", uri=f"retention://source/{source}/{entity}")


def extract_command(source: str) -> list[str]:
    """Compose the command line that extracts a source."""
    settings = load_settings()
    return [
        str(Path(sys.executable).with_name("retention")),
        "extract",
        source,
        f"--home={settings.home_dir}",
        f"--sources={settings.sources_file}",
    ]


def connection_variable(connection: str) -> str:
    """Name the variable in which a process finds a connection."""
    return CONNECTION_VARIABLE + connection.upper().replace("-", "_").replace(".", "_")


class CompletenessAudit(RetentionCommand):
    """The week's work lists as a task: `retention completeness --weekly` on the published release.

    It reads what readers see and writes into the reports alone, so that it needs no slot of the writers' pool.
    """

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line, in the language of the DAG's param `language`."""
        return [
            str(Path(sys.executable).with_name("retention")),
            "completeness",
            "--weekly",
            f"--language={context['params'].get('language') or 'en'}",
            f"--home={load_settings().home_dir}",
        ]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def step_command(step: str, context: Mapping[str, Any]) -> list[str]:
    """Compose the command line of a step from its run's partition, params and the settings.

    Raises:
        SettingsError: the as-of day or a setting is wrong.
    """
    settings = load_settings()
    params = context["params"]
    as_of = as_of_day(context)
    landing = Path(params.get("landing") or settings.landing_dir).expanduser().resolve()
    return [
        str(Path(sys.executable).with_name("retention")),
        "step",
        step,
        f"--run-id={pipeline_run_id(as_of, context)}",
        f"--as-of={as_of}",
        f"--profile={params.get('profile') or settings.profile}",
        f"--target={settings.target}",
        f"--home={settings.home_dir}",
        f"--landing={landing}",
        f"--wait={LOCK_WAIT_SECONDS}",
        *(() if _is_by_hand(context) else ("--only-forward",)),
    ]


def _is_by_hand(context: Mapping[str, Any]) -> bool:
    """Whether a person asked for this very day: then readers are shown it, even when they see a later one."""
    return _run_kind(context) == "manual"


def _run_kind(context: Mapping[str, Any]) -> str:
    kind = context["dag_run"].run_type
    return str(getattr(kind, "value", kind))


def step_environment() -> dict[str, str]:
    """What a step inherits: all but Airflow's own variables, which hold the passwords of its database."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW"))}
    # A log has no width: without this the error line would be wrapped, and its end shown instead of all of it.
    return inherited | {"COLUMNS": "1000", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


def as_of_day(context: Mapping[str, Any]) -> date:
    """The day that a DAG run describes, by its partition, its param, or the day before it was asked for."""
    dag_run = context["dag_run"]
    return choose_as_of(dag_run.partition_key, context["params"].get("as_of"), dag_run.run_after, load_settings().zone)


def choose_as_of(partition: str | None, requested: str | None, run_after: datetime, zone: ZoneInfo) -> date:
    """Choose the as-of day.

    Args:
        partition: the run's partition key, an ISO date; scheduled runs and backfills have one.
        requested: the param `as_of`.
        run_after: when the run was due; its local day before stands in for both.

    Raises:
        SettingsError: a date can't be read, or the two differ.
    """
    if partition and requested and partition != requested:
        raise SettingsError(
            f"The run's partition is {partition}, yet its param as_of is {requested}.", "Give one of the two."
        )
    named = partition or requested
    if not named:
        return run_after.astimezone(zone).date() - timedelta(days=1)
    try:
        return date.fromisoformat(named)
    except ValueError as error:
        raise SettingsError(f"{named!r} is not a day.", "Write it as YYYY-MM-DD.") from error


def pipeline_run_id(as_of: date, context: Mapping[str, Any]) -> str:
    """Name the run's folder: the same for every task and every try of a DAG run, another for every other DAG run.

    The DAG run's own id may hold what a file name can't, so it is in the name as a digest.
    """
    dag_run = context["dag_run"]
    digest = hashlib.sha256(f"{dag_run.dag_id}/{dag_run.run_id}".encode()).hexdigest()[:10]
    return f"{as_of}_{_run_kind(context)}_{digest}"


def step_failure(command: str, exit_code: int, last_lines: Iterable[str]) -> Exception:
    """Turn a failed command into the exception that tells Airflow whether to try again; the message is its own."""
    said = [line for line in last_lines if line.strip()]
    message = said[-1] if said else "it wrote nothing"
    kind = AirflowFailException if exit_code in FINAL_EXIT_CODES else AirflowException
    failure: Exception = kind(f"retention {command} ended with exit code {exit_code}: {message}")
    return failure


def log_failure(context: Mapping[str, Any]) -> None:
    """Failure callback: one line that says what failed, for which day, and what to do.

    Others that should hear of it (mail, chat) are further callbacks beside this one.
    """
    log.error("%s", failure_line(context))


def log_source_failure(context: Mapping[str, Any]) -> None:
    """Failure callback of an extract: one line, as `log_failure` writes it for a run."""
    dag_run, task_instance = context["dag_run"], context["ti"]
    log.error(
        "%s",
        f"RUN FAILED dag={dag_run.dag_id} task={task_instance.task_id} dag_run={dag_run.run_id} "
        f"try={task_instance.try_number} error={context.get('exception')} "
        "remedy=What was loaded before stays. Mend what the error names, then clear this task; the next extract asks "
        "from the same place.",
    )


def failure_line(context: Mapping[str, Any]) -> str:
    """Compose the line of `log_failure`."""
    dag_run, task_instance = context["dag_run"], context["ti"]
    try:
        day = as_of_day(context)
        as_of, run_id = str(day), pipeline_run_id(day, context)
    except RetentionError:  # the line is written whatever is wrong
        as_of, run_id = "unknown", "none"
    return (
        f"RUN FAILED dag={dag_run.dag_id} task={task_instance.task_id} as_of={as_of} run={run_id} "
        f"dag_run={dag_run.run_id} try={task_instance.try_number} error={context.get('exception')} "
        f"remedy=The published tables are still those of the last good run. Mend what the error names, then clear "
        f"task {task_instance.task_id} of this run to go on from there."
    )
