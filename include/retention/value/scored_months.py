"""What a release knows of its own churn scores: past month-ends that are over, scores and what came of them (M8)."""

import hashlib
from dataclasses import dataclass

import duckdb
import numpy as np

from retention.value.churn_calibration import MODEL, ChurnOutcomes, HeldOut
from retention.value.reading import Asked

METHOD = "2"
"""Part of a calibration's name: a changed method fits anew what was fitted before."""
DIGITS = 8
# Scores to three decimals: at most 1,001 groups, however many customers. Only active ones: the others have churned.
OUTCOMES = """
    select
        round(raw_score, 3) as score,
        count(*) filter (where is_silent_after) as silent,
        count(*) as customers
    from intermediate.int_churn_scores
    where is_month_end and is_mature and is_active and raw_score is not null
    group by round(raw_score, 3)
    order by score
"""
# The last month-end that is over, and the earlier ones whose outcomes were known on its day.
HELD_OUT = """
    with months as (
        select snapshot_on, outcome_on, max(snapshot_on) over () as held_on
        from intermediate.int_signal_days
        where is_month_end and is_mature
    )

    select
        months.snapshot_on = months.held_on as is_held,
        round(scores.raw_score, 3) as score,
        count(*) filter (where scores.is_silent_after) as silent,
        count(*) as customers
    from intermediate.int_churn_scores as scores
    inner join months on scores.snapshot_on = months.snapshot_on
    where scores.is_active and scores.raw_score is not null
        and (months.snapshot_on = months.held_on or months.outcome_on <= months.held_on)
    group by all
    order by is_held, score
"""
USES_P_ALIVE = "select bg_nbd_fit_id is not null from intermediate.int_value_models"


@dataclass(frozen=True)
class ScoredMonths:
    """Churn outcomes of a release.

    Attributes:
        refusal: why they are too few to calibrate by; None where they are enough.
        held_out: the last of the months apart from those that were over before it; None where either is too few.
    """

    outcomes: ChurnOutcomes
    refusal: str | None
    held_out: HeldOut | None = None

    def fit_id(self, asked: Asked) -> str:
        """Model, day, and a digest of all that the calibration rests on: the same data give the same name."""
        digest = hashlib.sha256(repr((METHOD, asked, self.outcomes.uses_p_alive, self.refusal)).encode())
        for array in (self.outcomes.score, self.outcomes.silent, self.outcomes.customers):
            digest.update(np.ascontiguousarray(array).tobytes())
        return f"{MODEL}-{asked.as_of:%Y%m%d}-{digest.hexdigest()[:DIGITS]}"


def _held_out(connection: duckdb.DuckDBPyConnection, asked: Asked, *, uses_p_alive: bool) -> HeldOut | None:
    """The last month-end that is over, apart; None where it or those before it carry no calibration."""
    found = connection.execute(HELD_OUT).fetchnumpy()
    parts = []
    for is_held in (False, True):
        rows = np.asarray(found["is_held"], dtype=bool) == is_held
        score, silent, customers = (
            np.asarray(found[name], dtype=np.float64)[rows] for name in ("score", "silent", "customers")
        )
        if _too_little(asked, silent, customers):
            return None
        parts.append(ChurnOutcomes(score, silent, customers, uses_p_alive))
    return HeldOut(*parts)


def read_scored_months(connection: duckdb.DuckDBPyConnection, asked: Asked) -> ScoredMonths | None:
    """Scores and outcomes of a release's past month-ends; None of a release that has no churn scores."""
    try:
        found = connection.execute(OUTCOMES).fetchnumpy()
        [(uses_p_alive,)] = connection.execute(USES_P_ALIVE).fetchall()
    except duckdb.CatalogException:
        return None
    score, silent, customers = (np.asarray(found[name], dtype=np.float64) for name in ("score", "silent", "customers"))
    return ScoredMonths(
        ChurnOutcomes(score, silent, customers, uses_p_alive),
        _too_little(asked, silent, customers),
        _held_out(connection, asked, uses_p_alive=bool(uses_p_alive)),
    )


def _too_little(asked: Asked, silent: np.ndarray, customers: np.ndarray) -> str | None:
    for found, what in (
        (silent.sum(), "customers who then bought nothing"),
        ((customers - silent).sum(), "customers who then bought"),
    ):
        if found < asked.min_repeaters:
            few = f"{round(found):,} {what} at month-ends that are over"
            return f"{few}, fewer than {asked.min_repeaters:,} (value_min_repeaters)"
    return None
