"""A customer's churn risk and health by factor, worked out by hand, and as the console shows them in both languages."""

from typing import Any

import pytest
from rich.console import Console

from retention.explanation.names import Names
from retention.explanation.outlook import SEEDS, outlook
from retention.explanation.printing import print_explanation

CODES = {
    ("factor", "recency_share"): ("Time since the last purchase", "距上次购买时间"),
    ("factor", "open_tickets"): ("Open tickets", "未解决工单"),
    ("factor", "p_alive"): ("Probability of still buying", "存活概率"),
    ("risk_band", "medium"): ("Medium", "中风险"),
    ("health_band", "yellow"): ("Yellow", "关注"),
    ("score_missing_reason", "never_bought"): ("Never bought", "从未购买"),
}
RISK_SEED = [
    {"factor": "recency_share", "weight": 3, "low": 0, "high": 2, "rule_id": "M8"},
    {"factor": "open_tickets", "weight": 1, "low": 0, "high": 2, "rule_id": "M8"},
    {"factor": "p_alive", "weight": 3, "low": 1, "high": 0, "rule_id": "M8"},
    {"factor": "complaints_12m", "weight": 0, "low": 0, "high": 3, "rule_id": "M8"},
]
HEALTH_SEED = [{"factor": "recency_share", "weight": 1, "low": 1, "high": 0, "rule_id": "S"}]
SIGNALS = {"recency_share": 0.5, "open_tickets": 3.0, "p_alive": None, "complaints_12m": 1.0}
# Half a window since the last purchase scores .25 and takes three quarters of the weight; three tickets score 1.
RISK = SIGNALS | {"churn_risk": 0.4375, "risk_band": "medium", "is_churned": False, "is_calibrated": False,
                  "missing_reason": None}  # fmt: skip
HEALTH = {"score": 50.0, "band": "yellow", "is_churned": False, "previous_score": 75.0, "missing_reason": None,
          "changed_factor": "recency_share"}  # fmt: skip
NOBODY = {"churn_risk": None, "risk_band": None, "is_churned": None, "missing_reason": "never_bought"}


def names(language: str) -> Names:
    return Names(language, {key: both[language == "zh"] for key, both in CODES.items()})


def told(risk: dict[str, Any], health: dict[str, Any], language: str = "en") -> dict[str, Any]:
    seeds = {SEEDS["customer_churn_risk"]: RISK_SEED, SEEDS["customer_health"]: HEALTH_SEED}
    return outlook(risk, health, seeds.__getitem__, names(language))


def test_a_risk_is_the_sum_of_its_parts_the_greatest_first() -> None:
    risk = told(RISK, HEALTH)["risk"]
    assert [(one["factor"], one["score"], one["weight"], one["part"]) for one in risk["factors"]] == [
        ("open_tickets", 1.0, 0.25, 0.25),
        ("recency_share", 0.25, 0.75, 0.1875),
        ("p_alive", None, None, None),
    ]
    assert sum(one["part"] or 0 for one in risk["factors"]) == RISK["churn_risk"]


def test_health_has_the_figures_behind_its_scores() -> None:
    (factor,) = told(RISK, HEALTH)["health"]["factors"]
    assert (factor["present"], factor["score"], factor["weight"]) == (0.5, 0.5, 1.0)


def test_a_release_without_the_tables_has_no_outlook() -> None:
    assert told({}, {}) == {"risk": None, "health": None}


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", ("M8 churn risk 0.44: Medium, not yet calibrated by what happened", "S health 50.0 of 100: Yellow",
                "75.0 at the last month-end, changed most by Time since the last purchase")),
        ("zh", ("M8 流失风险 0.44：中风险，尚未按实际结果校准", "S 健康度 50.0（满分 100）：关注",
                "上月末为 75.0，变化主要来自距上次购买时间")),
    ],
)  # fmt: skip
def test_both_are_told_in_either_language(language: str, lines: tuple[str, ...]) -> None:
    text = printed(told(RISK, HEALTH, language), language)
    for line in lines:
        assert line in text


def test_who_never_bought_is_told_why_there_is_no_risk() -> None:
    assert "M8 无流失风险评分：从未购买" in printed(told(NOBODY, {}, "zh"), "zh")


def printed(found: dict[str, Any], language: str) -> str:
    explained = {
        "merged_from": None, "tiers": [], "axes": [], "labels": [], "bands": [], "cutoffs": {}, "customer_rfm": {},
        "dim_customers": {"customer_id": "C1", "as_of_date": "2024-05-01", "merged_ids": None},
        "customer_lifecycle": {}, "outlook": found,
    }  # fmt: skip
    console = Console(width=200, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as capture:
        print_explanation(console, explained, names(language))
    return capture.get()
