"""What a template sees while its portability is checked: the lint's stand-ins, and engine macros as opaque calls.

A macro of macros/engine may write what an engine likes, so its text is not looked at: add_days('a', 1) becomes
engine__add_days(a, 1). Its arguments are looked at: they are SQL of the template's own.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt_project.lint import adapter, dbt, execute, flags, local_md5, model, modules, run_query, this

ENGINE_MACROS = Path(__file__).parents[1] / "macros" / "engine"
PREFIX = "engine__"


def _opaque(name: str) -> Callable[..., str]:
    def call(*arguments: object, **named: object) -> str:
        given = (one for one in (*arguments, *named.values()) if not isinstance(one, list))
        return f"{PREFIX}{name}({', '.join(str(one) for one in given)})"

    return call


def _engine_macros() -> list[str]:
    """Names of the engine macros that templates call."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(ENGINE_MACROS.glob("*.sql")))
    names = (name for text in texts for name in re.findall(r"{%-?\s*macro\s+(\w+)", text))
    return [name for name in names if not re.match(r"(duckdb|spark|default)__", name)]


globals().update({name: _opaque(name) for name in _engine_macros()})


def day_spine(relation: str, first_day: str, last_day: str) -> str:
    """A macro that gives a whole SELECT."""
    return f"select date_day from {PREFIX}day_spine({relation}, {first_day}, {last_day})"


def stacked(relation: str, kept: list[str], rows: list[dict[str, str]]) -> str:
    """A macro that gives a whole SELECT out of texts of its caller."""
    return " union all ".join(
        f"select {', '.join([*kept, *(f'{text} as {name}' for name, text in row.items())])} from {relation}"
        for row in rows
    )


def quoted(name: str) -> str:
    """A macro that gives a name."""
    return f"{name}_"


def changed_in_place() -> str:
    """A macro that gives a word of configuration."""
    return "table"


def worked_out() -> str:
    """A word of DuckDB's between a step and its text."""
    return ""


def is_increment() -> bool:
    """Both engines build in full; what follows when a run goes on from a release is for DuckDB alone."""
    return False


target: Any = type("Target", (), {"type": "spark"})

__all__ = ["adapter", "dbt", "execute", "flags", "local_md5", "model", "modules", "run_query", "target", "this"]
