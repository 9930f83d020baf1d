"""Failure callbacks: one line that says what failed and what to do, in the log and to the operators."""

import logging
import subprocess
from collections.abc import Mapping
from typing import Any

from retention.airflow_adapter.commands import retention_line
from retention.airflow_adapter.days import as_of_day, pipeline_run_id
from retention.airflow_adapter.reports import notice_environment, notices_option
from retention.errors import RetentionError

SOURCE_DAG = "source_"
TELL_SECONDS = 120
"""How long telling the operators may take."""

log = logging.getLogger("retention.airflow_adapter")


def log_failure(context: Mapping[str, Any]) -> None:
    """Failure callback: one line that says what failed, for which day, and what to do.

    Others that should hear of it are further callbacks beside this one.
    """
    log.error("%s", failure_line(context))


def tell_operators(context: Mapping[str, Any]) -> None:
    """Failure callback: the same line to the operators of notices.yml; to nobody where there are none.

    Whatever goes wrong with it is logged and stops nothing.
    """
    try:
        option = notices_option()
        if not option:
            return
        is_source = context["dag_run"].dag_id.startswith(SOURCE_DAG)
        line = source_failure_line(context) if is_source else failure_line(context)
        done = subprocess.run(
            retention_line("notices", "failure", *option),
            input=line, env=notice_environment(), capture_output=True, text=True, check=False, timeout=TELL_SECONDS,
        )  # fmt: skip
        if done.returncode:
            log.error("The operators were not told: %s", (done.stderr or done.stdout).strip())
    except Exception as error:  # a callback must not hide the failure that it tells of
        log.error("The operators were not told: %s", error)  # no traceback: it may quote an address


def log_source_failure(context: Mapping[str, Any]) -> None:
    """Failure callback of an extract: one line, as `log_failure` writes it for a run."""
    log.error("%s", source_failure_line(context))


def source_failure_line(context: Mapping[str, Any]) -> str:
    """Compose the line of `log_source_failure`."""
    dag_run, task_instance = context["dag_run"], context["ti"]
    return (
        f"RUN FAILED dag={dag_run.dag_id} task={task_instance.task_id} dag_run={dag_run.run_id} "
        f"try={task_instance.try_number} error={_in_one_line(context.get('exception'))} "
        "remedy=What was loaded before stays. Mend what the error names, then clear this task; the next extract asks "
        "from the same place."
    )


def _in_one_line(error: object) -> str:
    """An error's text; several problems told together stand behind one another, so that a search finds them all."""
    return " · ".join(str(error).splitlines())


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
        f"dag_run={dag_run.run_id} try={task_instance.try_number} error={_in_one_line(context.get('exception'))} "
        f"remedy=The published tables are still those of the last good run. Mend what the error names, then clear "
        f"task {task_instance.task_id} of this run to go on from there."
    )
