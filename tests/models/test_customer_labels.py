"""Labels equal an independent evaluation of their rules on every day; reviews stand where they belong."""

from __future__ import annotations

import functools
import re
import shutil
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject
from tests.models.expected_labels import label_rules, met_group, metrics_on, rule_text, rule_version
from tests.models.random_companies import Company, random_company
from tests.models.random_engagement import with_engagement
from tests.models.test_customer_rfm import SEGMENTS, build
from tests.models.test_customer_tiers import month_ends

if TYPE_CHECKING:
    from pathlib import Path

    from tests.models.expected_labels import Groups

Expected = dict[tuple[str, str], tuple[object, ...]]


def expected_labels(company: Company, rules: dict[str, Groups]) -> Expected:
    """customer_labels without evidence and reviews: version, text, first day, last day and whether it is held."""
    found: dict[tuple[str, str], list[date]] = {}
    asked = {one["metric"] for groups in rules.values() for group in groups for one in group}
    for day in sorted({company.as_of, *month_ends(company)}):
        for customer_id, customer in metrics_on(company, SEGMENTS, day, asked).to_dict("index").items():
            for label, groups in rules.items():
                if met_group(customer, groups):
                    found.setdefault((str(customer_id), label), []).append(day)
    return {
        (customer_id, label): (
            rule_version(label, rules[label]),
            rule_text(rules[label]),
            days[0],
            days[-1],
            days[-1] == company.as_of,
        )
        for (customer_id, label), days in found.items()
    }


def published_labels(project: CompiledProject, company: Company) -> Expected:
    """What the model says of the same."""
    rows = (
        build(project, company, "customer_labels")
        .sql(
            "select customer_id, label, rule_version, rule_text, first_seen_on, last_seen_on, is_current "
            "from marts.customer_labels where as_of_date = (select as_of_date from raw.run_parameters)"
        )
        .fetchall()
    )
    assert len({row[:2] for row in rows}) == len(rows)
    return {row[:2]: row[2:] for row in rows}


@functools.cache
def engaged(seed: int) -> tuple[Company, Expected]:
    """A company whose customers buy, call and complain, and its labels by the rules of the seed."""
    company = with_engagement(random_company(seed), seed)
    return company, expected_labels(company, label_rules("default_b2b"))


SEEDS = (*range(0, 24, 3), 39)  # the last has customers who bought often, long ago


@pytest.mark.parametrize("seed", SEEDS)
def test_customer_labels_equal_an_independent_computation(project: CompiledProject, seed: int) -> None:
    company, expected = engaged(seed)
    assert published_labels(project, company) == expected


def test_every_label_of_the_seed_is_held_by_somebody_in_these_companies() -> None:
    held = {label for seed in SEEDS for _, label in engaged(seed)[1]}
    # No random company takes reservations.
    assert set(label_rules("default_b2b")) - held == {"reserved_new_product"}


OF_ITS_OWN = """\
profile,label,rule_id,condition_group,metric,operator,value
all,champion,B.1,1,rfm_segment,=,champions
all,champion,B.1,2,r_score,=,5
all,champion,B.1,2,monetary_12m,>=,49999.99
all,never_bought,B.2,1,recency_days,is_null,
all,not_best,B.3,7,r_score,!=,5
all,of_all,B.4,1,frequency_12m,>=,0
default_b2b,of_all,B.4,1,never,,
all,silent,B.5,1,recency_days,>,30
default_b2b,silent,B.5,1,recency_days,>,183
default_b2b,silent,B.5,1,purchase_days_lifetime,>=,2
cdnow,silent,B.5,1,recency_days,>,5
"""


