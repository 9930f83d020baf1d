"""customer_lifecycle against a day-by-day replay of random companies."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject, DbtFailedError
from tests.models.lifecycle_companies import AS_OF, random_company, steady_company
from tests.models.lifecycle_replay import LIMITS, stage_since, standing_on

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tests.models.lifecycle_companies import Raw
    from tests.models.lifecycle_replay import Customer, Limits


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("profile", LIMITS)
def test_every_figure_is_what_a_day_by_day_replay_finds(project: CompiledProject, profile: str, seed: int) -> None:
    raw, known = random_company(seed)
    with project.build(raw, as_of=AS_OF, profile=profile, models=["customer_lifecycle"]) as warehouse:
        found = warehouse.sql("from marts.customer_lifecycle").df()
    _assert_equal(found, _replayed(known, LIMITS[profile], age_from_registration=False))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300, 304))
@pytest.mark.parametrize("profile", LIMITS)
def test_a_stage_that_began_long_ago_is_found_by_looking_further_back(
    project: CompiledProject, profile: str, seed: int
) -> None:
    raw, known = steady_company(seed)
    looks = ("int_lifecycle_since_last_purchase", "int_lifecycle_recent", "int_lifecycle_whole")
    with project.build(raw, as_of=AS_OF, profile=profile, models=["customer_lifecycle"]) as warehouse:
        found = warehouse.sql("from marts.customer_lifecycle").df()
        settled = [len(warehouse.sql(f"from intermediate.{look} where is_settled").fetchall()) for look in looks]
    assert min(settled) > 0  # each of the three looks is asked for
    assert sum(settled) == len(found)
    _assert_equal(found, _replayed(known, LIMITS[profile], age_from_registration=False))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 106))
def test_age_can_start_at_registration(project: CompiledProject, seed: int) -> None:
    raw, known = random_company(seed)
    seeds = {"profile_parameters": _parameters_with(project, "age_from", "registration")}
    with project.build(raw, as_of=AS_OF, models=["customer_lifecycle"], seeds=seeds) as warehouse:
        found = warehouse.sql("from marts.customer_lifecycle").df()
    _assert_equal(found, _replayed(known, LIMITS["default_b2b"], age_from_registration=True))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 204))
def test_a_run_as_of_stage_since_shows_the_stage_and_one_as_of_the_day_before_does_not(
    project: CompiledProject, seed: int
) -> None:
    raw, _ = random_company(seed, customers=12)
    _assert_stages_began_on_their_day(project, raw)


@pytest.mark.slow
def test_a_stage_that_still_changes_in_silence_is_followed_through_it(tmp_path: Path) -> None:
    rules = {"L.at_risk,2,": "L.at_risk,3,", "L.new,3,": "L.new,2,"}  # who is new is shown as new, silent or not
    raw, _ = random_company(204, customers=12)
    _assert_stages_began_on_their_day(_project_with_rules(tmp_path, rules), raw)


@pytest.mark.slow
def test_a_lifecycle_rule_whose_past_is_unknown_is_refused(tmp_path: Path) -> None:
    project = _project_with_rules(tmp_path, {"age_days,<=,90": "rfm_score,>=,90"})
    with pytest.raises(DbtFailedError) as refused:
        project.profile("default_b2b")
    message = " ".join(str(refused.value).split())
    assert "rule L1.new (scheme lifecycle_age, rank 1): metric 'rfm_score' is not known for every past day" in message
    assert "Use one of: activity_state, age_days," in message


def _project_with_rules(folder: Path, replaced: dict[str, str]) -> CompiledProject:
    copy = folder / "dbt_project"
    shutil.copytree(PROJECT_DIR, copy, ignore=shutil.ignore_patterns("target", "logs"))
    rules = copy / "seeds" / "lifecycle_rules.csv"
    text = rules.read_text(encoding="utf-8")
    for before, after in replaced.items():
        text = text.replace(before, after)
    rules.write_text(text, encoding="utf-8")
    return CompiledProject(folder / "compiled", copy)


def _assert_stages_began_on_their_day(project: CompiledProject, raw: Raw) -> None:
    def stages_on(day: date) -> dict[str, str]:
        with project.build(raw, as_of=day, models=["customer_lifecycle"]) as warehouse:
            rows = warehouse.sql("select customer_id, lifecycle_stage from marts.customer_lifecycle").fetchall()
        return dict(rows)

    with project.build(raw, as_of=AS_OF, models=["customer_lifecycle"]) as warehouse:
        today = warehouse.sql(
            "select customer_id, lifecycle_stage, stage_since from marts.customer_lifecycle"
        ).fetchall()
    for customer_id, stage, since in today:
        if since is not None:
            assert stages_on(since)[customer_id] == stage
            assert stages_on(since - timedelta(days=1)).get(customer_id) != stage


def _replayed(known: dict[str, Customer], limits: Limits, *, age_from_registration: bool) -> pd.DataFrame:
    rows = []
    for name, customer in known.items():
        standing = standing_on(customer, AS_OF, limits, age_from_registration=age_from_registration)
        since = stage_since(customer, AS_OF, limits, age_from_registration=age_from_registration)
        in_stage = (AS_OF - since).days if since else None
        rows.append({"customer_id": name, **vars(standing), "stage_since": since, "days_in_stage": in_stage})
    return pd.DataFrame(rows)


def _assert_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    for frame in (found, expected):
        frame["stage_since"] = pd.to_datetime(frame["stage_since"]).astype("datetime64[s]")
    found, expected = (frame.set_index("customer_id").sort_index() for frame in (found, expected))
    known = expected.loc[found.index]  # a customer whose registration and orders lie ahead is in no table yet
    pd.testing.assert_frame_equal(found[known.columns], known, check_dtype=False)
    missing = expected.drop(found.index)
    assert missing["stage_since"].isna().all()


def _parameters_with(project: CompiledProject, parameter: str, value: str) -> pd.DataFrame:
    with project.build({}, as_of=AS_OF, models=["int_profile"]) as warehouse:
        parameters = warehouse.sql("from seeds.profile_parameters").df()
    parameters.loc[parameters["parameter"] == parameter, "value"] = value
    return parameters
