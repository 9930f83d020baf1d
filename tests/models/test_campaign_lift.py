"""The lift of simulated campaigns against their truth: intervals cover it, and where nothing is nothing is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.models.campaign_companies import END, simulated_companies

if TYPE_CHECKING:
    import pandas as pd
    from tests.models.compiled_project import CompiledProject

COMPANIES, LEAST = 300, 0.93  # of 100 companies 93 is within luck of 90: three times as many tell more
JUDGED = """
    select campaign_id, variant, customers, converted, lift, lift_ci_low, lift_ci_high, p_value, is_significant,
        sample_ratio_p_value, is_sample_ratio_off
    from marts.campaign_performance
    where not is_holdout
"""


def judged_campaigns(project: CompiledProject, seeds: range) -> pd.DataFrame:
    """Every variant of every company with its lift and the true effect."""
    companies = simulated_companies(seeds)
    with project.build(companies.raw, as_of=END, profile="retail", models=["campaign_performance"]) as connection:
        found = connection.sql(JUDGED).df()
    truth = companies.truth
    truth["campaign_id"] = truth["seed"].astype(str) + "-" + truth["campaign"].astype(str)
    judged = found.merge(truth, on=["campaign_id", "variant"], suffixes=("", "_true"), validate="one_to_one")
    assert len(judged) == len(found) == len(truth)
    judged["is_covered"] = judged["effect"].between(judged["lift_ci_low"], judged["lift_ci_high"])
    return judged


@pytest.fixture(scope="module")
def judged(project: CompiledProject) -> pd.DataFrame:
    """Three hundred companies, each with a campaign that works and one that does nothing."""
    return judged_campaigns(project, range(1, COMPANIES + 1))


@pytest.mark.slow
def test_the_true_effect_lies_inside_the_interval_in_93_of_100_companies(judged: pd.DataFrame) -> None:
    assert judged["seed"].nunique() == COMPANIES
    covered = judged.groupby(["campaign", "variant"])["is_covered"].mean()
    assert len(covered) == 4
    assert (covered >= LEAST).all(), covered
    # Effects are smaller than what was planted: some have left, and some would have bought anyway.
    working = judged[judged["planted"] > 0]
    assert (working["effect"] < working["planted"]).all()
    assert (working["effect"] > 0.4 * working["planted"]).all()
    mean_error = (working["lift"] - working["effect"]).mean()
    assert abs(mean_error) < 4 * (working["lift"] - working["effect"]).std() / len(working) ** 0.5


@pytest.mark.slow
def test_a_campaign_that_does_nothing_is_significant_in_about_one_of_twenty(judged: pd.DataFrame) -> None:
    idle = judged[judged["planted"] == 0]
    assert len(idle) == 2 * COMPANIES
    # Four standard deviations of 600 tests; a little more, as two variants share one comparison.
    assert idle["is_significant"].mean() == pytest.approx(0.05, abs=0.04)
    assert idle["p_value"].mean() == pytest.approx(0.5, abs=0.06)
    assert (judged[judged["planted"] == 0.06]["is_significant"].mean()) > 2 * idle["is_significant"].mean()


@pytest.mark.slow
def test_variants_that_were_drawn_as_planned_are_not_told_to_be_off(judged: pd.DataFrame) -> None:
    assert judged["is_sample_ratio_off"].sum() <= 6  # rows of 600 campaigns, each off once in a thousand
    assert judged.drop_duplicates("campaign_id")["sample_ratio_p_value"].mean() == pytest.approx(0.5, abs=0.06)
