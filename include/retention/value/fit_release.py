"""Fitting the value models on the published release, once for its data; what was found is landed (M7, decision 45)."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from retention.value import bg_nbd, churn_calibration, gamma_gamma, pareto_nbd, sbg
from retention.value.backtest import Group, backtest, model_errors, naive_mae
from retention.value.reading import (
    DAYS_PER_WEEK,
    Asked,
    HeldOut,
    held_out,
    opened_release,
    purchase_statistics,
    read_asked,
    spend_statistics,
)
from retention.value.renewals import Renewals, read_renewals
from retention.value.scored_months import ScoredMonths, read_scored_months
from retention.value.statistics import Fit, PurchaseStatistics, SpendStatistics
from retention.value.store import (
    BACKTESTS,
    CONVERGED,
    FAILED,
    FITS,
    NODES,
    PARAMETERS,
    REFUSED,
    FitStore,
    finite,
)
from retention.warehouse.lock import writer_lock

METHOD = "1"
"""Part of a fit's name: a changed method fits anew what was fitted before."""
DIGITS = 8
FIT_PURCHASES: Mapping[str, Callable[[PurchaseStatistics], Fit]] = {
    bg_nbd.MODEL: bg_nbd.fit,
    pareto_nbd.MODEL: pareto_nbd.fit,
}
# The likelihood is all but flat in one direction, as where hardly anybody leaves: the mean chance is known then,
# and not how it differs between customers. Predictions need not feel it; the backtest shows whether they do.
MINDED = "parameter_undetermined"
# Nodes reach further than the customers of today: the next weeks' scores use the same fit.
MORE_PURCHASES, TIMES_PURCHASES = 52, 2


@dataclass(frozen=True)
class Data:
    """What a release gives to fit on.

    Attributes:
        purchases: histories up to its day.
        spend: what repeat buyers spend.
        held: what the backtest looks at; None where the days before the held-out ones are too few data themselves.
        refusal: why no model of purchases or spend is fitted; None where there is enough.
        renewals: what the model of contracts is fitted on.
    """

    asked: Asked
    purchases: PurchaseStatistics
    spend: SpendStatistics
    held: HeldOut | None
    refusal: str | None
    renewals: Renewals

    def refusal_of(self, model: str) -> str | None:
        """Why a model is not fitted; None where there is enough."""
        return self.renewals.refusal if model == sbg.MODEL else self.refusal


@dataclass(frozen=True)
class Outcome:
    """What became of a model.

    Attributes:
        row: its row of value_fits.
        is_new: whether it was fitted just now.
        most_purchases: repeat purchase days of the customer who has most.
    """

    row: dict[str, Any]
    is_new: bool
    most_purchases: int = 0
    fit: Fit | None = None
    groups: Sequence[Group] = field(default=())

    @property
    def fit_id(self) -> str:
        """The fit's name."""
        return str(self.row["fit_id"])

    @property
    def status(self) -> str:
        """converged, failed or refused."""
        return str(self.row["status"])


NOT_CALIBRATED = "churn scores are not calibrated yet: this release's know no P(alive). Run, then fit once more"


def fit_release(
    store: FitStore,
    *,
    force: bool = False,
    say: Callable[[str], None] = lambda _: None,
    wait_seconds: float = 0,
) -> list[Outcome]:
    """Fit the models of the published release's profile, those that were not fitted on the same data before.

    Args:
        force: fit anew what was fitted before, under a name of its own.
        say: is given a line per step.
        wait_seconds: how long to wait for another writer.

    Returns:
        An outcome per model. One that failed or was refused is on record, and what was in force stays so.

    Raises:
        NotThereError: nothing has been published, or by an older program.
        LockBusyError: another process is writing.
    """
    with opened_release(store.home) as connection:
        asked = read_asked(connection)
        say(f"reading purchase histories of profile {asked.profile} up to {asked.as_of}")
        data = _read(connection, asked)
        months = read_scored_months(connection, asked)
    say(f"{data.purchases.customers:,} customers, {data.purchases.repeaters:,} with two purchase days or more")
    known = {one["fit_id"]: one for one in store.fits()}
    tasks: dict[str, Callable[[str], Outcome]] = {
        _fit_id(model, data): partial(_fitted, store, data, model) for model in _models(data)
    }
    outcomes = [_once(fit_id, fitted, known, force=force, say=say) for fit_id, fitted in tasks.items()]
    if months is not None and (months.outcomes.uses_p_alive or not _scores_purchases(outcomes)):
        calibrated = partial(_calibrated, store, asked, months)
        outcomes.append(_once(months.fit_id(asked), calibrated, known, force=force, say=say))
    elif months is not None:
        say(NOT_CALIBRATED)
    _land(store, [one for one in outcomes if one.is_new], wait_seconds)
    return outcomes


