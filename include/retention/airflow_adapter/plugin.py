"""What Airflow itself has to know of the package; found through the package's entry point."""

from airflow.plugins_manager import AirflowPlugin

from retention.airflow_adapter.days import DayPartitions


class RetentionPlugin(AirflowPlugin):  # type: ignore[misc]  # mypy does not follow airflow
    """Tells Airflow of the timetable; found through the package's entry point."""

    name = "retention"
    timetables = [DayPartitions]  # noqa: RUF012  # Airflow's interface is a plain list
