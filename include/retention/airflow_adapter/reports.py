"""Reports and notices as tasks: each runs the command that a person types, on the published release.

They read what readers see, and write into the reports and the books of notices alone: no slot of the writers' pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowSkipException

from retention.airflow_adapter.commands import RetentionCommand, retention_line, step_environment
from retention.airflow_adapter.days import as_of_day, last_day_of_month_before
from retention.airflow_adapter.tasks import connection_variable
from retention.settings import load_settings

DOC = """
### {title}
{about}
Run again, it writes the same.

| Task | What it does |
|---|---|
{tasks}

**By hand**: trigger it, or {lines}. Param `as_of`: another day, of which a release or a month's closing is on disk.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""


@dataclass(frozen=True)
class Rhythm:
    """A DAG of reports as it is declared.

    Attributes:
        tag: how often, as Airflow's page groups DAGs.
        about: what it reads and writes.
        tasks: by name the command that each runs, without `retention`, and what it does, in their order.
        of_month_before: without the param, of the last day of the month before the run was due.
    """

    dag_id: str
    schedule: str
    tag: str
    description: str
    about: str
    tasks: Mapping[str, tuple[str, str]]
    of_month_before: bool = False

    @property
    def doc(self) -> str:
        """What Airflow's page says of it."""
        day = " --as-of 2024-06-30" if self.of_month_before else ""
        return DOC.format(
            title=self.description,
            about=self.about,
            tasks="\n".join(f"| {task} | {does} |" for task, (_, does) in self.tasks.items()),
            lines=" and ".join(f"`retention {line}{day}`" for line, _ in self.tasks.values()),
        )

    @property
    def default_day(self) -> str:
        """What the param says of the day."""
        return f"Day; default: {'the last of the month before' if self.of_month_before else 'the published release'}"


class Report(RetentionCommand):
    """A report as a task: of the DAG's param `as_of`, else of the published release.

    Args:
        line: the command that writes it, without `retention`.
        of_month_before: without the param, of the last day of the month before the run was due, which the close keeps.
    """

    def __init__(self, *, line: str, of_month_before: bool = False, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.line = line
        self.of_month_before = of_month_before

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line."""
        day = context["params"].get("as_of")
        if not day and self.of_month_before:
            day = last_day_of_month_before(context["dag_run"].run_after, load_settings().zone)
        return retention_line(*self.line.split(), *([f"--as-of={day}"] if day else []))


class DailyReport(RetentionCommand):
    """A day's report or workbook as a task of the daily run, of that run's day.

    Skipped where the DAG's param `reports` is off: a backfill of many days may not need them.
    """

    def __init__(self, *, line: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.line = line

    def execute(self, context: Mapping[str, Any]) -> None:
        """Write it."""
        if not context["params"].get("reports", True):
            raise AirflowSkipException("The param reports is off.")
        self.run_command(context)

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line."""
        return retention_line(*self.line.split(), f"--as-of={as_of_day(context)}")


class Notify(RetentionCommand):
    """Alerts told to their owners as a task: `retention notify` of the run's day.

    Where readers see another day, as after a backfill, nothing is sent.
    """

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line."""
        return retention_line("notify", f"--as-of={as_of_day(context)}", "--only-forward", *notices_option())

    def environment(self) -> dict[str, str]:
        """Add the connections that notices.yml names."""
        return notice_environment()


def notices_option() -> list[str]:
    """The file of recipients as Airflow sees it; none where only the default is meant and it is not there."""
    settings = load_settings()
    file = settings.notices_file
    return [f"--notices={file}"] if settings.is_notices_named or file.exists() else []


def notice_environment() -> dict[str, str]:
    """What a process inherits that sends notices: their addresses stand in its environment, never on its command line.

    Raises:
        SettingsError: notices.yml is wrong.
    """
    from retention.notices.declaration import connections, read_notices  # noqa: PLC0415  # DAG files import in no time

    settings = load_settings()
    declared = read_notices(settings.notices_file, is_named=settings.is_notices_named)
    return step_environment() | {
        connection_variable(name): Connection.get(name).get_uri() for name in connections(declared)
    }