@pytest.fixture(scope="module")
def own_rules(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """The project with other labels: of texts, of missing figures, of groups, and one that the profile switches off."""
    folder = tmp_path_factory.mktemp("labels")
    copied = shutil.copytree(PROJECT_DIR, folder / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    (copied / "seeds" / "label_rules.csv").write_text(OF_ITS_OWN, encoding="utf-8")
    return CompiledProject(folder / "compiled", copied)


@pytest.mark.slow
def test_rules_of_any_form_give_labels_with_their_evidence(own_rules: CompiledProject, tmp_path: Path) -> None:
    (tmp_path / "label_rules.csv").write_text(OF_ITS_OWN, encoding="utf-8")
    rules = label_rules("default_b2b", tmp_path)
    assert list(rules) == ["champion", "never_bought", "not_best", "silent"]
    held: set[str] = set()
    for seed in range(20, 26):
        company = with_engagement(random_company(seed), seed)
        expected = expected_labels(company, rules)
        assert published_labels(own_rules, company) == expected
        held |= {label for _, label in expected}
        connection = build(own_rules, company, "customer_labels", "customer_rfm")
        for customer_id, evidence, days in connection.sql(
            "select customer_id, evidence, recency_days from marts.customer_labels "
            "inner join marts.customer_rfm using (customer_id) where label = 'silent' and is_current"
        ).fetchall():
            bought, _, silent = evidence.partition(" and ")
            assert re.fullmatch(r"purchase_days_lifetime \d+ >= 2", bought), customer_id
            assert silent == f"recency_days {days} > 183"
    assert held == set(rules)


def test_reviews_follow_the_customer_and_hold_for_their_version_alone(project: CompiledProject) -> None:
    groups = label_rules("default_b2b")["silent_3_months"]
    version = rule_version("silent_3_months", groups)
    orders = [
        {
            "order_id": f"O{name}",
            "customer_id": name,
            "ordered_at": pd.Timestamp("2024-01-10"),
            "amount": 10.0,
            "status": "completed",
            "_load_seq": 1,
            "_line_no": number,
        }
        for number, name in enumerate(["judged", "of_another_version", "duplicate", "unjudged"])
    ]
    profiles = [
        {"customer_id": name, "registered_at": pd.Timestamp(day), "_load_seq": 2, "_line_no": number}
        for number, (name, day) in enumerate([("golden", "2023-01-01"), ("duplicate", "2023-02-01")])
    ]
    merged = {
        "decision_id": "D1",
        "decided_at": pd.Timestamp("2024-01-01"),
        "action": "merge",
        "customer_id": "golden",
        "other_customer_id": "duplicate",
        "_load_seq": 3,
        "_line_no": 0,
    }
    given = [
        ("R1", "judged", version, "confirmed", "2030-01-01", 4),  # a day after the as-of day: a review is no event
        ("R2", "judged", version, "rejected", "2030-01-02", 4),
        ("R3", "of_another_version", "00000000", "confirmed", "2024-01-02", 4),
        ("R4", "duplicate", version, "confirmed", "2024-01-02", 4),
        ("R4", "duplicate", version, "proposed", "2024-01-02", 5),  # delivered anew, corrected
    ]
    reviews = [
        {
            "review_id": review_id,
            "customer_id": customer_id,
            "label": "silent_3_months",
            "rule_version": judged,
            "status": status,
            "reviewer": "Ann",
            "reviewed_at": pd.Timestamp(at),
            "_load_seq": load,
            "_line_no": number,
        }
        for number, (review_id, customer_id, judged, status, at, load) in enumerate(given)
    ]
    raw = {"orders": orders, "customers": profiles, "identity_decisions": [merged], "label_reviews": reviews}
    connection = project.build(
        {name: pd.DataFrame(rows) for name, rows in raw.items()}, as_of=date(2024, 5, 31), models=["customer_labels"]
    )
    assert connection.sql(
        "select customer_id, review_status, reviewed_by from marts.customer_labels where label = 'silent_3_months' "
        "order by customer_id"
    ).fetchall() == [
        ("golden", "proposed", "Ann"),
        ("judged", "rejected", "Ann"),
        ("of_another_version", "proposed", None),
        ("unjudged", "proposed", None),
    ]
