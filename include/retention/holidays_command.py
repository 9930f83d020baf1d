"""The commands `retention holidays`: the days on which the clock of working hours stands still."""

from typing import Annotated

import typer
from rich.console import Console

from retention.options import settings_with
from retention.working_days import SEED, write_holidays

app = typer.Typer(
    no_args_is_help=True, help="Public holidays and make-up working days of dbt_project/seeds/holidays.csv."
)
out = Console(highlight=False, soft_wrap=True)


@app.callback()
def _group() -> None:
    """Keep the name of the one command."""


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
    out.print(f"{count:,} days of {country}: {SEED}. They count from the next run on: retention run.", markup=False)
