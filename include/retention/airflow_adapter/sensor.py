"""What a run waits for: that its sources have arrived."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.timezone import coerce_datetime, utcnow
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter.days import as_of_day, is_by_hand
from retention.errors import RetentionError
from retention.settings import load_settings
from retention.sources.arrivals import ScheduledSource, missing_lines, read_schedules

LOOK_SECONDS = 60
"""How often a run looks whether its sources have arrived."""


class WaitForSources(BaseSensorOperator):  # type: ignore[misc]  # mypy does not follow airflow
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
        if utcnow() < deadline and not is_by_hand(context):
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
