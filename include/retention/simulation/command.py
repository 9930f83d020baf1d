"""The command `retention simulate`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from retention.console import Progress
from retention.options import HomeOption, LandingOption, day_of, settings_with
from retention.simulation import Company, Flaws, write_company


def register(app: typer.Typer, out: Console) -> None:
    """Add the command."""

    @app.command(epilog="Example: retention simulate --customers 5000 --months 24 --seed 7 --landing data/demo/landing")
    def simulate(
        customers: Annotated[
            int, typer.Option("--customers", help="True customers; some have several profiles.")
        ] = 5_000,
        months: Annotated[int, typer.Option("--months", help="Calendar months of history.")] = 24,
        seed: Annotated[int, typer.Option("--seed", help="Another seed is another company.")] = 1,
        landing: LandingOption = None,
        flavour: Annotated[
            str, typer.Option("--flavour", help="retail: persons, many small orders; b2b: companies with contracts.")
        ] = "retail",
        end: Annotated[
            str, typer.Option("--end", metavar="YYYY-MM-DD", help="Last day of the history.")
        ] = "2025-12-31",
        days: Annotated[
            int, typer.Option("--days", help="Last days that are delivered day by day; before them, month by month.")
        ] = 0,
        truth: Annotated[
            Path | None,
            typer.Option("--truth", help="Folder of what no file tells. Default: LANDING/../truth."),
        ] = None,
        flaw: Annotated[
            list[str] | None,
            typer.Option(
                "--flaw", metavar="NAME=SHARE", help="Share of badly kept records, such as duplicates=0.05; repeat it."
            ),
        ] = None,
        home: HomeOption = None,
    ) -> None:
        """Write the landing files of a company that does not exist, and the truth about it beside them.

        Every entity is written. Flaws: late, corrected, redelivered, bad, holes, duplicates, shared_phones,
        late_records, unrecorded. The same options give the same files, byte for byte.
        """
        settings = settings_with(home=home, landing=landing)
        company = Company(customers, months, seed, day_of(end, "--end"), flavour, days, Flaws.parse(flaw or []))
        aside = (truth or settings.landing_dir.parent / "truth").expanduser().resolve()
        with Progress(out, verbose=False) as progress:
            rows = write_company(
                company,
                settings.landing_dir,
                truth=aside,
                threads=settings.threads,
                memory_limit=settings.memory_limit,
                progress=progress.tick,
            )
        out.print(
            f"SYNTHETIC DATA: no such company exists (seed {seed}, {company.first_day} to {company.end})", markup=False
        )
        for entity, count in rows.items():
            out.print(f"  {entity:<17} {count:>12,} rows", markup=False)
        out.print(f"Landing: {settings.landing_dir}\nTruth:   {aside}", markup=False)
