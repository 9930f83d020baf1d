"""The day that a DAG run describes: its partition, what it is named by, and when it was due."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk.timezone import utcnow
from airflow.timetables.base import DagRunInfo, TimeRestriction
from airflow.timetables.trigger import CronPartitionTimetable

from retention.errors import SettingsError
from retention.settings import load_settings

CATCHUP_LIMIT = timedelta(days=31)
"""Days that were missed for longer than this are not caught up by themselves; a backfill runs them."""


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


def month_before(due: datetime, zone: ZoneInfo) -> str:
    """The month before that of an instant, as YYYY-MM, in a time zone."""
    return f"{last_day_of_month_before(due, zone):%Y-%m}"


def last_day_of_month_before(due: datetime, zone: ZoneInfo) -> date:
    """The last day of the month before that of an instant, in a time zone."""
    return due.astimezone(zone).date().replace(day=1) - timedelta(days=1)


def quarter_before(due: datetime, zone: ZoneInfo) -> str:
    """The quarter before that of an instant, as YYYYQn, in a time zone."""
    day = due.astimezone(zone).date()
    last = date(day.year, day.month - (day.month - 1) % 3, 1) - timedelta(days=1)
    return f"{last.year}Q{(last.month + 2) // 3}"


def is_by_hand(context: Mapping[str, Any]) -> bool:
    """Whether a person asked for this very day: then readers are shown it, even when they see a later one."""
    return run_kind(context) == "manual"


def run_kind(context: Mapping[str, Any]) -> str:
    kind = context["dag_run"].run_type
    return str(getattr(kind, "value", kind))


def pipeline_run_id(as_of: date, context: Mapping[str, Any]) -> str:
    """Name the run's folder: the same for every task and every try of a DAG run, another for every other DAG run.

    The DAG run's own id may hold what a file name can't, so it is in the name as a digest.
    """
    dag_run = context["dag_run"]
    digest = hashlib.sha256(f"{dag_run.dag_id}/{dag_run.run_id}".encode()).hexdigest()[:10]
    return f"{as_of}_{run_kind(context)}_{digest}"
