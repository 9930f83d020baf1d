"""Rule rows that an analyst gets wrong stop the build, with a line that names the row and the remedy."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from tests.models.compiled_project import CATALOG, PROJECT_DIR, create_raw, set_run_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Rule = dict[str, str]

RULE: Rule = {
    "profile": "all",
    "scheme": "retention_abcd",
    "rule_id": "T1.X",
    "rule_rank": "1",
    "tier": "X",
    "condition_group": "1",
    "metric": "rfm_score",
    "operator": ">=",
    "value": "80",
}
CATCH_ALL: Rule = {**RULE, "rule_id": "T1.rest", "rule_rank": "2", "metric": "always", "operator": "", "value": ""}


class ProjectCopy:
    """A copy of the project whose seeds a test may break. It is parsed once; seeds are read again by every build."""

    def __init__(self, folder: Path) -> None:
        self.project_dir = folder / "dbt_project"
        shutil.copytree(PROJECT_DIR, self.project_dir, ignore=shutil.ignore_patterns("target", "logs"))
        self._options = ["--project-dir", str(self.project_dir), "--profiles-dir", str(self.project_dir)]
        self._options += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--quiet"]
        self._manifest = dbtRunner().invoke(["parse", *self._options]).result

    def write_rules(self, rules: list[Rule]) -> None:
        """Replace the rows of tier_rules.csv."""
        with (self.project_dir / "seeds" / "tier_rules.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, RULE.keys())
            writer.writeheader()
            writer.writerows(rules)

    def _invoke(self, *wanted: str) -> Any:
        command = ["build", "--exclude-resource-type", "test", "unit_test", "--select", *wanted, *self._options]
        return dbtRunner(manifest=self._manifest).invoke(command)

    def build(self, *wanted: str) -> None:
        """Build seeds and models, which must succeed."""
        assert self._invoke(*wanted).success

    def problem(self, *wanted: str) -> str:
        """Build seeds and the model that reads them, the tiers unless told; what dbt says of the model that failed."""
        done = self._invoke(*(wanted or ("profiles", "tier_rules", "int_customer_tiers")))
        assert not done.success
        (message,) = (result.message for result in done.result.results if result.status == "error")
        return str(message)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectCopy]:
    """A project to break, over a warehouse without rows."""
    folder = tmp_path_factory.mktemp("broken")
    warehouse = folder / f"{CATALOG}.duckdb"
    with duckdb.connect(warehouse) as connection:
        create_raw(connection, {})
        set_run_parameters(connection, date(2024, 3, 31), "retail")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETENTION_WAREHOUSE", str(warehouse))
        yield ProjectCopy(folder)


WHERE = "seeds/tier_rules.csv, line 2: rule T1.X (scheme retention_abcd, rank 1): "
BROKEN: dict[str, tuple[list[Rule], str]] = {
    "unknown_metric": (
        [{**RULE, "metric": "rfm_scor"}, CATCH_ALL],
        f"{WHERE}metric 'rfm_scor' is unknown. Did you mean rfm_score? ",
    ),
    "unknown_operator": (
        [{**RULE, "operator": "=>"}, CATCH_ALL],
        f"{WHERE}operator '=>' is unknown. Use =, !=, <, <=, >, >=, contains, is_null or not_null.",
    ),
    "missing_value": (
        [{**RULE, "value": ""}, CATCH_ALL],
        f"{WHERE}the condition on rfm_score has no value. Fill in the column value.",
    ),
    "no_number": (
        [{**RULE, "value": "eighty"}, CATCH_ALL],
        f"{WHERE}'eighty' is no number, and rfm_score is one. Correct the column value.",
    ),
    "number_that_is_none": (
        [{**RULE, "value": "nan"}, CATCH_ALL],
        f"{WHERE}'nan' is no number, and rfm_score is one. Correct the column value.",
    ),
    "text_without_order": (
        [{**RULE, "metric": "rfm_segment", "value": "loyal"}, CATCH_ALL],
        f"{WHERE}rfm_segment is a text and has no order. Use =, !=, contains, is_null or not_null.",
    ),
    "number_that_contains": (
        [{**RULE, "operator": "contains"}, CATCH_ALL],
        f"{WHERE}rfm_score is a number and contains no text. Use =, !=, <, <=, > or >=.",
    ),
    "argument_where_none_can_be": (
        [{**RULE, "metric": "rfm_score:high"}, CATCH_ALL],
        f"{WHERE}metric 'rfm_score:high' has a colon where nothing can follow one. Write rfm_score alone.",
    ),
    "argument_left_out": (
        [{**RULE, "metric": "complaints_12m:", "value": "1"}, CATCH_ALL],
        f"{WHERE}metric 'complaints_12m:' has a colon where nothing can follow one."
        " Write complaints_12m alone, or behind the colon a ticket category.",
    ),
    "metric_of_the_lifecycle": (
        [{**RULE, "metric": "age_days"}, CATCH_ALL],
        f"{WHERE}metric 'age_days' is one of the lifecycle alone. Ask for it in lifecycle_rules.csv.",
    ),
    "gap_between_ranks": (
        [{**RULE, "rule_rank": "1"}, {**CATCH_ALL, "rule_rank": "3"}],
        "seeds/tier_rules.csv, line 3: rule T1.rest (scheme retention_abcd, rank 3): no rule of its scheme has rank 2."
        " Number the rules 1, 2, 3 without a gap: a rule may have been lost.",
    ),
    "rule_at_two_ranks": (
        [RULE, {**RULE, "rule_rank": "2"}, {**CATCH_ALL, "rule_rank": "3"}],
        "seeds/tier_rules.csv, line 3: rule T1.X (scheme retention_abcd, rank 2): a rule of a better rank has the same"
        " rule_id. Give every rule an ID of its own: reasons and reviews name it.",
    ),
    "rule_behind_the_catch_all": (
        [{**CATCH_ALL, "rule_rank": "1"}, {**RULE, "rule_rank": "2"}],
        "seeds/tier_rules.csv, line 2: rule T1.rest (scheme retention_abcd, rank 1): it always holds, so that no rule"
        " behind it is ever tried. Give it the last rank.",
    ),
    "tier_of_an_unknown_text": (
        [{**RULE, "tier": "{favourite}"}, CATCH_ALL],
        f"{WHERE}its tier {{favourite}} names no metric that is a text."
        " Write a tier's code, or {preferred_category}.",
    ),
    "missing_catch_all": (
        [RULE],
        "seeds/tier_rules.csv, after line 2: Scheme retention_abcd has no catch-all:"
        " a customer that meets no rule would have no tier."
        " Add a last row with metric 'always'.",
    ),
    "catch_all_with_a_condition": (
        [{**RULE, "metric": "always", "operator": "", "value": ""}, RULE],
        f"{WHERE}'always' stands beside other conditions. Delete it, or give it a rule of its own.",
    ),
    "two_rules_of_one_rank": (
        [RULE, {**RULE, "rule_id": "T1.Y", "metric": "recency_days"}, CATCH_ALL],
        f"{WHERE}its rank and group are those of rule T1.Y (tier X)."
        " Give every rule a rank of its own, and all its rows the same rule_id and tier.",
    ),
    "no_rule_for_the_profile": (
        [{**RULE, "profile": "cdnow"}],
        "Seed tier_rules has no rule for this profile and none for 'all'. Add the rules of at least one scheme.",
    ),
}


@pytest.mark.parametrize(("rules", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_stops_the_build_and_is_named(copy: ProjectCopy, rules: list[Rule], message: str) -> None:
    copy.write_rules(rules)
    assert message in copy.problem()


def test_a_broken_rule_is_told_once_and_before_any_model_that_reads_orders(copy: ProjectCopy) -> None:
    copy.write_rules([{**RULE, "metric": "recency_day"}, CATCH_ALL])
    message = copy.problem("+customer_tiers")  # one failure, all else skipped
    assert "model int_profile" in message
    assert "metric 'recency_day' is unknown. Did you mean recency_days?" in message


def test_an_unknown_profile_stops_the_build_and_is_named(copy: ProjectCopy) -> None:
    profiles = copy.project_dir / "seeds" / "profiles.csv"
    whole = profiles.read_text(encoding="utf-8")
    profiles.write_text(whole.replace("retail,", "retial,"), encoding="utf-8")
    known = "cdnow, default_b2b, retial, rfm_package"
    message = f"Profile 'retail' is unknown. Use one of: {known}; or add it to seeds/profiles.csv."
    assert message in copy.problem()
    profiles.write_text(whole, encoding="utf-8")


def test_a_measure_without_bands_stops_the_build_and_is_named(copy: ProjectCopy) -> None:
    bands = copy.project_dir / "seeds" / "rfm_bands.csv"
    whole = bands.read_text(encoding="utf-8")
    bands.write_text(
        "".join(row for row in whole.splitlines(keepends=True) if ",frequency," not in row), encoding="utf-8"
    )
    message = "Seed rfm_bands has no band of frequency for this profile and none for 'all'. Add its bands."
    assert message in copy.problem("profiles", "rfm_bands", "int_customer_scores")
    bands.write_text(whole, encoding="utf-8")


LABEL = {
    "profile": "all",
    "label": "quiet",
    "rule_id": "B.quiet",
    "condition_group": "1",
    "metric": "recency_days",
    "operator": ">",
    "value": "90",
}
LABEL_WHERE = "seeds/label_rules.csv, line 2: rule B.quiet (label quiet, group 1): "
BROKEN_LABELS: dict[str, tuple[list[Rule], str]] = {
    "unknown_metric": ([{**LABEL, "metric": "silence"}], f"{LABEL_WHERE}metric 'silence' is unknown. Did you mean "),
    "unknown_operator": ([{**LABEL, "operator": "=>"}], f"{LABEL_WHERE}operator '=>' is unknown. Use =, !=, <"),
    "no_number": (
        [{**LABEL, "value": "long"}],
        f"{LABEL_WHERE}'long' is no number, and recency_days is one. Correct the column value.",
    ),
    "missing_value": (
        [{**LABEL, "value": ""}],
        f"{LABEL_WHERE}the condition on recency_days has no value. Fill in the column value.",
    ),
    "two_rules_of_one_group": (
        [LABEL, {**LABEL, "rule_id": "B.other", "metric": "rfm_score"}],
        "seeds/label_rules.csv, line 3: rule B.other (label quiet, group 1): the label is given by rule B.quiet too."
        " A label is one rule: give all its rows one rule_id, and write alternatives as groups.",
    ),
    "label_for_all": (
        [{**LABEL, "metric": "always", "operator": "", "value": ""}],
        f"{LABEL_WHERE}every customer would hold the label. Ask a metric, or switch the label off with never.",
    ),
    "switched_off_beside_conditions": (
        [LABEL, {**LABEL, "condition_group": "2", "metric": "never", "operator": "", "value": ""}],
        f"{LABEL_WHERE}its label is switched off by 'never'. Delete the row with never, or this one.",
    ),
}


@pytest.mark.parametrize(("rules", "message"), BROKEN_LABELS.values(), ids=BROKEN_LABELS.keys())
def test_a_broken_label_rule_stops_the_build_and_is_named(copy: ProjectCopy, rules: list[Rule], message: str) -> None:
    seed = copy.project_dir / "seeds" / "label_rules.csv"
    whole = seed.read_text(encoding="utf-8")
    with seed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, LABEL.keys())
        writer.writeheader()
        writer.writerows(rules)
    assert message in copy.problem("profiles", "label_rules", "int_customer_labels")
    seed.write_text(whole, encoding="utf-8")


BANDS = {
    "bound_within_that_of_the_band_above": (
        "retail,recency,3,30,days",
        "retail,recency,3,5,days",
        "band 3 of recency is never reached: its bound 5.00 lies within that of band 4, 7.00.",
    ),
    "bound_above_that_of_the_band_above": (
        "retail,monetary,2,1000,",
        "retail,monetary,2,3000,",
        "band 2 of monetary is never reached: its bound 3000.00 lies within that of band 3, 3000.00.",
    ),
    "gap_between_bands": (
        "retail,frequency,2,1,",
        "retail,frequency,0,1,",
        "band 1 of frequency does not follow band 3. Number the bands of a measure without a gap.",
    ),
    "band_behind_the_one_that_takes_the_rest": (
        "retail,frequency,3,12,",
        "retail,frequency,3,,",
        "band 2 of frequency is never reached: band 3 has no bound and takes all.",
    ),
}


@pytest.mark.parametrize(("row", "broken", "message"), BANDS.values(), ids=BANDS.keys())
def test_bands_that_do_not_follow_one_another_stop_the_build(
    copy: ProjectCopy, row: str, broken: str, message: str
) -> None:
    seed = copy.project_dir / "seeds" / "rfm_bands.csv"
    whole = seed.read_text(encoding="utf-8")
    assert row in whole
    seed.write_text(whole.replace(row, broken), encoding="utf-8")
    found = copy.problem("profiles", "rfm_bands", "int_customer_scores")
    seed.write_text(whole, encoding="utf-8")
    assert message in found
    assert "seeds/rfm_bands.csv, line " in found


def test_a_profile_may_switch_all_labels_off(copy: ProjectCopy) -> None:
    copy.write_rules([{**CATCH_ALL, "rule_rank": "1"}])
    seed = copy.project_dir / "seeds" / "label_rules.csv"
    whole = seed.read_text(encoding="utf-8")
    labels = list(dict.fromkeys(line.split(",")[1] for line in whole.splitlines()[1:]))
    seed.write_text(whole + "".join(f"retail,{label},B.{label},1,never,,\n" for label in labels), encoding="utf-8")
    copy.build("+customer_labels")
    seed.write_text(whole, encoding="utf-8")
