"""What a customer's churn risk (M8) and health (S) are made of: each factor's figure, score and share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from retention.explanation.names import Names
from retention.explanation.queries import has_table, of_customer, of_profile, rows_of

RISK, HEALTH = "customer_churn_risk", "customer_health"
SEEDS = {RISK: "churn_risk_factors", HEALTH: "health_factors"}
Rows = Callable[[str], list[dict[str, Any]]]
"""Reads the rows of a factor seed that hold for the run's profile."""


def outlook(risk: Mapping[str, Any], health: Mapping[str, Any], read: Rows, names: Names) -> dict[str, Any]:
    """The customer's churn risk and health, each factor by itself.

    Args:
        risk: the customer's row of customer_churn_risk; empty for a release without the table.
        health: that of customer_health.
        read: gives the rows of a factor seed.

    Returns:
        `risk` and `health`, None where the release has no such table: the table's row with `band_name`,
        `missing_name` (why there is no score) and `factors`. A factor has its name, figure (`present`), the figures
        `low` and `high` at which its score is 0 and 1, `score`, `weight` (its share of the score, missing factors'
        weights shared out; None where it is missing) and `part`, score times weight.
    """
    return {
        "risk": _told(risk, risk, "risk_band", read(SEEDS[RISK]), names) if risk else None,
        "health": _told(health, risk, "band", read(SEEDS[HEALTH]), names) if health else None,
    }


def outlook_in(connection: duckdb.DuckDBPyConnection, customer_id: str, names: Names) -> dict[str, Any]:
    """The same from a connection to a release's warehouse."""
    risk, health = (
        (rows_of(connection, of_customer(table), customer_id) or [{}])[0]
        if has_table(connection, "marts", table)
        else {}
        for table in (RISK, HEALTH)
    )
    return outlook(risk, health, lambda seed: rows_of(connection, of_profile(seed, "factor")), names)


def _told(
    row: Mapping[str, Any], signals: Mapping[str, Any], band: str, seed: Sequence[Mapping[str, Any]], names: Names
) -> dict[str, Any]:
    asked = [one for one in seed if one["weight"] > 0]
    known = sum(float(one["weight"]) for one in asked if signals.get(one["factor"]) is not None)
    factors = [_factor(one, signals.get(one["factor"]), known, names) for one in asked]
    band_set = "risk_band" if band == "risk_band" else "health_band"
    return {
        **row,
        "band_name": None if row[band] is None else names.of(band_set, row[band]),
        "missing_name": None
        if row["missing_reason"] is None
        else names.of("score_missing_reason", row["missing_reason"]),
        "changed_factor_name": names.of("factor", row["changed_factor"]) if row.get("changed_factor") else None,
        "factors": sorted(factors, key=lambda one: (one["part"] is None, -(one["part"] or 0), one["factor"])),
    }


def _factor(seed: Mapping[str, Any], present: Any, known: float, names: Names) -> dict[str, Any]:
    low, high = float(seed["low"]), float(seed["high"])
    told: dict[str, Any] = {
        "factor": seed["factor"],
        "name": names.of("factor", seed["factor"]),
        "rule_id": seed["rule_id"],
        "present": present,
        "low": low,
        "high": high,
    }
    if present is None:
        return told | {"score": None, "weight": None, "part": None}
    score = min(1.0, max(0.0, (float(present) - low) / (high - low)))
    weight = float(seed["weight"]) / known
    return told | {"score": score, "weight": weight, "part": score * weight}
