"""What an alert is based on, in the reader's language: made from its columns, the figures by their units."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

FORMS = {
    "rate": "{:.1%}", "share": "{:.1%}", "count": "{:,.0f}", "money": "{:,.0f}", "amount": "{:,.0f}",
    "customers": "{:,.0f}", "points": "{:,.1f}",
}  # fmt: skip
"""How a figure is written by its unit; of the others as short as it is, with one decimal at most."""
SIGNS: Mapping[str, tuple[str, Callable[[float, float], bool]]] = {
    ">=": ("≥", operator.ge), "<=": ("≤", operator.le), ">": (">", operator.gt), "<": ("<", operator.lt),
}  # fmt: skip
WORDS = {
    "en": {"target": ", target {limit}", "threshold": ", threshold {limit}", "days": "{value} days", "part": "; {told}",
           "cause": "{dimension} {value} ({share})", "of_change": "{dimension} {value} ({share} of the change)"},
    "zh": {"target": "，目标 {limit}", "threshold": "，阈值 {limit}", "days": "{value} 天", "part": "；{told}",
           "cause": "{dimension}：{value}（{share}）", "of_change": "{dimension}：{value}（占变化的 {share}）"},
}  # fmt: skip
SUBJECT_SETS = {"region": ("region",), "metric": ("board_metric", "target_metric")}
CAUSE_SETS = {
    "complaint_category": ("ticket_category",), "answer_channel": ("contact_channel",),
    "category": ("ticket_category",), "channel": ("contact_channel", "source_channel"), "region": ("region",),
}  # fmt: skip
OF_PART = ("complaint_category", "answer_channel")
"""Causes whose share is that of complaints or answers, not of a change."""
GENERAL = "dimension_value"

Names = Mapping[tuple[str, str], str]
"""Names of codes in the reader's language, by set and code."""


def subject_of(alert: Mapping[str, Any], names: Names) -> str:
    """Whom or what it is about, by name where it has one."""
    return _name(names, alert["subject_id"], *SUBJECT_SETS.get(alert["subject_type"], ()))


def basis_of(alert: Mapping[str, Any], names: Names, language: str) -> str:
    """Why it stands: metric, figure, comparison, threshold, and the cause where one was found."""
    words = WORDS[language]
    # Of a metric of the board its own name says more than that it is abnormal.
    is_of_board = alert["subject_type"] == "metric"
    metric = subject_of(alert, names) if is_of_board else _name(names, alert["metric"], "alert_metric")
    told = f"{metric} {figure(alert['metric_value'], alert['unit'], language)}"
    if alert["threshold"] is not None:
        limit = figure(alert["threshold"], alert["unit"], language)
        sign, holds = SIGNS.get(str(alert.get("comparison")), ("", None))
        # An alert stands until close_threshold: by then the figure need not reach the threshold any more.
        if holds is not None and alert["metric_value"] is not None and holds(alert["metric_value"], alert["threshold"]):
            told += f" {sign} {limit}"
        else:
            told += words["target" if alert["metric"] == "board_abnormal" else "threshold"].format(limit=limit)
    return told + "".join(words["part"].format(told=cause) for cause in _causes(alert, names, words))


def figure(value: float | None, unit: str | None, language: str) -> str:
    """A figure by its unit: a percentage, money, a count, days."""
    if value is None:
        return "–"
    if unit in FORMS:
        return FORMS[unit].format(value)
    text = f"{value:,.1f}".removesuffix(".0")
    return WORDS[language]["days"].format(value=text) if unit == "days" else text


def _causes(alert: Mapping[str, Any], names: Names, words: Mapping[str, str]) -> list[str]:
    causes = [tuple(alert.get(f"{which}cause_{what}") for what in ("dimension", "value", "share"))
              for which in ("", "second_")]  # fmt: skip
    return [
        words["cause" if dimension in OF_PART else "of_change"].format(
            dimension=_name(names, dimension, "alert_cause", "board_dimension"),
            value=_name(names, value, *CAUSE_SETS.get(str(dimension), ()), GENERAL),
            share=f"{float(share):.0%}",
        )
        for dimension, value, share in causes
        if dimension is not None and share is not None
    ]


def _name(names: Names, code: Any, *code_sets: str) -> str:
    return next((names[one, str(code)] for one in code_sets if (one, str(code)) in names), str(code))
