"""The health of the programme in one month, from the published release (H)."""

import json
from datetime import date
from typing import Any

from retention.errors import NotThereError
from retention.publication.chosen_release import open_published
from retention.runs import Home

CODE_SETS = ("program_dimension", "program_measure", "program_grade", "program_advice", "program_reason")
MONTHS = "select month, is_complete from marts.program_health_summary order by month"


def show_health(home: Home, month: date | None = None, language: str = "en") -> dict[str, Any]:
    """Score, grade, dimensions with their measures, and advice; names stand beside codes.

    Args:
        month: any day of it; None: the newest month that is over, else the running one.

    Raises:
        NotThereError: nothing is published, the release is older than programme health, or it does not hold the month.
        SettingsError: there is no such language.
    """
    with open_published(home, "program_health_summary") as release:
        names = release.names(language, CODE_SETS)
        months = release.rows(MONTHS)
        wanted = _month(months, month)
        (summary,) = release.rows("from marts.program_health_summary where month = ?", [wanted])
        dimensions = release.rows("from marts.program_health where month = ? order by dimension_rank", [wanted])
        history = release.rows(
            "select month, score, grade, is_complete from marts.program_health_summary order by month"
        )
    for row in dimensions:
        row["name"] = names.get(("program_dimension", row["dimension"]), row["dimension"])
        row["measures"] = [
            {
                "measure": code,
                "name": names.get(("program_measure", code), code),
                **told,
                "missing_reason_name": names.get(("program_reason", told["missing_reason"] or "")),
            }
            for code, told in json.loads(row["measures"]).items()
        ]
    for column, code_set in {
        "grade": "program_grade",
        "weakest_dimension": "program_dimension",
        "weakest_measure": "program_measure",
        "advice": "program_advice",
        "moved_by": "program_measure",
        "missing_reason": "program_reason",
        "change_missing_reason": "program_reason",
    }.items():
        summary[f"{column}_name"] = names.get((code_set, summary[column] or ""), summary[column])
    return {**summary, "dimensions": dimensions, "history": history}


def _month(months: list[dict[str, Any]], wanted: date | None) -> date:
    """The month to show."""
    if not months:
        raise NotThereError("The published release has no month of orders.", "Land orders, then run: retention run.")
    known: list[date] = [row["month"] for row in months]
    if wanted is None:
        over: list[date] = [row["month"] for row in months if row["is_complete"]]
        return over[-1] if over else known[-1]
    if wanted.replace(day=1) not in known:
        raise NotThereError(
            f"The published release does not tell the programme's health in {wanted:%Y-%m}.",
            f"It tells {known[0]:%Y-%m} to {known[-1]:%Y-%m}.",
        )
    return wanted.replace(day=1)
