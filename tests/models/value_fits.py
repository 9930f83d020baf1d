"""Fits of value models as landing delivers them, and what they foretell by the closed forms of the papers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import hyp2f1, roots_jacobi

# Published for CDNOW's sample of 2,357 customers: Fader, Hardie, Lee (2005) for BG/NBD, Fader, Hardie (2013) for
# Gamma-Gamma. Weeks and US dollars.
CDNOW_PURCHASES = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
CDNOW_SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
NODES = 16


@dataclass(frozen=True)
class FitRow:
    """A fit, by what models ask of it."""

    fit_id: str
    model: str = "bg_nbd"
    data_until: date = date(2023, 1, 1)
    status: str = "converged"
    profile: str = "default_b2b"
    fitted_at: str = "2024-07-01 08:00:00"  # late: what counts is the day of the data
    parameters: dict[str, float] = field(default_factory=lambda: dict(CDNOW_PURCHASES))


def spend_fit(fit_id: str, **changes: Any) -> FitRow:
    """A fit of Gamma-Gamma."""
    return FitRow(fit_id, **{"model": "gamma_gamma", "parameters": dict(CDNOW_SPEND), **changes})


def landed_fits(*fits: FitRow, largest: int = 12) -> dict[str, pd.DataFrame]:
    """The four entities' raw tables, with a backtest of one group for each fit."""
    rows = [
        {
            "fit_id": one.fit_id, "profile": one.profile, "model": one.model, "status": one.status,
            "reason": None if one.status == "converged" else "because", "fitted_at": pd.Timestamp(one.fitted_at),
            "data_until": one.data_until, "holdout_days": 91, "fitted_parameters": json.dumps(one.parameters),
            "log_likelihood": -1.0, "customers": 500, "repeat_customers": 100, "holdout_mae": 0.5, "naive_mae": 0.6,
        }
        for one in fits
    ]  # fmt: skip
    parameters = [
        {"fit_id": one.fit_id, "parameter": name, "value": value, "standard_error": 0.1}
        for one in fits
        for name, value in one.parameters.items()
    ]
    nodes = [row for one in fits if "a" in one.parameters for row in _nodes(one, largest)]
    backtests = [
        {
            "fit_id": one.fit_id, "measure": "purchases", "method": "model", "group_name": name, "group_number": 0,
            "customers": 400, "actual": 0.4, "predicted": predicted, "mean_absolute_error": 0.5,
            "root_mean_square_error": 0.7,
        }
        for one in fits
        for name, predicted in (("all", 0.5), ("repeat_purchases", 0.3))
    ]  # fmt: skip
    entities = {
        "value_fits": rows,
        "value_fit_parameters": parameters,
        "value_fit_nodes": nodes,
        "value_backtests": backtests,
    }
    return {entity: _landed(found) for entity, found in entities.items()}


def _landed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([row | {"_load_seq": 1, "_line_no": number} for number, row in enumerate(rows, 1)])


def _nodes(fit: FitRow, largest: int) -> list[dict[str, Any]]:
    """Gauss and Jacobi's nodes for the weight of Beta(a, b + x), moved to 0 to 1."""
    a, b = fit.parameters["a"], fit.parameters["b"]
    rows = []
    for purchases in range(largest + 1):
        nodes, weights = roots_jacobi(NODES, b + purchases - 1, a - 1)
        weights = weights / weights.sum()
        for number, (node, weight) in enumerate(zip((nodes + 1) / 2, weights, strict=True), 1):
            rows.append(
                {"fit_id": fit.fit_id, "purchases": purchases, "node_number": number, "node": node, "weight": weight}
            )
    return rows


def alive(parameters: dict[str, float], x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> np.ndarray:
    """P(alive): Fader, Hardie, Lee: Computing P(alive) Using the BG/NBD Model (2008), equation 2."""
    r, alpha, a, b = (parameters[name] for name in ("r", "alpha", "a", "b"))
    odds = a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)
    return np.where(x > 0, 1 / (1 + odds), 1.0)


def purchases(
    parameters: dict[str, float], weeks: float, x: np.ndarray, t_x: np.ndarray, age: np.ndarray
) -> np.ndarray:
    """E[Y(t)]: equation 10 of Fader, Hardie, Lee (2005), with its hypergeometric function."""
    r, alpha, a, b = (parameters[name] for name in ("r", "alpha", "a", "b"))
    inner = hyp2f1(r + x, b + x, a + b + x - 1, weeks / (alpha + age + weeks))
    share = 1 - ((alpha + age) / (alpha + age + weeks)) ** (r + x) * inner
    return (a + b + x - 1) / (a - 1) * share * alive(parameters, x, t_x, age)
