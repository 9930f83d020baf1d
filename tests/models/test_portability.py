"""Models hold nothing that the two engines read differently; what differs stands in macros/engine.

A scan of the files as written: SQL outside the templating, and the SQL that is handed to macros as text. It is a lint
and no proof; the proof is that both engines give equal tables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.models.compiled_project import PROJECT_DIR

if TYPE_CHECKING:
    from pathlib import Path

ENGINE_DIR = PROJECT_DIR / "macros" / "engine"
SCANNED = sorted(
    path
    for folder in ("models", "macros", "tests")
    for path in (PROJECT_DIR / folder).rglob("*.sql")
    if ENGINE_DIR not in path.parents
)

# Functions that only one engine has, or that both have and answer differently.
BANNED_FUNCTIONS = (
    r"add_months|any_value|arg_max|arg_min|array_agg|collect_list|concat|concat_ws|date_add|"
    r"date_diff|date_part|date_sub|dateadd|datediff|dayofweek|epoch|explode|first|"
    r"generate_series|group_concat|histogram|isodow|last|list|list_agg|list_value|listagg|max_by|"
    r"median|min_by|months_between|quantile|quantile_cont|quantile_disc|range|safe_cast|sequence|"
    r"strftime|string_agg|strptime|struct_pack|to_days|to_months|unnest|week|weekday"
)
CLOCKS = ["current_date", "current_timestamp", "current_time", "now", "today", "localtimestamp", "getdate"]

BANNED = {
    "a function of one engine": rf"\b({BANNED_FUNCTIONS})\s*\(",
    "the clock": rf"\b({'|'.join(CLOCKS)})\b",
    "a part of a date that engines number differently": r"\bextract\s*\(\s*(dow|isodow|dayofweek|week|doy|epoch)\b",
    "an interval: date plus interval is a date here, an instant there": r"\binterval\b",
    "an average of decimals: cast to double first": r"\bavg\s*\((?!\s*cast\s*\()",
    "a string or name in double quotes": r'"',
    "a list literal": r"\[",
    "a struct literal": r"[{}]",
    "division in whole numbers by two slashes": r"//",
    "a star with exceptions": r"\*\s*(exclude|except|replace)\b",
    "a column pattern": r"\bcolumns\s*\(",
    "an as-of join": r"\basof\b",
    "a window function that skips nulls": r"\bignore\s+nulls\b",
    "a lateral or positional join": r"\b(positional|lateral)\b",
    "a trailing comma": r",\s*\b(from|where|group\s+by|order\s+by)\b",
}


def sql_of(template: str) -> str:
    """The SQL of a template: comments out, and of each template tag only the texts that it quotes."""
    template = re.sub(r"\{#.*?#\}|--[^\n]*", " ", template, flags=re.DOTALL)

    def quoted(tag: re.Match[str]) -> str:
        texts = re.findall(r"'([^']*)'|\"([^\"]*)\"", tag.group(0))
        return f" {' '.join(single or double for single, double in texts)} x " if tag.group(0)[1] == "{" else " "

    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", quoted, template, flags=re.DOTALL)


def problems(template: str) -> list[str]:
    """What a template holds that the engines read differently."""
    sql = re.sub(r"'[^'\n]*'", "''", sql_of(template)).lower()
    return [f"{name}: {found.group(0)!r}" for name, pattern in BANNED.items() if (found := re.search(pattern, sql))]


@pytest.mark.parametrize("path", SCANNED, ids=lambda path: path.stem)
def test_a_template_holds_no_difference_between_engines(path: Path) -> None:
    assert problems(path.read_text(encoding="utf-8")) == []


def test_every_template_is_scanned() -> None:
    assert len(SCANNED) >= 30


@pytest.mark.parametrize(
    "sql",
    [
        "select date_diff('month', a, b) from x",
        "select {{ add_days('date_add(a, 1)', 2) }} from x",
        "select arg_max(a, b) from x",
        "select string_agg(a, ',') from x",
        "select strftime(a, '%Y') from x",
        "select extract(isodow from a) from x",
        "select extract(dow from a) from x",
        "select * exclude (a) from x",
        "select [1, 2] as a from x",
        "select {'a': 1} as a from x",
        "select a // b from x",
        "select concat(a, b) from x",
        "select a + interval 1 day from x",
        "select avg(amount) from x",
        "select array_agg(a) from x",
        "select last_value(a ignore nulls) over (order by b) from x",
        'select "a" from x',
        "select a, from x",
        "select current_date as a from x",
        "select median(a) from x",
    ],
)
def test_the_scan_finds_each_banned_difference(sql: str) -> None:
    assert len(problems(sql)) == 1


@pytest.mark.parametrize(
    "template",
    [
        "-- date_diff(a, b) is no longer used\nselect a from x",
        "{# the list [1, 2] #}select a from x",
        "select {{ median('cast(a as double)') }} as middle from x",
        "select avg(cast(a as double)) as mean from {{ ref('x') }}",
        "select 'in a text: [now()]' as a from x",
        "{% set columns = ['a', \"b\"] %}select {{ columns | join(', ') }} from x",
    ],
)
def test_the_scan_lets_portable_sql_pass(template: str) -> None:
    assert problems(template) == []
