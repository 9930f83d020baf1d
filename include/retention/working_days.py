"""Public holidays and make-up working days as rows of the seed `holidays.csv`, from the library `holidays`.

The library knows what governments have announced. A coming year that is not announced yet has the holidays of the law
alone, without days off in exchange and make-up working days: write it again when the announcement is out.
"""

import csv
from datetime import date
from pathlib import Path

from retention.errors import SettingsError

SEED = Path("dbt_project") / "seeds" / "holidays.csv"
HEADER = ("holiday_calendar", "holiday_on", "name", "is_working_day")
MAKE_UP = "Make-up working day"
FIRST_YEAR, LAST_YEAR = 1950, 2100


def write_holidays(project_dir: Path, country: str, first_year: int, last_year: int) -> int:
    """Replace a country's rows of these years in the seed; rows of other calendars and years stay.

    Args:
        country: ISO 3166 code, with a subdivision behind a hyphen where its holidays differ: CN, DE-BY.

    Returns:
        How many rows were written.

    Raises:
        SettingsError: the country or the years cannot be had, or the seed is not there.
    """
    if not FIRST_YEAR <= first_year <= last_year <= LAST_YEAR:
        raise SettingsError(
            f"{first_year} to {last_year} are no years to write.", f"Choose from {FIRST_YEAR} to {LAST_YEAR}."
        )
    seed = project_dir / SEED
    if not seed.exists():
        raise SettingsError(f"There is no {seed}.", "Point RETENTION_PROJECT_DIR at the project.")
    rows = _known(country, first_year, last_year)
    with seed.open(encoding="utf-8", newline="") as file:
        kept = [
            tuple(row) for row in list(csv.reader(file))[1:] if row and not _is_of(row, country, first_year, last_year)
        ]
    lines = sorted({*kept, *rows})
    with seed.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *lines])
    return len(rows)


def _known(country: str, first_year: int, last_year: int) -> list[tuple[str, ...]]:
    """What the library knows of a country's years, in the seed's columns."""
    import holidays  # noqa: PLC0415  # a quarter of a second that no other command needs

    name, _, part = country.partition("-")
    try:
        found = holidays.country_holidays(
            name, subdiv=part or None, years=range(first_year, last_year + 1), language="en_US"
        )
    except NotImplementedError as error:
        known = ", ".join(sorted(holidays.list_supported_countries()))
        raise SettingsError(f"No holidays are known of '{country}'.", f"Use one of {known}.") from error
    free = [(country, f"{day}", title.replace("\n", " "), "false") for day, title in found.items()]
    worked = [(country, f"{day}", MAKE_UP, "true") for day in found.weekend_workdays - set(found)]
    years = range(first_year, last_year + 1)  # what is observed can fall into the year beside
    return sorted(row for row in [*free, *worked] if date.fromisoformat(row[1]).year in years)


def _is_of(row: list[str], country: str, first_year: int, last_year: int) -> bool:
    return row[0] == country and f"{first_year}" <= row[1][:4] <= f"{last_year}"
