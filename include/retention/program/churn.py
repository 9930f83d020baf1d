"""Why customers were lost in one week, and who they were, from the published release (K2)."""

from datetime import date, timedelta
from typing import Any

from retention.errors import NotThereError
from retention.publication.chosen_release import Reader, open_published
from retention.runs import Home

CODE_SETS = ("churn_reason", "churn_reason_group")


def list_reasons(home: Home, day: date | None = None, language: str = "en") -> list[dict[str, Any]]:
    """The reasons of one week, the most frequent first; those of nobody's loss, too.

    Args:
        day: any day of the week; None: the newest week that is over, else the running one.

    Raises:
        NotThereError: nothing is published, the release is older than the table, or it does not hold the week.
        SettingsError: there is no such language.
    """
    with open_published(home, "churn_reasons") as release:
        names = release.names(language, CODE_SETS)
        week = _week(release, day)
        rows = release.rows('from marts.churn_reasons where week_start = ? order by "rank"', [week])
    return [
        {
            **row,
            "reason_name": names.get(("churn_reason", row["reason"]), row["reason"]),
            "reason_group_name": names.get(("churn_reason_group", row["reason_group"]), row["reason_group"]),
        }
        for row in rows
    ]


def list_lost(
    home: Home, day: date | None = None, reason: str | None = None, language: str = "en"
) -> list[dict[str, Any]]:
    """The customers lost in one week, those of the most value first.

    Args:
        day: any day of the week; None: as of list_reasons.
        reason: those of one main reason; None: all.

    Raises:
        NotThereError: as of list_reasons; or there is no such reason.
        SettingsError: there is no such language.
    """
    with open_published(home, "lost_customers") as release:
        names = release.names(language, CODE_SETS)
        week = _week(release, day)
        known = [
            row["reason"] for row in release.rows("select distinct reason from marts.churn_reasons order by reason")
        ]
        if reason is not None and reason not in known:
            raise NotThereError(f"There is no reason '{reason}'.", f"Reasons: {', '.join(known)}.")
        rows = release.rows(
            "from marts.lost_customers where week_start = ? and reason = coalesce(?, reason) "
            "order by value_lost desc, customer_id",
            [week, reason],
        )
    return [{**row, "reason_name": names.get(("churn_reason", row["reason"]), row["reason"])} for row in rows]


def _week(release: Reader, day: date | None) -> date:
    """Monday of the week to show."""
    weeks = release.rows("select distinct week_start, is_mature from marts.churn_reasons order by week_start")
    if not weeks:
        raise NotThereError("The published release has no week of orders.", "Land orders, then run: retention run.")
    known: list[date] = [row["week_start"] for row in weeks]
    if day is None:
        over: list[date] = [row["week_start"] for row in weeks if row["is_mature"]]
        return over[-1] if over else known[-1]
    monday = day - timedelta(days=day.weekday())
    if monday not in known:
        raise NotThereError(
            f"The published release does not tell who was lost in the week of {monday}.",
            f"It tells {known[0]} to {known[-1] + timedelta(days=6)}.",
        )
    return monday
