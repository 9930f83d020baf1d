"""Names of codes and metrics for people, from dim_labels, in one language."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

LABELS = "select code_set, code, name_en, name_zh from {schema}.dim_labels"


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


def read_names(connection: duckdb.DuckDBPyConnection, language: str, schema: str = "marts") -> Names:
    """Read the names of a release.

    Args:
        language: en or zh.
        schema: where the connection has the result tables.
    """
    rows = connection.execute(LABELS.format(schema=schema)).fetchall()
    return Names(language, {(code_set, code): zh if language == "zh" else en for code_set, code, en, zh in rows})