def _scores_purchases(outcomes: Sequence[Outcome]) -> bool:
    """Whether the next run's churn scores know P(alive), so that a calibration of scores without it would not hold."""
    return any(one.row["model"] == bg_nbd.MODEL and one.status == CONVERGED for one in outcomes)


def _once(
    fit_id: str,
    fitted: Callable[[str], Outcome],
    known: Mapping[str, dict[str, Any]],
    *,
    force: bool,
    say: Callable[[str], None],
) -> Outcome:
    """What is known of a fit by its name; if nothing, or by force, fitted anew."""
    same = [one for one in known if one.split(".")[0] == fit_id]
    if same and not force:
        return Outcome(known[max(same, key=lambda one: known[one]["fitted_at"])], is_new=False)
    say(f"fitting {fit_id.split('-', maxsplit=1)[0]}")
    return fitted(f"{fit_id}.{len(same) + 1}" if same else fit_id)


def _models(data: Data) -> list[str]:
    """The models that are asked for; that of contracts where one has come to its end."""
    compared = [data.asked.comparison] if data.asked.comparison else []
    return [bg_nbd.MODEL, gamma_gamma.MODEL, *compared, *([sbg.MODEL] if data.renewals.customers else [])]


def _read(connection: Any, asked: Asked) -> Data:
    purchases = purchase_statistics(connection, asked.as_of)
    refusal = _too_little(asked, purchases)
    held = None if refusal else held_out(connection, asked)
    if held is not None and _too_little(asked, held.statistics):
        held = None
    spend = spend_statistics(connection, asked.as_of)
    return Data(asked, purchases, spend, held, refusal, read_renewals(connection))


def _too_little(asked: Asked, purchases: PurchaseStatistics) -> str | None:
    """What the profile asks for and is not there."""
    days = round(float(purchases.age.max(initial=0)) * DAYS_PER_WEEK)
    for found, least, what, parameter in (
        (purchases.customers, asked.min_buyers, "customers with a purchase", "value_min_buyers"),
        (purchases.repeaters, asked.min_repeaters, "customers with two purchase days", "value_min_repeaters"),
        (days, asked.min_history_days, "days since the first purchase", "value_min_history_days"),
    ):
        if found < least:
            return f"{found:,} {what}, fewer than {least:,} ({parameter})"
    return None


def _fit_id(model: str, data: Data) -> str:
    """Model, day, and a digest of all that the fit rests on: the same data give the same name."""
    digest = hashlib.sha256(repr((METHOD, data.asked, data.refusal_of(model))).encode())
    arrays = [data.spend.frequency, data.spend.mean_spend, data.spend.weight]
    if model == sbg.MODEL:
        arrays = [data.renewals.renewed, data.renewals.lost]
    elif model != gamma_gamma.MODEL:
        known = [data.purchases, *([data.held.statistics] if data.held else [])]
        arrays = [array for one in known for array in (one.frequency, one.recency, one.age, one.weight)]
        arrays += [data.held.recent, data.held.actual] if data.held else []
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return f"{model}-{data.asked.as_of:%Y%m%d}-{digest.hexdigest()[:DIGITS]}"


def _fitted(store: FitStore, data: Data, model: str, fit_id: str) -> Outcome:
    """Fit one model, and test it on the held-out days where it foretells purchases."""
    counted = data.renewals if model == sbg.MODEL else data.purchases
    row: dict[str, Any] = {
        "fit_id": fit_id,
        "profile": data.asked.profile,
        "model": model,
        "fitted_at": store.now(),
        "data_until": data.asked.as_of,
        "holdout_days": None if model == sbg.MODEL else data.asked.holdout_days,
        "customers": counted.customers,
        "repeat_customers": counted.repeaters,
    }
    refusal = data.refusal_of(model)
    if refusal is not None:
        return Outcome(_complete(row | {"status": REFUSED, "reason": f"Too few data: {refusal}."}), is_new=True)
    fit = _fit(data, model)
    groups = _tested(data, model) if model in FIT_PURCHASES else []
    mae, rmse = model_errors(groups)
    row |= _found(fit) | {
        "holdout_mae": mae,
        "holdout_rmse": rmse,
        "naive_mae": naive_mae(groups),
    }
    most = int(data.purchases.frequency.max(initial=0))
    return Outcome(_complete(row), is_new=True, most_purchases=most, fit=fit, groups=groups)


