"""What `retention profile` says of bands and of the churn window, to people and to programs."""

import csv
import sys
from typing import Any

from rich.console import Console

from retention.console import print_rows
from retention.profiles.coverage import Band, Coverage
from retention.profiles.released import Released
from retention.profiles.silence import ChurnWindow
from retention.profiles.suggestion import Suggestion


def coverage_rows(one: Coverage, currency: str) -> list[dict[str, Any]]:
    """The bands of a measure with the share of customers in each."""
    return [
        {"band": band.number, "bound": _bound(band, currency), "share": round(share, 4)}
        for band, share in zip(one.bands, one.shares, strict=True)
    ]


def comparison(one: Coverage, found: Suggestion, currency: str) -> list[dict[str, Any]]:
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
        for row in coverage_rows(one, currency)
    ]


def alike(measure: str) -> str:
    """What is said where no bounds part the customers."""
    remedy = " In a longer window (rfm_window_months) they may differ." if measure != "recency" else ""
    return f"Too many customers are alike: no bounds part them.{remedy}"


def bands_as_json(release: Released, one: Coverage, found: Suggestion | None = None) -> dict[str, Any]:
    """A measure's bands, with what is suggested where that was asked."""
    told: dict[str, Any] = {
        "measure": one.measure,
        "is_fit": None if release.too_few else not release.is_unfit(one),
        "bands": _shares(one),
    }
    if found is not None:
        told |= {"suggested": _shares(found), "is_within_limit": found.is_within_limit}
    return told


def print_window(out: Console, release: Released, window: ChurnWindow) -> None:
    """The silences that a churn window was chosen from, the window, and its row for the seed."""
    column = f"bought within {release.return_days} more"
    print_rows(
        out,
        f"Churn window: active_window_days is {release.active_window_days} in the release",
        [
            {
                "days silent": one.days,
                "lasted longer": one.lasted,
                column: None if one.returned_share is None else round(one.returned_share, 4),
            }
            for one in window.silences
        ],
    )
    out.print()
    rule = f"no more than {release.return_share:g} of the silent buy within {release.return_days} days more"
    row = window.row(release.profile, release.return_days)
    if row is None:
        out.print(f"No window suggested: of no length that the data can tell of is it known that {rule}.")
        return
    out.print(f"Suggested: {window.suggested_days} days, the first after which {rule} (churn_return_share).")
    if window.suggested_days == release.active_window_days:
        out.print("The release has it already.")
        return
    out.print("Row for dbt_project/seeds/profile_parameters.csv:")
    csv.writer(sys.stdout, lineterminator="\n").writerow(row)


def window_as_json(release: Released, window: ChurnWindow) -> dict[str, Any]:
    """The churn window with what it was chosen from."""
    return {
        "active_window_days": release.active_window_days,
        "suggested_days": window.suggested_days,
        "return_days": release.return_days,
        "return_share_limit": release.return_share,
        "row": window.row(release.profile, release.return_days),
        "silences": [
            {"days": one.days, "lasted_longer": one.lasted, "returned_share": one.returned_share}
            for one in window.silences
        ],
    }


def _shares(one: Coverage | Suggestion) -> list[dict[str, Any]]:
    return [
        {"band": band.number, "bound": band.bound, "unit": band.unit, "share": share}
        for band, share in zip(one.bands, one.shares, strict=True)
    ]


def _bound(band: Band, currency: str) -> str:
    """A bound in words; amounts are in the release's currency, whatever the profile asked for."""
    if band.bound is None:
        return "the rest"
    unit = currency if band.unit == "currency" else str(band.unit)
    return f"{band.bound.normalize():f} {unit.removesuffix('s') if band.bound == 1 and unit != currency else unit}"
