"""The commands `retention profile`: whether a profile's cut-offs fit the company, and which would."""

import csv
import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from retention.console import out, print_json, print_rows
from retention.errors import CheckFailedError
from retention.options import HomeOption, JsonOption, settings_with
from retention.profiles.coverage import own_measures
from retention.profiles.printing import (
    alike,
    bands_as_json,
    comparison,
    coverage_rows,
    print_window,
    window_as_json,
)
from retention.profiles.released import Released
from retention.profiles.suggestion import suggest
from retention.publication.workbooks import check_folder

SEED = "dbt_project/seeds/{}.csv"
app = typer.Typer(
    no_args_is_help=True,
    help="Whether a profile's bands part the customers of the published release, and cut-offs that would.",
)

ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", help="Profile of dbt_project/seeds, as its rows stand now. Default: the release's."),
]


@app.command(epilog="Example: retention profile check --profile default_b2b")
def check(home: HomeOption = None, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show the share of customers in each band. A band with more than band_coverage_limit makes a profile unfit.

    Exit code 0 when it is fit, or not judged for too few customers; 4 when it is unfit.
    """
    settings = settings_with(home=home)
    with Released(settings, profile) as release:
        unfit = [one.measure for one in release.covered if release.is_unfit(one)]
        if as_json:
            measures = [bands_as_json(release, one) for one in release.covered]
            is_fit = None if release.too_few else not unfit
            print_json(release.heading | {"is_fit": is_fit, "not_judged": release.too_few, "measures": measures})
        else:
            out.print(release.title, markup=False)
            for one in release.covered:
                print_rows(out, release.verdict(one), coverage_rows(one, release.currency))
            out.print()
            if not unfit:
                out.print(release.too_few or "Fit: no band holds more than its limit.")
    if unfit:
        raise CheckFailedError(
            f"Unfit: {', '.join(unfit)}.", "retention profile suggest seeks cut-offs that part these customers."
        )


@app.command(name="suggest", epilog="Example: retention profile suggest --profile salon --out salon-bands.csv")
def suggest_cut_offs(
    home: HomeOption = None,
    profile: ProfileOption = None,
    every: Annotated[bool, typer.Option("--all", help="Also for measures whose bands are fit.")] = False,
    to: Annotated[Path | None, typer.Option("--out", help="File for the rows, to append to rfm_bands.csv.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Suggest bounds in round numbers for bands that do not part the customers, and a window for churn.

    Bounds come as rows of rfm_bands.csv; frequency and spend are those of the published release, in its window. The
    churn window (active_window_days) is the shortest after which no more than churn_return_share of the silent buy
    within churn_return_days more, by the rhythm of the published purchases, as a row of profile_parameters.csv. Exit
    code 0 whether something is suggested or not.
    """
    settings = settings_with(home=home)
    with Released(settings, profile) as release:
        wanted = [one for one in release.covered if every or release.is_unfit(one)]
        tried = [
            (one, suggest(release.connection, one.measure, [band.number for band in one.bands], release.limit))
            for one in wanted
        ]
        pairs = [(one, found) for one, found in tried if found is not None]
        window = release.churn_window()
        rows = [row for _, found in pairs if found.is_within_limit for row in found.rows(release.profile)]
        own = own_measures(settings.project_dir, release.profile) & {row[1] for row in rows}
    if as_json:
        if to is not None and rows:
            _write(rows, to)
        measures = [bands_as_json(release, one, found) for one, found in pairs]
        print_json(release.heading | {"measures": measures, "churn_window": window_as_json(release, window)})
        return
    out.print(release.title, markup=False)
    for one, found in pairs:
        print_rows(out, release.verdict(one), comparison(one, found, release.currency))
        if not found.is_within_limit:
            out.print(f"  {alike(one.measure)}", markup=False)
    out.print()
    if release.too_few:
        out.print(release.too_few if every else f"{release.too_few} With --all cut-offs are suggested all the same.")
    elif not wanted:
        out.print("Fit: no band holds more than its limit. With --all cut-offs are suggested all the same.")
    if rows:
        _hand_over(rows, to)
    if own:
        out.print(f"They replace the rows that {release.profile} has for {', '.join(sorted(own))}: delete those.")
    print_window(out, release, window)


def _write(rows: list[list[str]], to: Path) -> None:
    check_folder(to)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    to.write_text(text.getvalue(), encoding="utf-8")


def _hand_over(rows: list[list[str]], to: Path | None) -> None:
    seed = SEED.format("rfm_bands")
    if to is None:
        out.print(f"Rows for {seed}:")
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
    else:
        _write(rows, to)
        out.print(f"{len(rows)} rows for {seed}: {to}", markup=False)
