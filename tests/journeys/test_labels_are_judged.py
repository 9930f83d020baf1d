"""From a label that a rule gives to a status that people gave it: export, choose, import, run; rebuilds keep it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import openpyxl
import pytest
from tests.journeys.conftest import Company, small_company
from tests.small_project import write_small_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATUSES = "select customer_id, review_status, reviewed_by from marts.customer_labels where label = 'silent_3_months'"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """The small company, with labels among the tables of the small project."""
    return small_company(tmp_path / "company", write_small_project(tmp_path / "small", "customer_labels"))


def ok(company: Company, *arguments: str, **environment: str) -> str:
    """What a command prints; it must not fail."""
    done = company.retention(*arguments, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.mark.slow
def test_what_people_say_of_labels_stands_in_the_next_release_and_outlives_rebuilds(
    company: Company, tmp_path: Path, altered_project: Callable[[str, str, str], Path]
) -> None:
    ok(company, "run", "--profile", "retail")
    held = [row[0] for row in company.ask(f"{STATUSES} and is_current order by customer_id")]
    assert len(held) > 2
    path = tmp_path / "labels.xlsx"
    export = ("labels", "export", "--out", str(path), "--label", "silent_3_months", "--language", "zh")
    assert f"{len(held)} labels: " in ok(company, *export)

    book = openpyxl.load_workbook(path)
    rows = list(book.worksheets[0].iter_rows(min_row=2))
    assert sorted(str(row[0].value) for row in rows) == held
    answers = dict(zip(held, ("已确认", "已驳回"), strict=False))
    for row in rows:
        row[8].value = answers.get(str(row[0].value), row[8].value)
    book.save(path)
    told = ok(company, "labels", "import", str(path), "--reviewer", "Li Na")
    assert "2 reviews recorded (1 confirmed, 1 rejected) in load " in told
    assert "Nothing new in " in ok(company, "labels", "import", str(path), "--reviewer", "Li Na")
    counted = json.loads(ok(company, "labels", "list", "--json"))
    (silent,) = [one for one in counted if one["label"] == "silent_3_months"]
    assert (silent["customers"], silent["confirmed"], silent["rejected"]) == (len(held), 1, 1)
    assert company.ask(f"{STATUSES} and review_status != 'proposed'") == [], "a release that stands does not change"

    expected = [(held[0], "confirmed", "Li Na"), (held[1], "rejected", "Li Na")]
    judged = f"{STATUSES} and review_status != 'proposed' order by customer_id"
    ok(company, "run", "--profile", "retail", "--full-refresh")
    assert company.ask(judged) == expected

    # With an edited rule the labels are proposed again, and answers to the former rule are refused.
    edited = altered_project(
        "dbt_project/seeds/label_rules.csv",
        "silent_3_months,1,recency_days,>,90",
        "silent_3_months,1,recency_days,>,91",
    )
    ok(company, "run", "--profile", "retail", RETENTION_PROJECT_DIR=str(edited))
    assert company.ask(judged) == []
    rows[2][8].value = "已确认"
    book.save(path)
    refused = company.retention("labels", "import", str(path))
    assert refused.returncode == 3
    assert re.search(r"row 2 and 2 more: label silent_3_months was judged by version \w{8} of its rule", refused.stderr)
    assert "Traceback" not in refused.stderr
