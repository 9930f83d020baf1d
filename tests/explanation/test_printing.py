"""What an explanation says of stages that are not known."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from retention.explanation.figures import Scale
from retention.explanation.names import Names
from retention.explanation.printing import _Explanation
from retention.explanation.reading import _unknown_axis, _up
from retention.explanation.rules import Condition, Group


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Dormancy: not known (no interactions have been delivered)"),
        ("zh", "Dormancy：未知（尚未提供互动数据）"),
    ],
)
def test_an_axis_without_a_stage_says_why(language: str, told: str) -> None:
    names = Names(language, {("lifecycle_axis", "lifecycle_dormancy"): "Dormancy"})
    axis = _unknown_axis("lifecycle_dormancy", "dormancy null (no_interaction_data)", names)
    text = io.StringIO()
    explained = {"axes": [axis], "customer_lifecycle": {}}
    _Explanation(Console(file=text, width=200), explained, names)._lifecycle()
    assert told in text.getvalue()


def told_of(tier: dict[str, Any], language: str) -> str:
    """What is printed of a tier."""
    text = io.StringIO()
    names = Names(language, {("rule_metric", "complaints_12m"): "Complaints", ("rule_metric", "r_band"): "Recency"})
    shown = {
        "scheme": "s",
        "scheme_name": "S",
        "is_primary_scheme": False,
        "conditions": [],
        "reason": "x",
        "rule_id": "R",
    }
    row = shown | {"changed_on": None, "up": {"to_tier": None, "reason": "best_tier"}} | tier
    _Explanation(Console(file=text, width=200), {"tiers": [row]}, names)._tier(row)
    return text.getvalue()


REJECTED = {"status": "rejected", "approver": "eve", "tier_before": "B", "tier_after": "C"}


@pytest.mark.parametrize(
    ("tier", "in_force", "state", "review", "english", "chinese"),
    [
        ("C", "B", "rejected", REJECTED, "B (the change to C was rejected by eve)", "B（变更为 C 已被 eve 驳回）"),
        ("C", "B", "waiting", None, "B (the change to C waits for approval)", "B（变更为 C 待审批）"),
        (
            "C",
            "C",
            "in_force",
            REJECTED | {"status": "approved"},
            "C (the change from B was approved by eve)",
            "C（由 B 变更，已获 eve 批准）",
        ),
    ],
)
def test_a_tier_under_review_says_what_is_in_force_and_what_became_of_the_change(
    tier: str, in_force: str, state: str, review: dict[str, Any] | None, english: str, chinese: str
) -> None:
    row = {"tier": tier, "tier_in_force": in_force, "review_state": state, "review": review}
    assert f"  in force: {english}\n" in told_of(row, "en")
    assert f"  现行：{chinese}\n" in told_of(row, "zh")


def test_a_tier_that_no_review_touched_says_nothing_of_one() -> None:
    row = {"tier": "C", "tier_in_force": "C", "review_state": "in_force", "review": None}
    assert "in force" not in told_of(row, "en")


def test_a_way_up_over_what_was_never_delivered_is_no_way() -> None:
    groups = [
        Group("X1", 1, 1, "calm", (Condition("complaints_12m", "=", "0"),)),
        Group("X2", 2, 1, "unknown", (Condition("always", None, None),)),
    ]
    scale = Scale({}, {}, {(1, 1, 1): (0.0, "x")}, {"frequency": "frequency_12m", "monetary": "monetary_12m"})
    names = Names("en", {("rule_metric", "complaints_12m"): "Complaints"})
    up = _up("s", False, groups, groups[1], {"complaints_12m": None}, scale, names)
    assert up == {"to_tier": None, "reason": "not_recorded", "unknown": ["Complaints"]}
    row = {"tier": "unknown", "up": up}
    assert "figures that are not known, since their data were never delivered: Complaints. Nothing" in told_of(
        row, "en"
    )
    assert "指标未知（从未提供相应数据）：Complaints。" in told_of(row, "zh")


@pytest.mark.parametrize(
    ("cuts", "told"), [((1, 1, 1, 1), True), ((1, 1, 1, 2), False)], ids=["all customers alike", "some differ"]
)
def test_cut_offs_that_coincide_are_said_to_part_hardly_anybody(cuts: tuple[int, ...], told: bool) -> None:
    spread = {f"{name}_cut_{cut}": cut for name in ("recency", "monetary") for cut in range(1, 5)}
    cutoffs = spread | {f"frequency_cut_{number}": cut for number, cut in enumerate(cuts, start=1)}
    scores = {f"{letter}_score": 3 for letter in "rfm"} | {"rfm_score": 50, "rfm_segment": "loyal"}
    text = io.StringIO()
    explained = {"customer_rfm": scores, "bands": [], "cutoffs": cutoffs}
    _Explanation(Console(file=text, width=200), explained, Names("en", {}))._rfm()
    assert ("these scores part hardly anybody: frequency\n" in text.getvalue()) is told
