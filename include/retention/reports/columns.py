"""What a column holds, told by its name and type by the grammar of docs/naming.md: no report declares it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CODES = {
    "activity_state": "activity_state", "age_stage": "age_stage", "alert_type": "alert_type",
    "main_region": "region", "main_channel": "contact_channel", "trend": "hotspot_trend",
    "verdict": "hotspot_verdict", "first_response_status": "sla_status", "advice": "program_advice",
    "alert_metric": "alert_metric", "alert_rule": "alert_rule", "alert_owner": "owner_role",
    "category_group": "board_category", "channel": "contact_channel",
    "customer_type": "customer_type", "source_channel": "source_channel", "dimension": "dimension",
    "direction_of_move": "tier_move", "driver_1": "factor", "driver_2": "factor", "driver_3": "factor",
    "escalated_priority": "priority", "exclusion": "contact_exclusion", "grade": "program_grade",
    "health_band": "health_band", "health_dimension": "program_dimension", "level": "alert_level",
    "lifecycle_stage": "lifecycle_stage", "metric": "target_metric",
    "movement": "revenue_movement", "owner": "owner_role", "period_type": "evaluation_period_type",
    "plan_status": "plan_status", "objective": "plan_text", "resources": "plan_text", "milestones": "plan_text",
    "purpose": "plan_text", "plan_type": "plan_type", "preferred_channel": "contact_channel",
    "reason_group": "churn_reason_group", "recommended_action": "alert_action", "region": "region",
    "resolution_status": "sla_status", "rfm_segment": "rfm_segment", "risk_band": "risk_band", "scheme": "scheme",
    "severity": "alert_severity", "check_severity": "check_severity", "ticket_severity": "severity",
    "board_metric": "board_metric", "status": "target_status", "alert_status": "alert_status",
    "strategic_label": "strategic_label", "subject_type": "alert_subject",
    "target_state": "board_target_state", "abnormal_verdict": "board_verdict",
    "digest_group": "alert_group", "survey_type": "survey_type", "ticket_category": "ticket_category",
    "ticket_type": "ticket_type", "churn_reason": "churn_reason", "weakest_dimension": "program_dimension",
    "contact_owner": "contact_owner", "trigger": "contact", "review_status": "tier_review_status",
}  # fmt: skip
"""Code sets by column. A query gives its column the name under which it stands here."""
LISTS = {"signals": "churn_reason", "tied_reasons": "churn_reason", "late_clocks": "sla_metric",
         "missing_measures": "program_measure", "missing_dimensions": "program_dimension",
         "labels": "label", "all_abnormal": "board_metric"}  # fmt: skip
"""Columns of several codes, parted by commas."""
OF_SCHEME = ("tier", "main_tier", "from_tier", "to_tier")
OF_THEIR_OWN = ("dimension_value", "subject_id", "cause", "measures", "checked_table", "check_name", "check_found",
                "check_asked")  # fmt: skip
BY_UNIT = ("current_value", "target_value", "metric_value", "metric_threshold", "target", "actual", "baseline")
BY_UNIT_GAP = ("trend_7d", "gap")
MEASURED = (
    "current_value", "actual", "retention_rate", "completion_rate", "compliance_rate", "score", "answer_score",
    "avg_clv_12m", "score_change",
)  # fmt: skip
"""Figures in whose place the reason stands when they are null."""
DIMENSION_SETS = {
    "region": "region", "channel": "contact_channel", "category": "ticket_category", "severity": "severity",
    "ticket_type": "ticket_type", "metric": "board_metric", "complaint_category": "ticket_category",
    "answer_channel": "contact_channel",
}  # fmt: skip
NUMBERS = ("percent", "points", "growth", "change", "score_change", "by_unit", "by_unit_gap", "money", "price", "count",
           "decimal", "ratio")  # fmt: skip
WHOLE = ("INTEGER", "BIGINT", "HUGEINT", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER")


@dataclass(frozen=True)
class Column:
    """A column of a table that is shown.

    Attributes:
        kind: text, code, codes, tier, one of OF_THEIR_OWN, flag, date, month, instant, percent, points, growth,
            change, score_change, by_unit, by_unit_gap, money, price, count, decimal, ratio or spark.
        code_set: of a column of codes.
    """

    name: str
    kind: str
    code_set: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is set to the right."""
        return self.kind in NUMBERS


def columns_of(types: Mapping[str, str], codes: Mapping[str, str] | None = None) -> list[Column]:
    """The columns that are shown; those whose names begin with an underscore help the others and are not.

    Args:
        codes: code sets of columns that hold others here than elsewhere.
    """
    own = codes or {}
    return [
        Column(name, "code", own[name]) if name in own else column(name, kind)
        for name, kind in types.items()
        if not name.startswith("_")
    ]


def column(name: str, kind: str) -> Column:
    """What a column holds."""
    plain = name.removeprefix("_")
    if plain in LISTS:
        return Column(name, "codes", LISTS[plain])
    if plain in CODES:
        return Column(name, "code", CODES[plain])
    if plain in OF_SCHEME:
        return Column(name, "tier")
    if plain in OF_THEIR_OWN:
        return Column(name, plain)
    if plain in BY_UNIT or plain in BY_UNIT_GAP:
        return Column(name, "by_unit" if plain in BY_UNIT else "by_unit_gap")
    return Column(name, _plain_kind(plain, kind))


def _plain_kind(name: str, kind: str) -> str:
    by_type = {"BOOLEAN": "flag", "DATE": "date", "VARCHAR": "text", "TIMESTAMP": "instant"}
    is_money = kind.startswith("DECIMAL") and kind.endswith(",2)")
    known = (
        (kind.endswith("[]"), "spark"),
        (name == "month", "month"),
        (kind in by_type, by_type.get(kind, "")),
        (name.endswith(("growth_rate", "change_rate")), "growth"),
        (name.endswith(("_rate", "_share", "_retention", "weight")) or name in ("churn_risk", "csat"), "percent"),
        (name.endswith("_points"), "points"),
        (name == "score_change", "score_change"),
        (name == "hotspot_score", "ratio"),
        ("change" in name, "change"),
        (kind in WHOLE, "count"),
        (is_money and ("avg_" in name or "_per_customer" in name), "price"),
        (is_money, "money"),
    )
    return next((found for holds, found in known if holds), "decimal")


def unit_kind(row: Mapping[str, Any]) -> str:
    """How a figure with the unit `_unit` is written."""
    unit = str(row.get("_unit") or "")
    if unit in ("rate", "share", "fraction"):
        return "percent"
    if unit in ("money", "amount", "currency"):
        return "price" if "average" in str(row.get("board_metric")) else "money"
    if unit in ("count", "customers", "orders", "tickets", "contacts", "days", "minutes", "flag"):
        return "count"
    return "decimal"
