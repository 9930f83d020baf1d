"""The commands `retention value`: models that foretell purchases and value, fitted, listed and shown (M7)."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention.console import out, print_rows
from retention.errors import CheckFailedError, NotThereError, SettingsError
from retention.landing import load_contracts
from retention.options import HomeOption, JsonOption, settings_with
from retention.value.store import CONVERGED, FAILED, FitStore
from retention.warehouse.project import known_profiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention.value.fit_release import Outcome

IN_USE = ("bg_nbd", "gamma_gamma", "sbg", "churn_calibration")  # all others stand beside them in the backtest
COUNTED = {"churn_calibration": "active customers at month-ends, each counted at every one"}
"""What a fit's `customers` are, where they are not each one customer."""
LISTED = ("fit_id", "status", "profile", "data_until", "fitted_at", "customers", "holdout_mae", "naive_mae", "in_force")
app = typer.Typer(
    no_args_is_help=True,
    help="Models that foretell purchases, their worth and renewals (BG/NBD, Gamma-Gamma, sBG): fit, list, show them.",
)


@app.command(epilog="Example: retention value fit --home data && retention run --home data")
def fit(
    home: HomeOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fit again what was fitted on the same data; both fits stay on record.")
    ] = False,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for another writer.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Fit the models on the published release, for its profile and its day. The next run scores customers by them.

    Fitted again on the same data, it says so and writes nothing. A fit that fails is kept on record, exit code 4, and
    the last good one stays in force; too few data are refused, exit code 0.
    """
    from retention.value.fit_release import fit_release  # noqa: PLC0415  # scipy takes half a second to import

    store = _store(home)
    outcomes = fit_release(store, force=force, say=_silent if as_json else _say, wait_seconds=wait)
    if as_json:
        sys.stdout.write(_dumped([one.row | {"is_new": one.is_new} for one in outcomes]) + "\n")
    else:
        for one in outcomes:
            out.print(_told(one), markup=False)
        if any(one.is_new and one.status == CONVERGED for one in outcomes):
            out.print("Tables rest on them from the next run on: retention run.", markup=False)
    _stop_on_failure(store, outcomes)


@app.command(name="list", epilog="Example: retention value list --profile retail")
def list_fits(
    home: HomeOption = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Only fits of this profile.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the fits, the newest data first: converged, failed or refused, and how far off on the held-out days."""
    known = known_profiles(settings_with().project_dir)
    if profile is not None and profile not in known:
        raise SettingsError(f"Profile '{profile}' is unknown.", f"Use one of: {', '.join(known)}.")
    fits = [one | {"in_force": one["is_newest_good"] and one["model"] in IN_USE} for one in _store(home).fits(profile)]
    if as_json:
        sys.stdout.write(_dumped(fits) + "\n")
        return
    print_rows(out, "fits of value models", [{name: one[name] for name in LISTED} for one in fits])
    if not fits:
        out.print("Fit the published release: retention value fit.")


@app.command(epilog="Example: retention value show bg_nbd-20180101-1f2e3d4c --json")
def show(
    fit_id: Annotated[
        str | None, typer.Argument(help="The fit, as retention value list names it. Default: the newest BG/NBD in use.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a fit: parameters with their standard errors, and what it foretold beside what happened."""
    store = _store(home)
    found = store.fit(fit_id or _newest(store))
    if as_json:
        sys.stdout.write(_dumped(found) + "\n")
        return
    out.print(f"{found['fit_id']}: {found['status']}, data until {found['data_until']}, "
              f"profile {found['profile']}, fitted {found['fitted_at']}", markup=False)  # fmt: skip
    if found["reason"]:
        out.print(found["reason"], markup=False)
    likelihood = found["log_likelihood"]  # a fit that was refused or failed has none
    fitted = "" if likelihood is None else f", log-likelihood {_number(likelihood)}"
    out.print(f"  {found['customers']:,} {COUNTED.get(found['model'], 'customers')}{fitted}", markup=False)
    print_rows(out, "parameters", found["parameters"])
    if judged := _held_out(found["diagnostics"]).removeprefix("; "):
        out.print(judged, markup=False)
    if not found["backtest"]:
        return
    backtest = [{name: _number(value) for name, value in row.items()} for row in found["backtest"]]
    print_rows(out, f"the last {found['holdout_days']} days, held out", backtest)


def _newest(store: FitStore) -> str:
    used = [one for one in store.fits() if one["is_newest_good"] and one["model"] in IN_USE]
    if not used:
        tried = [f"{one['fit_id']} was {one['status']}: {one['reason']}" for one in store.fits()][:1]
        remedy = "Name it to see it whole." if tried else "Fit the published release: retention value fit."
        raise NotThereError(" ".join(["No value model is in use.", *tried]), remedy)
    return str(min(used, key=lambda one: one["model"] != "bg_nbd")["fit_id"])


def _store(home: Path | None) -> FitStore:
    settings = settings_with(home=home)
    return FitStore(settings.home_path, load_contracts(settings.project_dir), settings.timezone)


def _say(line: str) -> None:
    out.print(f"  {line}", markup=False)


def _silent(line: str) -> None:
    del line


def _told(one: "Outcome") -> str:
    row = one.row
    begin = f"{one.fit_id}: {one.status}" if one.is_new else f"{one.fit_id}: {one.status}, known already"
    if one.status != CONVERGED:
        return f"{begin}. {row['reason']}"
    found = ", ".join(f"{name} {value:.4g}" for name, value in json.loads(row["fitted_parameters"]).items())
    tested = ""
    if row["holdout_mae"] is not None:
        tested = (
            f"; on the last {row['holdout_days']} days off by {row['holdout_mae']:.3f} purchase days a customer "
            f"(better naive rule {row['naive_mae']:.3f})"
        )
    minded = f". {row['reason']}" if row["reason"] else ""
    return f"{begin}: {found}{tested}{_held_out(row['diagnostics'])}{minded}"


def _held_out(diagnostics: str | None) -> str:
    """How month-ends that were over by then foretold the last one that is over; empty where that was not judged."""
    found = json.loads(diagnostics or "{}")
    if "held_out_customers" not in found:
        return ""
    return (
        f"; at the last month-end that is over, earlier ones foretold that {found['held_out_foretold']:.1%} of its "
        f"{found['held_out_customers']:,.0f} active customers would buy nothing in the window after it; "
        f"{found['held_out_observed']:.1%} bought nothing (Brier score {found['held_out_brier']:.3f}; "
        f"{found['held_out_brier_of_base_rate']:.3f} with the earlier share for everybody; the lower the better)"
    )


def _stop_on_failure(store: FitStore, outcomes: "Sequence[Outcome]") -> None:
    """End with an error where a model failed, naming what stays in force."""
    failed = [one for one in outcomes if one.status == FAILED]
    if not failed:
        return
    row = failed[0].row
    kept = [
        f"{one['fit_id']} of data until {one['data_until']} stays in force"
        for one in store.fits(str(row["profile"]))
        if one["is_newest_good"] and one["model"] in {str(other.row["model"]) for other in failed}
    ]
    raise CheckFailedError(
        f"{len(failed)} of {len(outcomes)} fits failed ({', '.join(one.fit_id for one in failed)}); "
        f"{'; '.join(kept) or 'no earlier fit can stand in'}.",
        f"See why: retention value show {failed[0].fit_id}. More data may help; try again with --force.",
    )


def _number(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