def _found(fit: Fit) -> dict[str, Any]:
    """What a row of value_fits says of a fit."""
    return {
        "status": CONVERGED if _is_usable(fit) else FAILED,
        "reason": _in_words(fit),
        "fitted_parameters": _json(fit.parameters),
        "standard_errors": _json(fit.standard_errors),
        "diagnostics": _json(fit.diagnostics),
        "log_likelihood": fit.log_likelihood,
        "customers": fit.customers,
    }


def _calibrated(store: FitStore, asked: Asked, months: ScoredMonths, fit_id: str) -> Outcome:
    """Find what the release's churn scores meant at past month-ends (M8)."""
    row: dict[str, Any] = {
        "fit_id": fit_id,
        "profile": asked.profile,
        "model": churn_calibration.MODEL,
        "fitted_at": store.now(),
        "data_until": asked.as_of,
        "customers": round(float(months.outcomes.customers.sum())),
    }
    if months.refusal is not None:
        return Outcome(_complete(row | {"status": REFUSED, "reason": f"Too few data: {months.refusal}."}), is_new=True)
    fit = churn_calibration.fit(months.outcomes, months.held_out)
    return Outcome(_complete(row | _found(fit)), is_new=True, fit=fit)


def _fit(data: Data, model: str) -> Fit:
    if model == gamma_gamma.MODEL:
        return gamma_gamma.fit(data.spend)
    if model == sbg.MODEL:
        return sbg.fit(data.renewals.renewed, data.renewals.lost)
    return FIT_PURCHASES[model](data.purchases)


def _tested(data: Data, model: str) -> list[Group]:
    """The backtest of a model; empty where the data before the held-out days do not carry a fit."""
    if data.held is None:
        return []
    fit = FIT_PURCHASES[model](data.held.statistics)
    return backtest(model, fit.parameters, data.held, data.asked.holdout_days) if _is_usable(fit) else []


def _land(store: FitStore, outcomes: Sequence[Outcome], wait_seconds: float) -> None:
    """Land what was found; the fits themselves last, since they count from then on."""
    if not outcomes:
        return
    parameters = [
        {"fit_id": one.fit_id, "parameter": name, "value": value, "standard_error": one.fit.standard_errors.get(name)}
        for one in outcomes
        if one.fit is not None and one.status == CONVERGED
        for name, value in one.fit.parameters.items()
    ]
    with writer_lock(store.home, "value fit", wait_seconds):
        store.record(PARAMETERS, parameters)
        for one in outcomes:
            if one.fit is not None and one.fit.model == bg_nbd.MODEL and one.status == CONVERGED:
                _land_nodes(store, one, one.fit)
        store.record(BACKTESTS, [group.as_row(one.fit_id) for one in outcomes for group in one.groups])
        store.record(FITS, [one.row for one in outcomes])


def _land_nodes(store: FitStore, outcome: Outcome, fit: Fit) -> None:
    largest = outcome.most_purchases * TIMES_PURCHASES + MORE_PURCHASES
    purchases, position, node, weight = bg_nbd.quadrature(fit.parameters, largest)
    columns = {"purchases": purchases, "node_number": position + 1, "node": node, "weight": weight}
    store.record_columns(NODES, {"fit_id": np.full(len(node), outcome.fit_id), **columns})


def _complete(row: dict[str, Any]) -> dict[str, Any]:
    """The row with every column of the contract, so that all rows of a load are alike."""
    nothing = dict.fromkeys(
        ("reason", "fitted_parameters", "standard_errors", "diagnostics", "log_likelihood", "holdout_days",
         "holdout_mae", "holdout_rmse", "naive_mae", "repeat_customers")
    )  # fmt: skip
    return nothing | row


def _is_usable(fit: Fit) -> bool:
    return fit.converged and set(fit.problems) <= {MINDED}


def _in_words(fit: Fit) -> str | None:
    """Why a fit is not used, or what to mind of one that is."""
    if fit.is_sound:
        return None
    if _is_usable(fit):
        beside = "the survival observed" if fit.model == sbg.MODEL else "its backtest"
        return f"Mind: not every parameter is determined; judge it by {beside}."
    problems = fit.problems or ("not_converged",)
    return f"Not to be trusted: {', '.join(one.replace('_', ' ') for one in problems)}."


def _json(values: Mapping[str, float]) -> str:
    return json.dumps({name: finite(value) for name, value in values.items()})
