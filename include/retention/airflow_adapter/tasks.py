"""The pipeline's tasks: a step, an extract, the weekly work lists, reports and fits, the close."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, Connection

from retention.airflow_adapter.commands import LOCK_WAIT_SECONDS, RetentionCommand, retention_line, step_environment
from retention.airflow_adapter.days import as_of_day, is_by_hand, month_before, pipeline_run_id
from retention.settings import load_settings

CONNECTION_VARIABLE = "RETENTION_CONNECTION_"
"""Begins the variable in which a process is handed an Airflow connection."""


class RetentionStep(RetentionCommand):
    """One step of the pipeline as a task: `retention step <task_id>` for the run's as-of day.

    The DAG's params `as_of`, `known_by`, `profile` and `landing` are optional; without them the partition and the
    settings speak.
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


class CompletenessAudit(RetentionCommand):
    """The week's work lists as a task: `retention completeness --weekly` on the published release.

    It reads what readers see and writes into the reports alone, so that it needs no slot of the writers' pool.
    """

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line, in the language of the DAG's param `language`."""
        return retention_line("completeness", "--weekly", f"--language={context['params'].get('language') or 'en'}")


class ProblemReport(RetentionCommand):
    """The week's report on frequent problems as a task: `retention tickets report` on the published release.

    It reads what readers see and writes into the reports alone, so that it needs no slot of the writers' pool.
    """

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line; the DAG's param `week` names another week than that of the release."""
        week = context["params"].get("week")
        return retention_line("tickets", "report", *([f"--week={week}"] if week else []))


class ValueModelFit(RetentionCommand):
    """The week's fit of the value models as a task: `retention value fit` on the published release."""

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """The command line; with the DAG's param `force` what was fitted before is fitted again."""
        force = ("--force",) if context["params"].get("force") else ()
        return retention_line("value", "fit", f"--wait={LOCK_WAIT_SECONDS}", *force)


class MonthEndClose(RetentionCommand):
    """The close of a month as a task: `retention close`.

    The DAG's params `month`, `known_then` and `profile` are optional; without a month, it is the one before.
    """

    def command(self, context: Mapping[str, Any]) -> list[str]:
        """Compose the command line of the close."""
        settings, params = load_settings(), context["params"]
        month = params.get("month") or month_before(context["dag_run"].run_after, settings.zone)
        return retention_line(
            "close",
            f"--month={month}",
            f"--profile={params.get('profile') or settings.profile}",
            f"--target={settings.target}",
            f"--landing={settings.landing_dir}",
            f"--wait={LOCK_WAIT_SECONDS}",
            *(("--known-then",) if params.get("known_then") else ()),
        )


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
        *((f"--known-by={params['known_by']}",) if params.get("known_by") else ()),
        *(() if is_by_hand(context) else ("--only-forward",)),
    ]


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
