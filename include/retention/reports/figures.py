"""Figures and codes as people read them, in one language."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from retention.reports.checks import check_named, check_told, of_shares
from retention.reports.columns import DIMENSION_SETS, MEASURED, OF_THEIR_OWN, Column, unit_kind
from retention.reports.release import Release
from retention.reports.wording import Wording

SIGNS = {"at_least": "≥ ", "at_most": "≤ "}
TARGETS = ("target_value", "target")
"""Columns of numbers to reach: their direction stands before them."""
REASONS = "_reason"
UNSUMMED, NO_SUM = ("value_at_stake",), "–"
"""Amounts that some rows have none of, and what stands there in a report."""
TEXTS = ("text", "code", "codes", "tier", *OF_THEIR_OWN)
FORMS = {
    "percent": "{:.1%}", "growth": "{:+.1%}", "money": "{:,.0f}", "price": "{:,.2f}", "count": "{:,.0f}",
    "decimal": "{:,.1f}", "ratio": "{:,.2f}", "change": "{:+,.0f}", "score_change": "{:+,.1f}",
}  # fmt: skip
ELSEWHERE = {
    "alert_cause": ("board_dimension",),
    "alert_metric": ("board_metric",), "board_dimension": ("dimension",), "board_metric": ("target_metric",),
    "contact_channel": ("source_channel",), "contact_owner": ("owner_role",),
    "owner_role": ("contact_owner",), "program_measure": ("target_metric",),
    "target_metric": ("board_metric",), "tier_move": ("tier_direction",),
}  # fmt: skip
"""Where a code is looked for that its own set does not name."""
OF_PART = ("complaint_category", "answer_channel")
"""Dimensions of causes whose share is that of complaints or answers, not of a change."""
GENERAL = "dimension_value"
"""Code set of all, unknown and what else stands for no value."""


class Figures:
    """Turns values into text.

    Args:
        release: names its codes.
    """

    def __init__(self, release: Release, wording: Wording) -> None:
        self.wording, self.language = wording, wording.language
        self._scheme = str(release.primary_scheme)
        self._names: dict[tuple[str, str], str] = {
            (code_set, code): name
            for (language, code_set, code), name in release.labels.items()
            if language == wording.language
        }
        self._reasons: dict[str, str] = {
            code: name for (code_set, code), name in self._names.items() if code_set.endswith(REASONS)
        }

    def told(self, column: Column, row: Mapping[str, Any]) -> str:
        """A cell as text; of a figure that is missing the reason."""
        value = row[column.name]
        if value is None:
            reason = row.get("_missing_reason") if column.name in MEASURED else None
            nothing = NO_SUM if column.name in UNSUMMED else ""
            return self.reason(reason) if reason else nothing
        if column.kind == "flag":
            return self.wording.word("holds") if value else ""
        if column.kind in TEXTS:
            return self.text(column, row)
        if column.kind == "by_unit":
            return self._by_unit(column.name, row)
        if column.kind == "by_unit_gap":
            return self.gap(unit_kind(row), value)
        return self.number(column.kind, value)

    def text(self, column: Column, row: Mapping[str, Any]) -> str:
        """A cell that holds text or codes; empty where it holds nothing."""
        value = row[column.name]
        if value is None:
            return ""
        tell = {
            "code": lambda: self.name(column.code_set, str(value)),
            "codes": lambda: self._several(column.code_set, str(value)),
            "tier": lambda: self.tier(str(row.get("scheme") or row.get("_scheme") or self._scheme), str(value)),
            "dimension_value": lambda: self.value_of(str(row.get("dimension") or row.get("_dimension")), str(value)),
            "subject_id": lambda: self.value_of(str(row.get("subject_type")), str(value)),
            "cause": lambda: self._cause(row),
            "measures": lambda: self._measures(str(value)),
            "checked_table": lambda: self.wording.name("tables", str(value)),
            "check_name": lambda: check_named(self.wording, str(value)),
            "check_found": lambda: check_told(self.wording, str(value), is_share=of_shares(row["_expectation"])),
            "check_asked": lambda: check_told(self.wording, str(value), is_share=of_shares(row["_expectation"])),
        }.get(column.kind)
        if tell is not None:
            return tell()
        return self.reason(str(value)) if column.name.endswith(REASONS) else str(value)

    def number(self, kind: str, value: Any) -> str:
        """A number or a day."""
        return self.points(value) if kind == "points" else number_told(kind, value)

    def gap(self, kind: str, value: Any) -> str:
        """How far two figures of a kind lie apart; rates in percentage points."""
        if kind == "percent":
            return self.points(value)
        return self.number("change" if kind in ("count", "money") else "score_change", value)

    def points(self, value: Any) -> str:
        """Percentage points, always with a sign."""
        return self.wording.word("points", points=self.number("score_change", value))

    def name(self, code_set: str, code: str) -> str:
        """The name of a code; the code itself where it has none."""
        for one in (code_set, *ELSEWHERE.get(code_set, ()), GENERAL):
            if (one, code) in self._names:
                return self._names[one, code]
        return code

    def reason(self, code: str) -> str:
        """Why there is no figure."""
        return self._reasons.get(code, code)

    def tier(self, scheme: str, code: str) -> str:
        """A tier by its letter and name."""
        sets = (scheme, "tier_migration", GENERAL)
        name = next((self._names[one, code] for one in sets if (one, code) in self._names), code)
        return f"{code} {name}" if len(code) == 1 and name != code else name

    def value_of(self, dimension: str, value: str) -> str:
        """A value of a dimension; those that labels.csv names by their names."""
        if dimension == "tier":
            return self.tier(self._scheme, value)
        return self.name(DIMENSION_SETS.get(dimension, GENERAL), value)

    def _several(self, code_set: str, codes: str) -> str:
        listed = (one.strip() for one in codes.split(","))
        return self.wording.word("comma").join(self.name(code_set, one) for one in listed if one)

    def _cause(self, row: Mapping[str, Any]) -> str:
        """What was found as the cause, and a second one where there is one."""
        causes = (
            (row["_cause_dimension"], row["cause"], row.get("_cause_share")),
            (row.get("_second_cause_dimension"), row.get("_second_cause"), row.get("_second_cause_share")),
        )
        told = [self.cause(dimension, value, share) for dimension, value, share in causes if dimension is not None]
        return self.wording.word("semicolon").join(told)

    def cause(self, dimension: str, value: Any, share: Any) -> str:
        """A cause: a value of a dimension, with its share of the change or of what was counted."""
        words = {"dimension": self.name("alert_cause", dimension), "value": self.value_of(dimension, str(value))}
        if share is None:
            return self.wording.word("cause", **words)
        form = "cause_of_part" if dimension in OF_PART else "cause_with_share"
        return self.wording.word(form, share=f"{float(share):.0%}", **words)

    def _by_unit(self, name: str, row: Mapping[str, Any]) -> str:
        """A figure by its row's unit; a target with its direction, a threshold with what is to be said beside it."""
        value = row[name]
        if name == "metric_value" and row.get("_unit") == "days" and 0 <= value < 1:
            # Whole days that have passed: 0 of them is late by hours.
            return self.wording.word("less_than_a_day")
        sign = SIGNS.get(str(row.get("_direction")), "") if name in TARGETS else ""
        told = sign + self.number(unit_kind(row), value)
        return told + self._beyond(row) if name == "metric_threshold" else told

    def _beyond(self, row: Mapping[str, Any]) -> str:
        """Why an alert stands whose value is back within its threshold, or is grave no longer; empty of others."""
        value, opens, closes = row.get("metric_value"), row["metric_threshold"], row.get("_close_threshold")
        if value is None or closes is None:
            return ""
        grave, kind = row.get("_critical_threshold"), unit_kind(row)
        # Where an alert closes at a higher figure than it opens, a low one is bad.
        sign = -1 if closes > opens else 1
        told = []
        if sign * value < sign * opens:
            word = "closes_below" if sign > 0 else "closes_above"
            told.append(self.wording.word(word, bound=self.number(kind, closes)))
        if row.get("_critical_on") is not None and grave is not None and sign * value < sign * grave:
            words = {"day": self.number("date", row["_critical_on"]), "bound": self.number(kind, grave)}
            told.append(self.wording.word("was_critical", **words))
        return self.wording.word("beside", text=self.wording.word("semicolon").join(told)) if told else ""

    def _measures(self, text: str) -> str:
        """Measures of a dimension of health, each with its value, its full mark and its marks."""
        told = []
        for measure, found in json.loads(text).items():
            value, full = found.get("value"), found.get("full_mark")
            kind = "percent" if full is not None and abs(float(full)) <= 1 else "decimal"
            told.append(
                self.wording.word(
                    "measure",
                    name=self.name("program_measure", measure),
                    value="–" if value is None else self.number(kind, value),
                    full="–" if full is None else self.number(kind, full),
                )
            )
        return self.wording.word("semicolon").join(told)


def number_told(kind: str, value: Any) -> str:
    """A number or a day, alike in both languages."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m}" if kind == "month" else f"{value:%Y-%m-%d}"
    text = FORMS[kind].format(value)
    # What rounds to nothing has no sign.
    return text if text.strip("+-0.,%") else text.lstrip("+-")
