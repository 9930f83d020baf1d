"""customer_lifecycle_history and lifecycle_transitions against a day-by-day replay of random companies."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.lifecycle_companies import AS_OF, random_company, steady_company
from tests.models.lifecycle_replay import LIMITS, standing_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import duckdb
    from tests.models.compiled_project import CompiledProject
    from tests.models.lifecycle_companies import Company
    from tests.models.lifecycle_replay import Customer, Limits

MODELS = ["customer_lifecycle_history", "lifecycle_transitions", "customer_lifecycle"]
STAGES = ["lifecycle_stage", "previous_stage", "age_stage", "activity_state", "curve_stage"]
KEY = ["customer_id", "month_end"]
COMPANIES = [(random_company, seed) for seed in range(400, 406)] + [(steady_company, seed) for seed in range(500, 503)]


@pytest.mark.slow
@pytest.mark.parametrize(("company", "seed"), COMPANIES[1::2])
@pytest.mark.parametrize("profile", LIMITS)
def test_every_month_end_shows_what_a_day_by_day_replay_finds(
    project: CompiledProject, profile: str, company: Callable[[int], Company], seed: int
) -> None:
    raw, known = company(seed)
    with project.build(raw, as_of=AS_OF, profile=profile, models=MODELS) as warehouse:
        found, transitions = _history(warehouse), warehouse.sql("from marts.lifecycle_transitions").df()
    expected = _replayed(known, LIMITS[profile], sorted(found["month_end"].unique()))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert len(found["lifecycle_stage"].unique()) >= 4
    _assert_counts(transitions, expected)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(410, 413))
def test_the_history_goes_by_registration_where_age_does(project: CompiledProject, seed: int) -> None:
    raw, known = random_company(seed)
    with project.build({}, as_of=AS_OF, models=["int_profile"]) as warehouse:
        parameters = warehouse.sql("from seeds.profile_parameters").df()
    parameters.loc[parameters["parameter"] == "age_from", "value"] = "registration"
    with project.build(raw, as_of=AS_OF, models=MODELS, seeds={"profile_parameters": parameters}) as warehouse:
        found = _history(warehouse)
    expected = _replayed(known, LIMITS["default_b2b"], sorted(found["month_end"].unique()), age_from_registration=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.slow
@pytest.mark.parametrize(("company", "seed"), COMPANIES[::2])
def test_a_month_end_of_the_history_is_what_a_run_as_of_that_day_shows(
    project: CompiledProject, company: Callable[[int], Company], seed: int
) -> None:
    raw, _ = company(seed)
    with project.build(raw, as_of=AS_OF, models=MODELS) as warehouse:
        later = _history(warehouse)
    for month_end in sorted(later["month_end"].unique())[::3]:
        with project.build(raw, as_of=month_end, models=MODELS) as warehouse:
            at_once = _history(warehouse)
            that_day = warehouse.sql("from marts.customer_lifecycle order by customer_id").df()
            dated = warehouse.sql("from intermediate.int_lifecycle_customers where known_from is not null").df()
        # The history of a run then is this one's up to then; it shows on its last day what customer_lifecycle shows.
        as_of = at_once[at_once["month_end"] == month_end].reset_index(drop=True)
        columns = ["customer_id", "lifecycle_stage", "age_stage", "activity_state", "curve_stage"]
        pd.testing.assert_frame_equal(as_of[columns], that_day[columns], check_dtype=False)
        at_once = at_once[at_once["customer_id"].isin(dated["customer_id"])].reset_index(drop=True)
        seen_by_both = later["month_end"].isin(at_once["month_end"].unique()) & (later["month_end"] <= month_end)
        pd.testing.assert_frame_equal(
            at_once[at_once["month_end"].isin(later["month_end"])].reset_index(drop=True),
            later[seen_by_both].reset_index(drop=True),
        )


def _history(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    found = warehouse.sql(f"select {', '.join(KEY + STAGES)} from marts.customer_lifecycle_history order by all").df()
    return found.assign(month_end=pd.to_datetime(found["month_end"]).dt.date)


def _replayed(
    known: dict[str, Customer], limits: Limits, days: list[date], *, age_from_registration: bool = False
) -> pd.DataFrame:
    rows = []
    for name, customer in known.items():
        for day in days:
            since = customer.known_from()
            if since is None or since > day:
                continue
            before = day.replace(day=1) - timedelta(days=1)
            now = standing_on(customer, day, limits, age_from_registration=age_from_registration)
            previous = standing_on(customer, before, limits, age_from_registration=age_from_registration)
            rows.append(
                {
                    "customer_id": name,
                    "month_end": day,
                    **{column: vars(now)[column] for column in STAGES if column != "previous_stage"},
                    "previous_stage": previous.lifecycle_stage if since <= before else "not_yet_known",
                }
            )
    frame = pd.DataFrame(rows).sort_values(KEY, ignore_index=True)
    return frame[KEY + STAGES]


def _assert_counts(transitions: pd.DataFrame, history: pd.DataFrame) -> None:
    """Rows of a from_stage add up to that stage's customers a month before, rows of a to_stage to this month's."""
    pairs = {"month_end": "month_end", "from_stage": "previous_stage", "to_stage": "lifecycle_stage"}
    transitions["month_end"] = pd.to_datetime(transitions["month_end"]).dt.date
    counted = history.groupby(list(pairs.values())).size()
    assert transitions.set_index(list(pairs))["customers"].to_dict() == counted.to_dict()
    months = sorted(history["month_end"].unique())
    assert [day + timedelta(days=1) for day in months[:-1]] == [day.replace(day=1) for day in months[1:]]
    assert len(months) > 6
    stages = history[history["month_end"] < months[-1]].groupby(["month_end", "lifecycle_stage"]).size()
    came_from = transitions[(transitions["from_stage"] != "not_yet_known") & (transitions["month_end"] > months[0])]
    before = came_from["month_end"].map(lambda day: day.replace(day=1) - timedelta(days=1))
    left = came_from.assign(month_end=before).groupby(["month_end", "from_stage"])["customers"].sum()
    assert left.to_dict() == stages.to_dict()
