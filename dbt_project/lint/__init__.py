"""What dbt gives to a template, for sqlfluff: so that the models are linted without a warehouse.

sqlfluff brings ref, source and return itself; every public name here becomes a template variable (see .sqlfluff).
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

# Rules as a seed may hold them: a condition on each kind of measure, and a catch-all for each scheme; bands likewise.
RULES = (
    ("retention_abcd", "recency_days"),
    ("value_sabc", "m_band"),
    ("value_sabc", "always"),
    ("retention_abcd", "interactions_12m:login"),
    ("retention_abcd", "preferred_category_share"),
    ("lifecycle_age", "age_days"),
    ("lifecycle_activity", "days_since_last_activity"),
    ("lifecycle_activity", "cadence_ratio"),
    ("lifecycle_dormancy", "days_without_interaction"),
    ("retention_abcd", "always"),
    ("lifecycle_age", "always"),
    ("lifecycle_activity", "always"),
    ("lifecycle_curve", "always"),
    ("lifecycle_stage", "always"),
    ("lifecycle_dormancy", "always"),
)

# A label of two groups, and one that the profile has switched off.
LABEL_RULES = (("quiet", 1, "recency_days"), ("quiet", 2, "r_band"), ("loud", 1, "never"))

execute = True
target = SimpleNamespace(type="duckdb", database="warehouse")
model = SimpleNamespace(resource_type="model")
flags = SimpleNamespace(WHICH="compile")
this = "marts.this_model"
modules = SimpleNamespace(re=re)


class _Adapter:
    @staticmethod
    @pass_context
    def dispatch(context: Context, name: str, _package: str | None = None) -> Any:
        """The macro as written for DuckDB, whose dialect is linted; else the one for every engine."""
        macro = context.resolve(f"duckdb__{name}")
        return context.resolve(f"default__{name}") if isinstance(macro, Undefined) else macro

    @staticmethod
    def quote(name: str) -> str:
        """A name in the dialect's quotes."""
        return f'"{name}"'


adapter = _Adapter()
dbt = SimpleNamespace(type_string=lambda: "varchar", concat=" || ".join)
exceptions = SimpleNamespace(raise_compiler_error=lambda message: message)


@dataclass(frozen=True)
class _Rule:
    rank: int
    scheme: str
    metric: str
    profile: str = "all"
    known_profile: str = "all"
    is_increment: bool = True

    def dict(self) -> dict[str, Any]:
        return {
            "scheme": self.scheme,
            "rule_id": f"rule_{self.rank}",
            "rule_rank": self.rank,
            "tier": "{preferred_category}" if "preferred" in self.metric else f"tier_{self.rank}",
            "condition_group": 1,
            "metric": self.metric,
            "operator": ">",
            "value": "30",
            "line": self.rank + 1,
            "measure": ("recency", "frequency", "monetary")[self.rank % 3],
            "band": self.rank,
            "bound": "3",
            "unit": "months",
        }


@dataclass(frozen=True)
class _Band:
    measure: str
    band: int
    bound: int | None
    unit: str
    line: int = 2

    def dict(self) -> dict[str, Any]:
        return vars(self)


@dataclass(frozen=True)
class _LabelRule:
    label: str
    condition_group: int
    metric: str

    def dict(self) -> dict[str, Any]:
        return {**vars(self), "rule_id": f"B.{self.label}", "operator": ">", "value": "30", "line": 2}


@dataclass(frozen=True)
class _Factor:
    factor: str
    weight: int = 1
    low: int = 0
    high: int = 1
    rule_id: str = "M8"
    line: int = 2

    def dict(self) -> dict[str, Any]:
        return vars(self)


FACTORS = (_Factor("cadence_ratio"), _Factor("recency_share"), _Factor("open_tickets"))

# Bands as a seed may hold them: in months, in days, and one that takes the rest.
BANDS = tuple(
    _Band(measure, band, bound, unit)
    for measure, bounds in {
        "recency": ((3, "months"), (90, "days")),
        "frequency": ((6, "purchases"),),
        "monetary": ((50000, "currency"),),
    }.items()
    for band, (bound, unit) in reversed([(1, (None, "")), *enumerate(bounds, start=2)])
)


@dataclass(frozen=True)
class _Bracket:
    bracket_number: int
    from_days: int
    until_days: int

    def dict(self) -> dict[str, Any]:
        return {**vars(self), "line": self.bracket_number + 2}


@dataclass(frozen=True)
class _Asked:
    entity: str
    column_name: str
    key_columns: str
    event_column: str | None
    version_column: str | None
    is_event: bool
    is_instant: bool = False

    @property
    def raw_column(self) -> str:
        return self.column_name

    def dict(self) -> dict[str, Any]:
        return {**vars(self), "raw_column": self.raw_column}


# What contracts may ask of completeness: of events, of master data in versions, and of master data without a day.
ASKED = (
    _Asked("customers", "region", "customer_id", "registered_at", "updated_at", is_event=False),
    _Asked("interactions", "recorded_at", "interaction_id", "occurred_at", None, is_event=True, is_instant=True),
    _Asked("interactions", "staff", "interaction_id", "occurred_at", None, is_event=True),
    _Asked("products", "category", "product_id", None, None, is_event=False),
)


def run_query(sql: str) -> SimpleNamespace:
    """The rows of any query on rules, bands or what contracts ask; models are linted as they go on from a release."""
    if "column_name" in sql:
        is_all = "entity =" not in sql
        return SimpleNamespace(rows=[one for one in ASKED if is_all or f"entity = '{one.entity}'" in sql])
    if "label_rules" in sql:
        return SimpleNamespace(rows=[_LabelRule(*rule) for rule in LABEL_RULES])
    if "retention_brackets" in sql:
        return SimpleNamespace(rows=[_Bracket(0, 0, 0), _Bracket(1, 1, 30)])
    if "_factors" in sql:
        return SimpleNamespace(rows=FACTORS)
    if "rfm_bands" in sql:
        return SimpleNamespace(rows=BANDS)
    asked = [rule for rule in RULES if rule[0].startswith("lifecycle") == ("lifecycle_rules" in sql)]
    ranks: Counter[str] = Counter()
    rows = []
    for scheme, metric in asked or RULES:
        ranks[scheme] += 1
        rows.append(_Rule(ranks[scheme], scheme, metric))
    return SimpleNamespace(rows=rows)


def local_md5(text: str) -> str:
    """The digest that dbt gives a text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
