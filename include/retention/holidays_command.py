"""The commands `retention holidays`: the days on which the clock of working hours stands still."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from retention.errors import SettingsError
from retention.options import settings_with
from retention.working_days import SEED, known_countries, not_announced, write_holidays

app = typer.Typer(
    no_args_is_help=True, help="Public holidays and make-up working days of dbt_project/seeds/holidays.csv."
)
out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)


@app.command(epilog="Example: retention holidays write --country CN --from 2015 --to 2027")
def write(
    country: Annotated[
        str, typer.Option("--country", help="ISO 3166 code, with a subdivision where that matters: CN, DE-BY.")
    ],
    first: Annotated[int, typer.Option("--from", metavar="YEAR", help="First year.")],
    last: Annotated[int, typer.Option("--to", metavar="YEAR", help="Last year.")],
) -> None:
    """Write a country's holidays into the seed, for working hours whose holiday_calendar is the country's code.

    Rows of other calendars and years stay, so that a company can add its own. A year that is not announced yet has the
    holidays of the law alone: write it again when its make-up working days are known.
    """
    count = write_holidays(settings_with().project_dir, country, first, last)
    open_years = not_announced(country, first, last, datetime.now(tz=UTC).date())
    if open_years:
        until = f" to {open_years[-1]}" if len(open_years) > 1 else ""
        err.print(
            f"warning: the holidays of {open_years[0]}{until} are not announced yet: written are those of the present "
            "law, without days off in exchange and make-up working days. Write them again when they are known.",
            markup=False,
        )
    out.print(f"{count:,} days of {country}: {SEED}. They count from the next run on: retention run.", markup=False)


@app.command("list", epilog="Example: retention holidays list --country DE")
def list_countries(
    country: Annotated[
        str | None, typer.Option("--country", help="Code of a country: its parts with holidays of their own.")
    ] = None,
) -> None:
    """Show the countries whose holidays can be written, or the parts of one."""
    countries = known_countries()
    if country is None:
        for code, (name, parts) in countries.items():
            out.print(f"{code}  {name}" + (f" ({len(parts)} parts)" if parts else ""), markup=False)
        return
    if country not in countries:
        raise SettingsError(f"No holidays are known of '{country}'.", "List them: retention holidays list.")
    for part in countries[country][1]:
        out.print(f"{country}-{part}", markup=False)
    if not countries[country][1]:
        out.print(f"{country} has the same holidays everywhere.", markup=False)
