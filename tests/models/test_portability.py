"""The lint that make lint runs finds each construct that the engines read differently, and tells where it stands.

It is a lint and no proof; the proof is that both engines publish equal tables (tests/engines).
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from dbt_project.check_portability import check, findings, templates
from tests.models.compiled_project import PROJECT_DIR

if TYPE_CHECKING:
    from pathlib import Path


def rules(sql: str) -> list[str]:
    """Names of the rules that a text breaks."""
    return [one.rule for one in findings(sql)]


def test_every_model_and_test_is_looked_at() -> None:
    looked_at = {path.relative_to(PROJECT_DIR).as_posix() for path in templates()}
    assert len(looked_at) >= 45
    assert looked_at >= {
        path.relative_to(PROJECT_DIR).as_posix()
        for folder in ("models", "tests")
        for path in (PROJECT_DIR / folder).rglob("*.sql")
    }


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("select date_diff('month', a, b) as c from x", "function"),
        ("select datediff(a, b) as c from x", "function"),
        ("select engine__add_days(date_add(a, 1), 2) as c from x", "function"),
        ("select arg_max(a, b) as c from x", "function"),
        ("select string_agg(a, ',') as c from x", "function"),
        ("select strftime(a, '%Y') as c from x", "function"),
        ("select concat(a, b) as c from x", "function"),
        ("select array_agg(a) as c from x", "function"),
        ("select median(a) as c from x", "function"),
        ("select quantile_cont(a, 0.5) as c from x", "function"),
        ("select date_trunc('month', a) as c from x", "function"),
        ("select safe_cast(a as date) as c from x", "function"),
        ("select extract(isodow from a) as c from x", "part"),
        ("select extract(dow from a) as c from x", "part"),
        ("select a + interval 1 day as c from x", "interval"),
        ("select avg(amount) as c from x", "average"),
        ("select round(a, 2) as c from x", "round"),
        ("select cast(cast(a as double) / b as decimal(18, 2)) as c from x", "decimal"),
        ("select cast(a / b as decimal(18, 2)) as c from x", "decimal"),
        ('select "a" from x', "quotes"),
        ("select * exclude (a) from x", "star"),
        ("select columns('a.*') from x", "star"),
        ("select [1, 2] as c from x", "list"),
        ("select a[1] as c from x", "list"),
        ("select {'a': 1} as c from x", "struct"),
        ("select a // b as c from x", "division"),
        ("select last_value(a ignore nulls) over (order by b) as c from x", "nulls"),
        ("select a, from x", "comma"),
        ("select current_date as c from x", "clock"),
        ("select now() as c from x", "clock"),
        ("select a from x asof join y on x.b >= y.b", "join"),
        ("select a from x, lateral (select b from y) as z", "join"),
        ("select a from x group by b c", "syntax"),
    ],
)
def test_the_lint_finds_each_difference(sql: str, rule: str) -> None:
    assert rule in rules(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "-- date_diff(a, b) is no longer used\nselect a from x",
        "select 'in a text: [now()], \"x\", date_diff(a, b)' as c from x",
        "select avg(cast(a as double)) as mean, round(a) as whole, cast(a as decimal(18, 2)) as amount from x",
        "select engine__median(cast(a as double)) as middle, engine__quoted_ as b from x",
        "select a from x qualify row_number() over (partition by b order by c desc nulls last) = 1",
        "select count(*) filter (where a > 1) as n, ntile(5) over (order by b) as bin from x group by all",
        "select percentile_cont(0.2) within group (order by cast(a as double)) as cut from x",
        "select extract(year from a) as c, date '2024-01-01' as d from x",
        "select try_cast(a as double) as n, a || b as text from x where a is distinct from b",
    ],
)
def test_the_lint_lets_portable_sql_pass(sql: str) -> None:
    assert rules(sql) == []


def test_a_finding_names_file_line_rule_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "model.sql"
    path.write_text(
        "with days as (\n\n    select {{ add_days('a', 1) }} as a from {{ ref('x') }}\n\n)\n\n"
        "select\n    a,\n    date_diff('day', a, b) as c\nfrom days\n",
        encoding="utf-8",
    )
    problem = "date_diff() is not the same on both engines. Use days_between() or months_apart()."
    assert check(path) == [f"{path}:9: [function] {problem}"]


def test_what_a_template_hands_to_an_engine_macro_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "model.sql"
    path.write_text("select {{ median('round(a, 2)') }} as c from {{ ref('x') }}\n", encoding="utf-8")
    assert [line.split(": ", maxsplit=1)[1].split("]")[0] for line in check(path)] == ["[round"]


def test_a_generic_test_is_looked_at_though_it_is_no_whole_query(tmp_path: Path) -> None:
    path = tmp_path / "no_gap.sql"
    path.write_text(
        "{% test no_gap(model, column) %}\nselect {{ column }}\nfrom {{ model }}\nwhere datediff({{ column }}, a) > 1\n"
        "{% endtest %}\n",
        encoding="utf-8",
    )
    assert [line.split(" ")[0] for line in check(path)] == [f"{path}:4:"]


def test_the_command_passes_on_the_project_and_fails_on_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "model.sql"
    path.write_text("select now() as a\n", encoding="utf-8")
    command = [sys.executable, "-m", "dbt_project.check_portability"]
    sound, faulty = (
        subprocess.run([*command, *files], cwd=PROJECT_DIR.parent, capture_output=True, text=True, check=False)
        for files in ([], [str(path)])
    )
    assert (sound.returncode, sound.stdout) == (0, ""), sound.stdout + sound.stderr
    assert (faulty.returncode, f"{path}:1: [clock]" in faulty.stdout) == (1, True)
