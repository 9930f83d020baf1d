"""The one package that knows Airflow: what a DAG file declares its tasks with, and how a run knows its day.

A task runs a command line of `retention` as a process of its own, the very line a person types. dbt, Great Expectations
and DuckDB so never load in an Airflow process, their file locks end with the step, and a DAG file imports in no time.
What asks a person stands in `retention.airflow_adapter.review` and `strategy`: the operators behind it take their time
to import.
"""

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowFailException

from retention.airflow_adapter.commands import (
    LOCK_WAIT_SECONDS,
    WRITER_POOL,
    RetentionCommand,
    step_environment,
    step_failure,
)
from retention.airflow_adapter.days import (
    CATCHUP_LIMIT,
    DayPartitions,
    as_of_day,
    choose_as_of,
    month_before,
    pipeline_run_id,
    quarter_before,
)
from retention.airflow_adapter.failures import failure_line, log_failure, log_source_failure, tell_operators
from retention.airflow_adapter.plugin import RetentionPlugin
from retention.airflow_adapter.reports import DailyReport, Notify, Report, Rhythm, notice_environment
from retention.airflow_adapter.sensor import WaitForSources, due_before, sources_deadline
from retention.airflow_adapter.tasks import (
    CONNECTION_VARIABLE,
    CompletenessAudit,
    ContactLists,
    MonthEndClose,
    ProblemReport,
    RetentionExtract,
    RetentionStep,
    ValueModelFit,
    connection_variable,
    entity_asset,
    extract_command,
    step_command,
)
from retention.settings import load_settings

__all__ = [
    "CATCHUP_LIMIT",
    "CONNECTION_VARIABLE",
    "LOCK_WAIT_SECONDS",
    "WRITER_POOL",
    "AirflowFailException",
    "CompletenessAudit",
    "Connection",
    "ContactLists",
    "DailyReport",
    "DayPartitions",
    "MonthEndClose",
    "Notify",
    "ProblemReport",
    "Report",
    "RetentionCommand",
    "RetentionExtract",
    "RetentionPlugin",
    "RetentionStep",
    "Rhythm",
    "ValueModelFit",
    "WaitForSources",
    "as_of_day",
    "choose_as_of",
    "connection_variable",
    "due_before",
    "entity_asset",
    "extract_command",
    "failure_line",
    "load_settings",
    "log_failure",
    "log_source_failure",
    "month_before",
    "notice_environment",
    "pipeline_run_id",
    "quarter_before",
    "sources_deadline",
    "step_command",
    "step_environment",
    "step_failure",
    "tell_operators",
]
