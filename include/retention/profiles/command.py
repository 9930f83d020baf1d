"""The commands `retention profile`: whether a profile's cut-offs fit the company, and which would."""

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from retention.console import print_rows
from retention.errors import NotThereError
from retention.options import HomeOption, settings_with
from retention.profiles.coverage import Band, Coverage, coverage, own_measures, read_bands
from retention.profiles.suggestion import Suggestion, suggest
from retention.settings import Settings
from retention.warehouse.candidate import open_warehouse

PIPE_WIDTH = 400
app = typer.Typer(
    no_args_is_help=True,
    help="Whether a profile's bands part the customers of the published release, and cut-offs that would.",
)
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)

ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", help="Profile of dbt_project/seeds, as its rows stand now. Default: the release's."),
]
RELEASE = """
    select run.profile, run.as_of_date, max(case when parameters.parameter = 'band_coverage_limit' then value end),
        max(case when parameters.parameter = 'band_coverage_min_customers' then value end),
        coalesce(max(case when parameters.parameter = 'reporting_currency' then upper(trim(value)) end), 'currency'),
        (select count(*) from marts.customer_rfm where last_purchase_on is not null)
    from raw.run_parameters as run
    cross join (
        select parameter, value
        from seeds.profile_parameters as rule_rows
        cross join raw.run_parameters as asked
        where rule_rows.profile in (asked.profile, 'all')
        qualify row_number() over (partition by parameter order by rule_rows.profile = 'all') = 1
    ) as parameters
    group by all
"""


@app.command(epilog="Example: retention profile check --profile default_b2b")
def check(home: HomeOption = None, profile: ProfileOption = None) -> None:
    """Show the share of customers in each band. A band with more than band_coverage_limit makes a profile unfit."""
    settings = settings_with(home=home)
    with _Release(settings, profile) as release:
        out.print(release.title, markup=False)
        for one in release.covered:
            print_rows(out, release.verdict(one), _coverage_rows(one, release.currency))
        unfit = [one.measure for one in release.covered if release.is_unfit(one)]
    out.print()
    if release.too_few:
        out.print(release.too_few)
    elif unfit:
        out.print(f"Unfit: {', '.join(unfit)}. retention profile suggest seeks cut-offs that part these customers.")
    else:
        out.print("Fit: no band holds more than its limit.")


@app.command(name="suggest", epilog="Example: retention profile suggest --profile salon --out salon-bands.csv")
def suggest_cut_offs(
    home: HomeOption = None,
    profile: ProfileOption = None,
    every: Annotated[bool, typer.Option("--all", help="Also for measures whose bands are fit.")] = False,
    to: Annotated[Path | None, typer.Option("--out", help="File for the rows, to append to rfm_bands.csv.")] = None,
) -> None:
    """Suggest bounds in round numbers for bands that do not part the customers, as rows of rfm_bands.csv.

    Frequency and spend are those of the published release, in its window.
    """
    settings = settings_with(home=home)
    rows: list[list[str]] = []
    with _Release(settings, profile) as release:
        out.print(release.title, markup=False)
        wanted = [one for one in release.covered if every or release.is_unfit(one)]
        for one in wanted:
            found = suggest(release.connection, one.measure, [band.number for band in one.bands], release.limit)
            if found is None:
                continue
            print_rows(out, release.verdict(one), _comparison(one, found, release.currency))
            if found.is_within_limit:
                rows += found.rows(release.profile)
            else:
                out.print(f"  {_alike(one.measure)}", markup=False)
        own = own_measures(settings.project_dir, release.profile) & {row[1] for row in rows}
    out.print()
    if release.too_few:
        out.print(release.too_few if every else f"{release.too_few} With --all cut-offs are suggested all the same.")
    elif not wanted:
        out.print("Fit: no band holds more than its limit. With --all cut-offs are suggested all the same.")
    if rows:
        _hand_over(rows, to)
    if own:
        out.print(f"They replace the rows that {release.profile} has for {', '.join(sorted(own))}: delete those.")


class _Release:
    """The published release, held against the bands of a profile.

    Raises:
        NotThereError: nothing has been published yet.
        SettingsError: there is no such profile.
    """

    def __init__(self, settings: Settings, profile: str | None) -> None:
        self._settings, self._asked = settings, profile

    def __enter__(self) -> "_Release":
        home = self._settings.home_path
        if not home.published.exists():
            raise NotThereError(
                f"Nothing has been published in {home.path} yet.", "Run the pipeline first: retention run."
            )
        self._opened = open_warehouse(home.published, read_only=True)
        self.connection = self._opened.__enter__()
        [(released, as_of, limit, least, self.currency, self.customers)] = self.connection.execute(RELEASE).fetchall()
        self.limit, self.least = float(limit or 1), int(least or 0)
        self.profile = self._asked or str(released)
        self.covered = coverage(self.connection, read_bands(self._settings.project_dir, self.profile))
        self.title = f"Profile {self.profile} on the release as of {as_of}"
        return self

    @property
    def too_few(self) -> str | None:
        """Why the bands are not judged, as the run's own check does not; None where they are."""
        if self.customers >= self.least:
            return None
        return (
            f"Not judged: customers with a purchase are {self.customers:,}, fewer than {self.least:,} "
            "(band_coverage_min_customers)."
        )

    def verdict(self, one: Coverage) -> str:
        """A measure, and whether its bands are fit."""
        return f"{one.measure}: not judged" if self.too_few else _verdict(one, self.limit)

    def is_unfit(self, one: Coverage) -> bool:
        """Whether the bands of a measure are judged, and unfit."""
        return not self.too_few and not one.is_fit(self.limit)

    def __exit__(self, *raised: Any) -> None:
        self._opened.__exit__(*raised)


def _verdict(one: Coverage, limit: float) -> str:
    return f"{one.measure}: {'fit' if one.is_fit(limit) else f'unfit, a band holds more than {limit:g}'}"


def _coverage_rows(one: Coverage, currency: str) -> list[dict[str, Any]]:
    return [
        {"band": band.number, "bound": _bound(band, currency), "share": round(share, 4)}
        for band, share in zip(one.bands, one.shares, strict=True)
    ]


def _comparison(one: Coverage, found: Suggestion, currency: str) -> list[dict[str, Any]]:
    """Bands as they are, and as suggested; a suggestion may have fewer."""
    suggested = {
        band.number: (_bound(band, currency), round(share, 4))
        for band, share in zip(found.bands, found.shares, strict=True)
    }
    return [
        row
        | {
            "suggested": suggested.get(row["band"], ("no band", None))[0],
            "its share": suggested.get(row["band"], ("no band", None))[1],
        }
        for row in _coverage_rows(one, currency)
    ]


def _bound(band: Band, currency: str) -> str:
    """A bound in words; amounts are in the release's currency, whatever the profile asked for."""
    if band.bound is None:
        return "the rest"
    unit = currency if band.unit == "currency" else str(band.unit)
    return f"{band.bound.normalize():f} {unit.removesuffix('s') if band.bound == 1 and unit != currency else unit}"


def _alike(measure: str) -> str:
    remedy = " In a longer window (rfm_window_months) they may differ." if measure != "recency" else ""
    return f"Too many customers are alike: no bounds part them.{remedy}"


def _hand_over(rows: list[list[str]], to: Path | None) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    if to is None:
        out.print("Rows for dbt_project/seeds/rfm_bands.csv:")
        sys.stdout.write(text.getvalue())
    else:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text.getvalue(), encoding="utf-8")
        out.print(f"{len(rows)} rows for dbt_project/seeds/rfm_bands.csv: {to}", markup=False)
