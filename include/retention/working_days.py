"""Public holidays and make-up working days as rows of the seed `holidays.csv`, from the library `holidays`.

The library knows what governments have announced. A coming year that is not announced yet has the holidays of the law
alone, without days off in exchange and make-up working days: write it again when the announcement is out.
"""

import csv
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from retention.errors import SettingsError

if TYPE_CHECKING:
    from holidays import HolidayBase

SEED = Path("dbt_project") / "seeds" / "holidays.csv"
HEADER = ("holiday_calendar", "holiday_on", "name", "is_working_day")
MAKE_UP = "Make-up working day"
FIRST_YEAR, LAST_YEAR = 1950, 2100
MEMORY_YEARS = 5  # a country that made up for days off in these years does so still
CODE_LENGTH, SUGGESTED = 2, 4


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
    found = _calendar(country, range(first_year, last_year + 1))
    free = [(country, f"{day}", title.replace("\n", " "), "false") for day, title in found.items()]
    worked = [(country, f"{day}", MAKE_UP, "true") for day in found.weekend_workdays - set(found)]
    years = range(first_year, last_year + 1)  # what is observed can fall into the year beside
    return sorted(row for row in [*free, *worked] if date.fromisoformat(row[1]).year in years)


def known_countries() -> dict[str, tuple[str, tuple[str, ...]]]:
    """By their two letters the countries whose holidays the library knows, each with its name and its parts."""
    import holidays  # noqa: PLC0415  # as in _holidays_of
    from holidays.registry import COUNTRIES  # noqa: PLC0415  # the same

    parts = holidays.list_supported_countries(include_aliases=False)
    names = {code: module.replace("_", " ").title() for module, (_, code, *_) in COUNTRIES.items()}
    return {code: (names.get(code, code), tuple(parts[code])) for code in sorted(parts) if len(code) == CODE_LENGTH}


def not_announced(country: str, first_year: int, last_year: int, today: date) -> list[int]:
    """Years whose holidays can still change.

    Where days off are made up for on weekends, these are the years after the last with such days; elsewhere those
    after the next one: laws change.
    """
    worked = _calendar(country, range(today.year - MEMORY_YEARS, today.year + 2)).weekend_workdays
    since = max((day.year for day in worked), default=0)
    sure = since if since >= today.year - MEMORY_YEARS else today.year + 1
    return [year for year in range(first_year, last_year + 1) if year > sure]


def _calendar(country: str, years: range) -> "HolidayBase":
    """The library's calendar of a country or a part of it.

    Raises:
        SettingsError: it knows none of that name; the nearest are named.
    """
    import holidays  # noqa: PLC0415  # a quarter of a second that no other command needs

    name, _, part = country.partition("-")
    try:
        return holidays.country_holidays(name, subdiv=part or None, years=years, language="en_US")
    except NotImplementedError as error:
        raise SettingsError(
            f"No holidays are known of '{country}'.",
            f"{_nearest(name, part)} All: retention holidays list.",
        ) from error


def _nearest(name: str, part: str) -> str:
    """What was probably meant: parts of a country that is known, else countries by code or name."""
    countries = known_countries()
    if part and name in countries:
        parts = countries[name][1]
        alike = get_close_matches(part, parts, n=SUGGESTED, cutoff=0) or parts[:SUGGESTED]
        return f"Nearest: {', '.join(f'{name}-{one}' for one in alike)}." if alike else f"Write {name} alone."
    by_name = {called.lower(): code for code, (called, _) in countries.items()}
    codes = [by_name[called] for called in get_close_matches(name.lower(), by_name, n=1)]
    codes += [code for code in get_close_matches(name.upper(), countries, n=SUGGESTED, cutoff=0.4) if code not in codes]
    return f"Nearest: {', '.join(f'{code} ({countries[code][0]})' for code in codes[:SUGGESTED])}."


def _is_of(row: list[str], country: str, first_year: int, last_year: int) -> bool:
    return row[0] == country and f"{first_year}" <= row[1][:4] <= f"{last_year}"
