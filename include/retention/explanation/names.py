"""Names of codes and metrics for people, from dim_labels, in one language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

METRIC = re.compile(r"\b([a-z][a-z0-9_]*)(?::[^\s;]+)?")
# What the evidence of a rule writes between metrics and figures.
SPOKEN = {
    "en": {" is_null": " is not known", " not_null": " is known"},
    "zh": {" is_null": " 未知", " not_null": " 已知", " and ": "，且 "},
}
LABELS = "select code_set, code, name_en, name_zh from marts.dim_labels"


@dataclass(frozen=True)
class Names:
    """Names in one language, by code set and code."""

    language: str
    by_code: Mapping[tuple[str, str], str]

    def of(self, code_set: str, code: object) -> str:
        """The name of a code; the code itself where there is none."""
        return self.by_code.get((code_set, str(code)), str(code))

    def metric(self, metric: str) -> str:
        """The name of a metric of the rules, its argument in brackets."""
        name, colon, argument = metric.partition(":")
        named = self.of("rule_metric", name)
        if not colon:
            return named
        return f"{named}（{argument}）" if self.language == "zh" else f"{named} ({argument})"

    def in_evidence(self, evidence: str | None) -> str | None:
        """The evidence of a rule as the tables have it, with the metrics' names."""
        if evidence is None:
            return None
        named = METRIC.sub(
            lambda found: self.metric(found[0]) if ("rule_metric", found[1]) in self.by_code else found[0], evidence
        )
        for written, spoken in SPOKEN[self.language].items():
            named = named.replace(written, spoken)
        return named


def read_names(connection: duckdb.DuckDBPyConnection, language: str) -> Names:
    """Read the names of a release.

    Args:
        language: en or zh.
    """
    rows = connection.execute(LABELS).fetchall()
    return Names(language, {(code_set, code): zh if language == "zh" else en for code_set, code, en, zh in rows})
