"""A run goes on from a release only where that gives the tables of a full build; else it says why it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from retention.runs import Run
from retention.warehouse.increment import decide, project_fingerprint

SEQUENCE = {"first": 1, "second": 2, "third": 3}
RELEASE: dict[str, Any] = {
    "release_id": "run-0",
    "as_of_date": "2024-01-30",
    "profile": "retail",
    "built_from": {
        "fingerprint": "as now",
        "timezone": "Asia/Shanghai",
        "loads": {"orders": ["first"], "returns": ["second"]},
    },
}
SEEN = {"orders": ["first"], "returns": ["second"]}


def test_a_run_with_later_loads_and_a_later_day_goes_on_from_the_release(new_run: Callable[[], Run]) -> None:
    run = new_run()
    decision = decide(run, RELEASE, "as now", {"orders": ["first", "third"], "returns": ["second"]}, SEQUENCE)
    assert decision.base is not None
    assert decision.base.folder == run.home.releases / "run-0"
    assert (decision.base.since_load_seq, decision.base.since_as_of) == (2, date(2024, 1, 30))
    assert decision.text == "increment: 1 new load since release run-0"


def test_a_day_without_news_goes_on_too(new_run: Callable[[], Run]) -> None:
    same_day = replace(new_run(), as_of=date(2024, 1, 30))
    assert decide(same_day, RELEASE, "as now", SEEN, SEQUENCE).base is not None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"release": None}, "nothing has been published yet"),
        ({"release": RELEASE | {"built_from": None}}, "not those of the release"),
        ({"fingerprint": "changed since"}, "not those of the release"),
        ({"release": RELEASE | {"profile": "cdnow"}}, "another profile"),
        ({"release": RELEASE | {"built_from": RELEASE["built_from"] | {"timezone": "UTC"}}}, "another time zone"),
        (
            {"release": RELEASE | {"built_from": RELEASE["built_from"] | {"target": "spark"}}},
            "the release was built on another engine",
        ),
        ({"goes_on": False}, "this engine builds every table anew"),
        ({"release": RELEASE | {"as_of_date": "2024-02-01"}}, "describes a later day, 2024-02-01"),
        ({"pinned": {"orders": ["first"]}}, "a load that the release has seen is gone"),
        (
            {
                "release": RELEASE | {"built_from": RELEASE["built_from"] | {"loads": {"orders": ["first", "second"]}}},
                "pinned": {"orders": ["second", "first"]},
                "sequence": {"second": 2, "first": 3},
            },
            "was landed again, after others",
        ),
        (
            {"release": RELEASE | {"built_from": RELEASE["built_from"] | {"loads": {"returns": ["second"]}}}},
            "a load from before the release has come back",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_run_builds_in_full_where_anything_else_changed(
    new_run: Callable[[], Run], changes: dict[str, Any], why: str
) -> None:
    given = {"release": RELEASE, "fingerprint": "as now", "pinned": SEEN, "sequence": SEQUENCE} | changes
    decision = decide(new_run(), **given)
    assert decision.base is None
    assert decision.text.startswith("full build: ")
    assert why in decision.reason


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one model, one seed and one contract."""
    for place in ("dbt_project/models/a.sql", "dbt_project/seeds/a.csv", "expectations/contracts/a.odcs.yaml"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text("as it was", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("place", ["dbt_project/models/a.sql", "dbt_project/seeds/a.csv", "dbt_project/macros/new.sql"])
def test_the_fingerprint_changes_with_every_file_that_decides_what_tables_hold(project: Path, place: str) -> None:
    before = project_fingerprint(project)
    (project / place).parent.mkdir(exist_ok=True)
    (project / place).write_text("changed", encoding="utf-8")
    assert project_fingerprint(project) != before


def test_the_fingerprint_changes_with_a_name_and_with_a_version(project: Path) -> None:
    before = project_fingerprint(project, ["duckdb 1.5.5"])
    assert project_fingerprint(project, ["duckdb 1.5.6"]) != before
    (project / "dbt_project/models/a.sql").rename(project / "dbt_project/models/b.sql")
    assert project_fingerprint(project, ["duckdb 1.5.5"]) != before


def test_what_dbt_leaves_in_the_project_does_not_change_the_fingerprint(project: Path) -> None:
    before = project_fingerprint(project)
    (project / "dbt_project/target").mkdir()
    (project / "dbt_project/target/compiled.sql").write_text("select 1", encoding="utf-8")
    assert project_fingerprint(project) == before
