"""Rows of the rule seeds that are wrong are told all at once, by file and line, before anything is built."""

from __future__ import annotations

import json
import re
import shutil
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.rules.broken_alerts import BROKEN_ALERTS
from tests.rules.broken_board import BROKEN_BOARD
from tests.rules.broken_contacts import BROKEN_CONTACTS
from tests.rules.broken_factors import BROKEN_FACTORS
from tests.rules.broken_program import BROKEN_PROGRAM
from tests.rules.broken_rules import APPEND, BROKEN_RULES, TIER
from tests.rules.broken_service import BROKEN_SERVICE
from tests.rules.broken_targets import BROKEN_TARGETS
from typer.testing import CliRunner

from retention.errors import BuildFailedError
from retention.rules import check_rules, stop_on_broken_rules
from retention.rules.command import app
from retention.rules.declared import declared_seeds
from retention.rules.values import FOLDED
from retention.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
BROKEN = {
    **BROKEN_RULES,
    **BROKEN_FACTORS,
    **BROKEN_TARGETS,
    **BROKEN_SERVICE,
    **BROKEN_CONTACTS,
    **BROKEN_BOARD,
    **BROKEN_PROGRAM,
    **BROKEN_ALERTS,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds and rule macros alone: the check reads nothing else."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("seeds", "macros/rules"):
        shutil.copytree(REPOSITORY / "dbt_project" / part, folder / "dbt_project" / part)
    return folder


@pytest.fixture(autouse=True)
def _settings_are_of_one_test() -> Iterator[None]:
    yield
    load_settings.cache_clear()


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


def line_of(seeds: Path, seed: str, text: str) -> int:
    """The line of a seed on which the last occurrence of a text ends."""
    content = (seeds / f"{seed}.csv").read_text(encoding="utf-8")
    assert text in content
    return content[: content.rindex(text) + len(text.rstrip("\n"))].count("\n") + 1


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
    messages = {}
    for name in names:
        seed, old, new, message = BROKEN[name]
        edit(seeds, seed, old, new)
        line = line_of(seeds, seed, new) if "{line}" in message else 0
        messages[name] = message.replace("{line}", str(line)).replace("{above}", str(line - 1))
    told = [str(one) for one in check_rules(project)]
    for name, message in messages.items():
        seed = BROKEN[name][0]
        assert [line for line in told if line.startswith(f"seeds/{seed}.csv") and message in line], (name, told)


def test_the_rows_that_are_delivered_have_no_problem() -> None:
    assert check_rules(REPOSITORY) == []


def test_a_row_may_go_without_a_description(project: Path, seeds: Path) -> None:
    edit(seeds, "profile_parameters", APPEND, "default_b2b,recency_weight,0.2,,R5,\n")
    assert check_rules(project) == []


def test_factors_left_out_brackets_from_a_later_day_and_bounds_that_meet_are_sound(project: Path, seeds: Path) -> None:
    edit(seeds, "churn_risk_factors", APPEND, "retail,p_alive,0,1,0,M8,\nretail,contract_days_left,1,90,0,M8,\n")
    edit(seeds, "retention_brackets", APPEND, "retail,2,8,30,M2,\nretail,1,1,7,M2,\n")
    edit(seeds, "profile_parameters", APPEND, "retail,churn_risk_medium_from,0.5,,M8,\n")
    assert check_rules(project) == []


def test_bounds_and_weights_that_all_profiles_share_are_told_once(project: Path, seeds: Path) -> None:
    edit(seeds, "profile_parameters", "all,health_green_from,70", "all,health_green_from,7")
    text = (seeds / "health_factors.csv").read_text(encoding="utf-8")
    rows = [row.split(",", 3) for row in text.splitlines()[1:]]
    weightless = "\n".join(",".join((profile, factor, "0", rest)) for profile, factor, _, rest in rows)
    edit(seeds, "health_factors", text.split("\n", 1)[1], weightless + "\n")
    yellow = line_of(seeds, "profile_parameters", "all,health_yellow_from,")
    found = [(one.seed, one.line, one.profile) for one in check_rules(project)]
    assert found == [("health_factors", 9, "all"), ("profile_parameters", yellow, "all")]


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


def test_keys_that_models_join_whatever_their_capitals_are_compared_so() -> None:
    joined = r"profile_rows\(ref\('(\w+)'\), 'lower\(trim\(rule_rows\.(\w+)\)\)'\)"
    found: dict[str, tuple[str, ...]] = {}
    for model in sorted((REPOSITORY / "dbt_project" / "models").rglob("*.sql")):
        for seed, column in re.findall(joined, model.read_text(encoding="utf-8")):
            found[seed] = (column,)
    assert found == FOLDED


def test_a_profile_may_map_a_severity_of_all_anew_in_other_capitals(project: Path, seeds: Path) -> None:
    edit(seeds, "severity_map", APPEND, "retail,SERIOUS,P0,C3,x\n")
    assert check_rules(project) == []


def test_a_benchmark_of_a_tier_of_the_primary_scheme_or_of_who_has_none_is_sound(project: Path, seeds: Path) -> None:
    edit(seeds, "satisfaction_benchmarks", APPEND, "all,csat,tier,A,0.9,Q,x\nretail,csat,tier,unknown,0.5,Q,x\n")
    assert check_rules(project) == []


def test_the_command_lists_all_and_fails_as_a_build_does(
    project: Path, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_PROJECT_DIR", str(project))
    load_settings.cache_clear()  # what another test of this process has loaded
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
