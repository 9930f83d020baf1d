"""The committed suites are what contracts and declarations give, in Great Expectations' own form."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from retention.errors import SettingsError
from retention.landing import load_contracts
from retention.quality.declarations import read_landed_rules, read_published_tables
from retention.quality.engine import load_great_expectations
from retention.quality.suites import all_suites, landed_suites, main, outdated_suites, suite_files, write_suites
from retention.settings import PROJECT_DIR


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of which the declarations can be changed."""
    shutil.copytree(PROJECT_DIR / "expectations", tmp_path / "expectations")
    return tmp_path


def test_the_committed_suites_are_up_to_date() -> None:
    assert outdated_suites(PROJECT_DIR) == []


def test_making_them_again_changes_no_byte(project: Path) -> None:
    assert write_suites(project) == []
    shutil.rmtree(project / "expectations" / "suites")
    write_suites(project)
    for path in (PROJECT_DIR / "expectations" / "suites").iterdir():
        assert (project / "expectations" / "suites" / path.name).read_bytes() == path.read_bytes()


def test_a_changed_contract_changes_its_suite_and_no_other(project: Path) -> None:
    contract = project / "expectations" / "contracts" / "customers.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("mustBeLessOrEqualTo: 40", "mustBeLessOrEqualTo: 41"), encoding="utf-8")
    (project / "expectations" / "suites" / "landed_gone.json").write_text("{}", encoding="utf-8")
    assert outdated_suites(project) == ["landed_customers.json", "landed_gone.json"]
    before = json.loads((PROJECT_DIR / "expectations/suites/landed_customers.json").read_text(encoding="utf-8"))
    write_suites(project)
    after = json.loads((project / "expectations/suites/landed_customers.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in before["expectations"]] == [one["id"] for one in after["expectations"]]
    assert not (project / "expectations" / "suites" / "landed_gone.json").exists()


def test_every_id_stands_once() -> None:
    ids = [one["id"] for suite in all_suites(PROJECT_DIR) for one in suite.as_json()["expectations"]]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_great_expectations_reads_and_writes_them_unchanged() -> None:
    gx = load_great_expectations()
    for content in suite_files(PROJECT_DIR).values():
        suite = json.loads(content)
        written = gx.ExpectationSuite(**suite).to_json_dict()
        assert written["expectations"] == suite["expectations"]
        assert written["id"] == suite["id"]


def test_every_completeness_threshold_of_a_contract_is_checked_where_raw_shows_the_value() -> None:
    contracts = load_contracts(PROJECT_DIR)
    suites = landed_suites(contracts, read_landed_rules(PROJECT_DIR))
    for entity, contract in contracts.items():
        shares = {
            check.column: check.kwargs.get("mostly", 1.0)
            for check in suites[entity].checks
            if check.name == "completeness"
        }
        assert shares == {**contract.completeness, **dict.fromkeys(contract.required, 1.0)}


def test_every_published_table_with_a_contract_is_checked_or_said_not_to_be() -> None:
    declared = {table.name for table in read_published_tables(PROJECT_DIR)}
    models = PROJECT_DIR / "dbt_project" / "models" / "marts"
    modelled = {path.stem for path in models.glob("*/*.sql")}
    # data_quality holds these results; dim_labels is a seed's content.
    assert modelled - declared <= {"data_quality", "dim_labels"}


def test_the_command_says_what_is_not_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == "suites: up to date\n"


@pytest.mark.parametrize(
    ("file", "broken", "says"),
    [
        ("landed.yaml", {"needed": ["orders"]}, "'references' is missing"),
        ("published.yaml", {"tables": []}, "'tables' must be a mapping"),
        ("published.yaml", {"tables": {"t": {"not_empty": "bad"}}}, "t.not_empty must be critical or warning"),
        ("published.yaml", {"tables": {"t": {"checks": [{"name": "n"}]}}}, "check n lacks description, expectation"),
        ("published.yaml", None, "the file is no mapping"),
    ],
)
def test_a_broken_declaration_is_one_clear_line(project: Path, file: str, broken: object, says: str) -> None:
    path = project / "expectations" / file
    path.write_text(yaml.safe_dump(broken), encoding="utf-8")
    with pytest.raises(SettingsError, match=says):
        all_suites(project)
