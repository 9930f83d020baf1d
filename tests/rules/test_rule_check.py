"""Rows of the rule seeds that are wrong are told all at once, by file and line, before anything is built."""

from __future__ import annotations

import json
import re
import shutil
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from retention.errors import BuildFailedError
from retention.rules import check_rules, stop_on_broken_rules
from retention.rules.command import app
from retention.rules.declared import declared_seeds

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
APPEND = ""
"""Stands for the end of a file where a scenario says what is replaced."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds and rule macros alone: the check reads nothing else."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("seeds", "macros/rules"):
        shutil.copytree(REPOSITORY / "dbt_project" / part, folder / "dbt_project" / part)
    return folder


@pytest.fixture
def seeds(project: Path) -> Iterator[Path]:
    """The folder of seeds, put back after a test has broken it."""
    folder = project / "dbt_project" / "seeds"
    whole = {file: file.read_bytes() for file in folder.glob("*.csv")}
    yield folder
    for file, content in whole.items():
        file.write_bytes(content)


def edit(seeds: Path, seed: str, old: str, new: str) -> None:
    """Replace text that is there, or append rows."""
    file = seeds / f"{seed}.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text + new if old == APPEND else text.replace(old, new), encoding="utf-8")


TIER = "all,retention_abcd,T1.B,2,B,1,rfm_score,>=,65\n"
BROKEN: dict[str, tuple[str, str, str, str]] = {
    "rank_that_is_no_number": (
        "tier_rules",
        TIER,
        TIER.replace(",2,", ",two,"),
        "line 3: rule_rank 'two' is no whole number. Write 1, 2, 3.",
    ),
    "too_few_values": (
        "tier_rules",
        TIER,
        "all,retention_abcd,T1.B,2,B,1,rfm_score\n",
        "line 3: the row has too few values. Write 9: profile,scheme,",
    ),
    "too_many_values": (
        "labels",
        "T1,RFM score 80 and more",
        "T1,RFM score, 80",
        "line 2: the row has too many values.",
    ),
    "open_quotation_mark": (
        "rfm_bands",
        "cdnow,monetary,2,50,currency,R3,50 up to",
        'cdnow,monetary,2,50,currency,R3,"50" up',
        "line 29: the row has a quotation mark that is not closed",
    ),
    "header": ("rfm_bands", "profile,measure,", "profile,measures,", "line 1: the header is 'profile,measures,band"),
    "unknown_profile": (
        "profile_parameters",
        "retail,active_window_days",
        "retial,active_window_days",
        "line 40: profile 'retial' is unknown. Did you mean retail? Else add it to profiles.csv.",
    ),
    "unknown_parameter": (
        "profile_parameters",
        "retail,active_window_days",
        "retail,active_windows_day",
        "line 40: parameter 'active_windows_day' is unknown. Did you mean active_window_days?",
    ),
    "parameter_of_a_wrong_type": (
        "profile_parameters",
        "retail,active_window_days,90",
        "retail,active_window_days,three months",
        "line 40: active_window_days is 'three months'. Write a whole number from 1 on.",
    ),
    "parameter_of_an_unknown_word": (
        "profile_parameters",
        "all,score_convention,quantile",
        "all,score_convention,quintile",
        "line 4: score_convention is 'quintile'. Write quantile or ntile.",
    ),
    "negative_weight": (
        "profile_parameters",
        "all,recency_weight,1",
        "all,recency_weight,-1",
        "line 6: recency_weight is '-1'. Write a number from 0 on.",
    ),
    "no_weight_at_all": (
        "profile_parameters",
        APPEND,
        "retail,recency_weight,0,,R5,x\nretail,frequency_weight,0,,R5,x\nretail,monetary_weight,0,,R5,x\n",
        "line 50: the three weights of profile retail are 0, so that nobody has a score.",
    ),
    "scheme_without_rules": (
        "profile_parameters",
        "all,primary_scheme,retention_abcd",
        "all,primary_scheme,retention_abc",
        "line 9: primary_scheme names scheme 'retention_abc', which has no rules for profile all."
        " Did you mean retention_abcd?",
    ),
    "unordered_scheme_without_rules": (
        "profile_parameters",
        '"product_preference,need_scenario"',
        '"product_preference, needs"',
        "line 33: unordered_schemes names scheme 'needs', which has no rules",
    ),
    "no_currency": (
        "profile_parameters",
        "cdnow,reporting_currency,",
        "cdnow,evaluation_months,",
        "profile cdnow names no reporting_currency. Add the row: cdnow,reporting_currency,USD,,I2,",
    ),
    "default_lost": (
        "profile_parameters",
        "all,history_months,",
        "retail,history_months,",
        "profile all has no history_months. Restore its row.",
    ),
    "unknown_measure": ("rfm_bands", "retail,recency,2,", "retail,recent,2,", "line 15: measure 'recent' is unknown."),
    "no_band_for_the_rest": (
        "rfm_bands",
        "retail,monetary,1,,,",
        "retail,monetary,1,5,currency,",
        "line 23: band 1 of monetary is the lowest and has a bound",
    ),
    "bands_out_of_order": (
        "rfm_bands",
        "retail,recency,3,30,",
        "retail,recency,3,5,",
        "line 14: band 3 of recency is never reached: its bound 5 lies within that of band 4, 7.",
    ),
    "gap_between_bands": (
        "rfm_bands",
        "retail,frequency,2,1,",
        "retail,frequency,0,1,",
        "line 20: band 1 of frequency does not follow band 3.",
    ),
    "unit_of_recency": (
        "rfm_bands",
        "retail,recency,2,90,days",
        "retail,recency,2,90,weeks",
        "line 15: the bound of recency",
    ),
    "scores_without_a_segment": (
        "rfm_segments",
        "rfm_package,11,others,1,5,",
        "rfm_package,11,others,1,4,",
        "combinations of scores have no segment in profile rfm_package.",
    ),
    "unknown_metric": (
        "tier_rules",
        TIER,
        TIER.replace("rfm_score", "rfm_scor"),
        "line 3: rule T1.B (scheme retention_abcd, rank 2): metric 'rfm_scor' is unknown. Did you mean rfm_score?",
    ),
    "unknown_operator": (
        "label_rules",
        "complaints_12m,>=,3",
        "complaints_12m,=>,3",
        "line 4: rule B.complained_often (label complained_often, group 1): operator '=>' is unknown.",
    ),
    "no_number": (
        "lifecycle_rules",
        "retail,lifecycle_age,L1.new,1,new,1,age_days,<=,90",
        "retail,lifecycle_age,L1.new,1,new,1,age_days,<=,ninety",
        "line 6: rule L1.new (scheme lifecycle_age, rank 1): 'ninety' is no number, and age_days is one.",
    ),
    "metric_of_the_lifecycle": (
        "tier_rules",
        TIER,
        TIER.replace("rfm_score", "age_days"),
        "line 3: rule T1.B (scheme retention_abcd, rank 2): metric 'age_days' is one of the lifecycle alone.",
    ),
    "metric_that_no_past_day_knows": (
        "lifecycle_rules",
        "all,lifecycle_age,L1.new,1,new,1,age_days,<=,90",
        "all,lifecycle_age,L1.new,1,new,1,rfm_score,<=,90",
        "line 2: rule L1.new (scheme lifecycle_age, rank 1): metric 'rfm_score' is not known for every past day",
    ),
    "unknown_axis": (
        "lifecycle_rules",
        "all,lifecycle_dormancy,L4.awake,2,",
        "all,lifecycle_dormant,L4.awake,1,",
        "scheme 'lifecycle_dormant' is no axis of the lifecycle. Did you mean lifecycle_dormancy?",
    ),
    "gap_between_ranks": (
        "tier_rules",
        TIER,
        "",
        "line 3: rule T1.C (scheme retention_abcd, rank 3): no rule of its scheme has rank 2.",
    ),
    "no_catch_all": (
        "tier_rules",
        "all,clv_tier,T5.v_none,4,unscored,1,always,,\n",
        "",
        "scheme clv_tier has no catch-all: a customer that meets no rule would have no tier. Add a last row of"
        " rank 4 with metric 'always'.",
    ),
    "rule_behind_the_catch_all": (
        "tier_rules",
        APPEND,
        "all,clv_tier,T5.late,5,ordinary,1,rfm_score,>=,1\n",
        "rule T5.v_none (scheme clv_tier, rank 4): it always holds, so that no rule behind it is ever tried.",
    ),
    "two_rules_of_one_rank": (
        "tier_rules",
        TIER,
        TIER.replace(",2,", ",1,"),
        "line 3: rule T1.B (scheme retention_abcd, rank 1): its rank is that of rule T1.A (tier A).",
    ),
    "always_beside_a_condition": (
        "tier_rules",
        APPEND,
        "all,clv_tier,T5.v_none,4,unscored,1,rfm_score,>=,1\n",
        "'always' stands beside other conditions.",
    ),
    "label_switched_off_beside_conditions": (
        "label_rules",
        APPEND,
        "all,dissatisfied,B.dissatisfied,2,never,,\n",
        "line 5: rule B.dissatisfied (label dissatisfied, group 1): its label is switched off by 'never'.",
    ),
    "tier_without_a_name": (
        "tier_rules",
        TIER,
        TIER.replace(",B,", ",Bee,"),
        "line 3: retention_abcd 'Bee' has no name in labels.csv. Add the row: retention_abcd,Bee,English name,",
    ),
    "label_without_a_name": (
        "label_rules",
        APPEND,
        "all,quiet,B.quiet,1,recency_days,>,90\n",
        "line 24: label 'quiet' has no name in labels.csv. Add the row: label,quiet,",
    ),
    "segment_without_a_name": (
        "rfm_segments",
        "all,1,champions",
        "all,1,champion",
        "line 2: rfm_segment 'champion' has no name",
    ),
    "stage_without_a_name": (
        "lifecycle_rules",
        "all,lifecycle_age,L1.new,1,new,",
        "all,lifecycle_age,L1.new,1,newest,",
        "line 2: age_stage 'newest' has no name",
    ),
    "row_twice": (
        "tier_rules",
        TIER,
        TIER + TIER,
        "line 4: line 3 has the same (profile, scheme, rule_rank, condition_group, metric, operator, value): all,",
    ),
    "parameter_twice": (
        "profile_parameters",
        APPEND,
        "retail,active_window_days,30,days,M1,Twice\n",
        "line 48: line 40 has the same (profile, parameter): retail, active_window_days. Delete one of them.",
    ),
    "empty_value": (
        "profile_parameters",
        "all,history_months,36",
        "all,history_months,",
        "line 21: column value is empty.",
    ),
    "target_of_nobody": (
        "targets",
        "all,retention_abcd,A,",
        "all,retention_abcd,AA,",
        "line 2: no rule of scheme 'retention_abcd' gives",
    ),
    "target_that_is_no_number": ("targets", "rolling,0.85", "rolling,85 %", "line 3: target '85 %' is no number."),
}


UNREADABLE = ("too_few_values", "too_many_values", "open_quotation_mark", "header")
"""Told alone: what needs whole files waits for them."""


def rounds() -> list[list[str]]:
    """Scenarios to be told together: of every seed one at most, since a check of all seeds takes the same time."""
    by_seed: dict[str, list[str]] = {}
    for name, (seed, *_) in BROKEN.items():
        if name not in UNREADABLE:
            by_seed.setdefault(seed, []).append(name)
    together = [[name for name in names if name] for names in zip_longest(*by_seed.values())]
    return [*([name] for name in UNREADABLE), *together]


@pytest.mark.parametrize("names", rounds(), ids="+".join)
def test_a_broken_row_is_told_by_file_and_line(project: Path, seeds: Path, names: list[str]) -> None:
    for name in names:
        seed, old, new, _ = BROKEN[name]
        edit(seeds, seed, old, new)
    told = [str(one) for one in check_rules(project)]
    for name in names:
        seed, _, _, message = BROKEN[name]
        wanted = re.escape(message)
        if seed == "profile_parameters":  # new parameters move its lines; those of other seeds are held to the number
            wanted = re.sub(r"line\\ \d+", r"line\\ \\d+", wanted)
        assert [line for line in told if line.startswith(f"seeds/{seed}.csv") and re.search(wanted, line)], (name, told)


def test_the_rows_that_are_delivered_have_no_problem() -> None:
    assert check_rules(REPOSITORY) == []


def test_a_row_may_go_without_a_description(project: Path, seeds: Path) -> None:
    edit(seeds, "profile_parameters", APPEND, "default_b2b,recency_weight,0.2,,R5,\n")
    assert check_rules(project) == []


def test_a_row_that_is_wrong_in_itself_is_told_once(project: Path, seeds: Path) -> None:
    edit(seeds, "tier_rules", TIER, TIER.replace(",2,", ",two,"))
    assert len(check_rules(project)) == 1  # no gap between ranks besides


def test_problems_of_several_files_are_told_together_in_their_order(project: Path, seeds: Path) -> None:
    edit(seeds, "tier_rules", TIER, TIER.replace("rfm_score", "rfm_scor"))
    edit(seeds, "profile_parameters", "all,recency_weight,1", "all,recency_weight,-1")
    edit(seeds, "rfm_bands", "retail,recency,3,30,", "retail,recency,3,5,")
    found = [(one.seed, one.line) for one in check_rules(project)]
    assert found == [("profile_parameters", 6), ("rfm_bands", 14), ("tier_rules", 3)]


def test_lines_are_counted_as_an_editor_counts_them_past_empty_and_unreadable_ones(project: Path, seeds: Path) -> None:
    edit(seeds, "tier_rules", TIER, "\nall,too,few\n" + TIER.replace("rfm_score", "rfm_scor"))
    assert [one.line for one in check_rules(project)] == [4, 5]


def test_a_run_stops_on_its_own_rules_and_is_warned_of_those_of_other_profiles(project: Path, seeds: Path) -> None:
    edit(seeds, "rfm_bands", "retail,recency,3,30,", "retail,recency,3,5,")
    said: list[str] = []
    stop_on_broken_rules(project, "cdnow", said.append)
    assert said == ["warning: rules of other profiles have problems (1): retention rules check"]
    with pytest.raises(BuildFailedError, match=r"have 1 problem, so nothing was built\. .*\n  seeds/rfm_b"):
        stop_on_broken_rules(project, "retail", said.append)


def test_a_misspelt_profile_stops_every_run(project: Path, seeds: Path) -> None:
    edit(seeds, "rfm_bands", "retail,recency,3,30,", "retial,recency,3,30,")
    with pytest.raises(BuildFailedError, match="profile 'retial' is unknown"):
        stop_on_broken_rules(project, "cdnow", print)


def test_every_parameter_of_the_seed_is_declared_and_every_declared_one_stands_there() -> None:
    (declared,) = [seed.parameters for seed in declared_seeds(REPOSITORY / "dbt_project") if seed.parameters]
    rows = (REPOSITORY / "dbt_project/seeds/profile_parameters.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {row.split(",")[1] for row in rows} == set(declared)


def test_the_command_lists_all_and_fails_as_a_build_does(
    project: Path, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_PROJECT_DIR", str(project))
    runner = CliRunner()
    assert runner.invoke(app, ["check"]).stdout == "The rules have no problem.\n"
    edit(seeds, "tier_rules", TIER, TIER.replace(",2,", ",two,"))
    failed = runner.invoke(app, ["check"])
    assert failed.exit_code == BuildFailedError.exit_code
    assert "seeds/tier_rules.csv, line 3: rule_rank 'two' is no whole number." in failed.stdout
    listed = runner.invoke(app, ["check", "--json"])
    assert listed.exit_code == BuildFailedError.exit_code
    (problem,) = json.loads(listed.stdout)
    assert (problem["seed"], problem["line"], problem["profile"]) == ("tier_rules", 3, "all")
