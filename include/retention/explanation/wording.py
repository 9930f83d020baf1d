"""Conditions of rules in words, English and Chinese: those read from the rules, and those written as evidence."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from retention.console import shown
from retention.explanation.names import Names
from retention.explanation.phrases import Phrases

SIGNS = {">=": "≥", "<=": "≤", "!=": "≠"}
# Metrics whose values are codes, each named by the code set of its own name.
CODED = (
    "r_band",
    "f_band",
    "m_band",
    "rfm_segment",
    "age_stage",
    "activity_state",
    "curve_stage",
    "customer_type",
    "strategic_label",
)
# What the macro rule_evidence writes for a condition, and between two.
ALWAYS, AND = "no other rule holds", " and "
WRITTEN = re.compile(
    r"(?P<metric>[a-z][a-z0-9_]*(?::.+?)?) "
    r"(?:(?P<test>is_null|not_null)|(?P<present>.*) (?P<operator>>=|<=|!=|=|<|>|contains) (?P<value>.*))"
)
NUMBER = re.compile(r"-?\d+(?P<fraction>\.\d+)?")


def figure(value: object) -> str:
    """A figure as people read it."""
    return f"{value:,}" if isinstance(value, Decimal) else shown(value)


class Wording:
    """Conditions in the language of the names."""

    def __init__(self, names: Names) -> None:
        self.names, self.say = names, Phrases(names.language)

    def held(self, conditions: Sequence[Mapping[str, Any]]) -> str:
        """Conditions that hold, each with the figure that meets it."""
        return self.say("and").join(self.condition(one) for one in conditions)

    def condition(self, one: Mapping[str, Any]) -> str:
        """A condition that holds, with its figure."""
        if one["metric"] == "always":
            return self.say("otherwise")
        value = self.value(one["metric"], one["present"])
        if one["operator"] in ("is_null", "not_null"):
            return self.say(one["operator"], name=one["name"], value=value)
        if one["operator"] == "=":
            return self.say("equals", name=one["name"], value=value)
        return self.say("condition", name=one["name"], value=value, **self._compared(one))

    def asked(self, one: Mapping[str, Any]) -> str:
        """A condition without a figure."""
        if one["metric"] == "always":
            return self.say("otherwise")
        if one["operator"] in ("is_null", "not_null"):
            return self.say(one["operator"], name=one["name"], value="…")
        return self.say("asked", name=one["name"], **self._compared(one))

    def value(self, metric: str, value: Any) -> str:
        """A figure, a code with its name."""
        if value is None:
            return self.say("none")
        if metric in CODED:
            name = self.names.of(metric, value)
            # A company's own label has no name but itself.
            is_band = name != str(value) and str(value).isdigit()
            return f"{value} {name}" if is_band else name
        return figure(value)

    def evidence(self, evidence: str | None) -> str | None:
        """The evidence of a rule as the tables have it, in words; what is written otherwise stays as it is."""
        if evidence is None:
            return None
        # A text of the data may hold the word between conditions: no part is put into words then.
        told = [self._written(one) for one in evidence.split(AND)]
        return evidence if None in told else self.say("and").join(filter(None, told))

    def _written(self, text: str) -> str | None:
        if text == ALWAYS:
            return self.say("otherwise")
        match = WRITTEN.fullmatch(text)
        if match is None:
            return None
        metric, test = match["metric"], match["test"]
        name = self.names.metric(metric)
        if test:
            return self.say("known" if test == "not_null" else test, name=name)
        number = None if metric in CODED else NUMBER.fullmatch(match["present"])
        present = float(number[0]) if number and number["fraction"] else int(number[0]) if number else match["present"]
        return self.condition(
            {"metric": metric, "name": name, "operator": match["operator"], "present": present, "value": match["value"]}
        )

    def _compared(self, one: Mapping[str, Any]) -> dict[str, str]:
        sign = self.say("contains") if one["operator"] == "contains" else SIGNS.get(one["operator"], one["operator"])
        return {"operator": sign, "threshold": self.value(one["metric"], one["value"])}
