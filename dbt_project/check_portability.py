"""A lint of what the engines would read differently: every model, rendered, parsed as DuckDB and as Spark read it.

    python -m dbt_project.check_portability [FILE ...]

What differs belongs into macros/engine, where each engine has its own text. It is a lint and no proof; the proof is
that both engines publish equal tables (tests/engines).
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import TokenType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parent
DIALECTS = ("duckdb", "spark")
MACROS = "a macro of macros/engine"
# Functions that only one engine has, or that both have and answer differently, and what to write in their place.
FUNCTIONS = {
    "add_months": "add_months()",
    "any_value": "min() or max()",
    "arg_max": "row_number() and a filter",
    "arg_min": "row_number() and a filter",
    "array_agg": MACROS,
    "collect_list": MACROS,
    "concat": "||, which is null with a null on both",
    "concat_ws": "||",
    "date_add": "add_days()",
    "date_diff": "days_between() or months_apart()",
    "date_part": "extract(... from ...)",
    "date_sub": "add_days()",
    "date_trunc": "month_start()",
    "dateadd": "add_days()",
    "datediff": "days_between() or months_apart()",
    "dayofweek": "iso_weekday()",
    "epoch": MACROS,
    "explode": "day_spine()",
    "first": "row_number() and a filter",
    "generate_series": "day_spine()",
    "group_concat": MACROS,
    "histogram": MACROS,
    "isodow": "iso_weekday()",
    "last": "row_number() and a filter",
    "list": MACROS,
    "list_agg": MACROS,
    "list_value": MACROS,
    "listagg": MACROS,
    "max_by": "row_number() and a filter",
    "median": "median()",
    "min_by": "row_number() and a filter",
    "months_between": "months_apart()",
    "percentile": "percentile_cont(...) within group (...)",
    "quantile": "percentile_cont(...) within group (...)",
    "quantile_cont": "percentile_cont(...) within group (...)",
    "quantile_disc": "percentile_cont(...) within group (...)",
    "range": "day_spine()",
    "safe_cast": "try_cast()",
    "sequence": "day_spine()",
    "strftime": "as_text() or extract()",
    "string_agg": MACROS,
    "strptime": "cast()",
    "struct_pack": MACROS,
    "to_days": "add_days()",
    "to_months": "add_months()",
    "unnest": "day_spine()",
    "week": MACROS,
    "weekday": "iso_weekday()",
}
CLOCKS = {
    "current_date",
    "current_time",
    "current_timestamp",
    "getdate",
    "localtimestamp",
    "now",
    "today",
}
ORDINALS = {"dow", "isodow", "dayofweek", "week", "doy", "epoch"}


@dataclass(frozen=True)
class Finding:
    """One construct that the engines read differently.

    Attributes:
        at: place in the text that was looked at.
        rule: name of the rule.
        problem: what is wrong there.
        remedy: what to write in its place.
    """

    at: int
    rule: str
    problem: str
    remedy: str


def findings(sql: str, *, is_whole: bool = True) -> list[Finding]:
    """What a rendered template holds that the engines read differently, in the order of the text.

    Args:
        is_whole: whether it is all there, so that each engine must be able to read it.
    """
    try:
        tokens = sqlglot.tokenize(sql, read="duckdb")
    except TokenError as error:
        return [Finding(0, "syntax", f"it cannot be split into words ({str(error).splitlines()[0]})", "Correct it.")]
    found = {*_words(tokens), *_trees(sql)}
    return sorted((one for one in found if is_whole or one.rule != "syntax"), key=lambda one: (one.at, one.rule))


def _words(tokens: list[Any]) -> Iterator[Finding]:
    """Rules that a word and the next one decide."""
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        text = token.text.lower()
        is_call = after is not None and after.token_type == TokenType.L_PAREN
        if is_call and text in FUNCTIONS:
            problem = f"{text}() is not the same on both engines"
            yield Finding(token.start, "function", problem, f"Use {FUNCTIONS[text]}.")
        elif text in CLOCKS and token.token_type != TokenType.STRING:
            yield Finding(token.start, "clock", f"{text} is the clock", "Use run_parameters.as_of_date.")
        elif token.token_type == TokenType.COMMA and after is not None and after.text.lower() in ("from", "where"):
            yield Finding(token.start, "comma", "a trailing comma is an error on Spark", "Delete it.")
        elif token.token_type == TokenType.ASOF:
            yield Finding(token.start, "join", "Spark has no as-of join", "Join; keep the last row by row_number().")


def _trees(sql: str) -> Iterator[Finding]:
    """Rules that need the statement's structure, and whether each engine can read it at all."""
    for dialect in DIALECTS:
        try:
            statements = sqlglot.parse(sql, read=dialect)
        except ParseError as error:
            first = error.errors[0]
            at = _offset(sql, int(first["line"] or 1))
            yield Finding(at, "syntax", f"{dialect} cannot read it ({first['description']})", f"Use {MACROS}.")
            continue
        if dialect == "duckdb":
            for statement in statements:
                for node in statement.walk() if statement is not None else ():
                    yield from _judged(node)


def _judged(node: exp.Expr) -> Iterator[Finding]:
    for kind, rule, judge in RULES:
        if isinstance(node, kind) and (told := judge(node)) is not None:
            yield Finding(_place(node), rule, *told)


def _place(node: exp.Expr) -> int:
    """Where a node stands: its own place, or that of the first name in it that has one, or of one around it."""
    for near in (*node.walk(), *_around(node)):
        if "start" in near.meta:
            return int(near.meta["start"])
    return 0


def _around(node: exp.Expr) -> Iterator[exp.Expr]:
    while node.parent is not None:
        node = node.parent
        yield from node.walk()


def _is_double(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Cast) and node.to.is_type("double")


def _has_fraction(node: exp.Expr) -> bool:
    """Whether an expression reckons in binary fractions."""
    return any(isinstance(one, (exp.Div, exp.Avg)) or _is_double(one) for one in node.walk())


Told = tuple[str, str] | None


def _interval(_node: exp.Expr) -> Told:
    return "a day plus an interval is a day on one engine and an instant on the other", "Use add_days(), add_months()."


def _average(node: exp.Expr) -> Told:
    if _is_double(node.this):
        return None
    return "an average of decimals is a double on one engine only", "Write avg(cast(... as double))."


def _name(node: exp.Expr) -> Told:
    if not node.args.get("quoted"):
        return None
    return "double quotes hold a name on one engine and a text on the other", "Use quoted() for a reserved word."


def _part(node: exp.Expr) -> Told:
    if node.name.lower() not in ORDINALS:
        return None
    return f"{node.name.lower()} is numbered differently", "Use iso_weekday(), or another macro of macros/engine."


def _round(node: exp.Expr) -> Told:
    if node.args.get("decimals") is None:
        return None
    return "round() to decimals takes binary fractions differently", "Use rounded(); round() to whole numbers agrees."


def _decimal(node: exp.Expr) -> Told:
    if not (node.to.is_type("decimal") and _has_fraction(node.this)):
        return None
    return "a cast of a binary fraction to a decimal rounds differently", "Use to_decimal()."


def _star(node: exp.Expr) -> Told:
    if not any(node.args.get(name) for name in ("except_", "except", "replace", "rename")):
        return None
    return "a star with exceptions has another name on each engine", "List the columns."


def _always(problem: str, remedy: str) -> Callable[[exp.Expr], Told]:
    return lambda _node: (problem, remedy)


RULES: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], str, Callable[[Any], Told]], ...] = (
    (exp.Interval, "interval", _interval),
    (exp.Avg, "average", _average),
    (exp.Identifier, "quotes", _name),
    (exp.Extract, "part", _part),
    (exp.Round, "round", _round),
    (exp.Cast, "decimal", _decimal),
    (exp.Star, "star", _star),
    (exp.Array, "list", _always("a list literal is written differently", f"Use {MACROS}.")),
    ((exp.Struct, exp.ToMap), "struct", _always("a struct literal is written differently", f"Use {MACROS}.")),
    (exp.Bracket, "list", _always("an element of a list is counted from 1 or from 0", f"Use {MACROS}.")),
    (exp.IntDiv, "division", _always("// is a comment or an error on Spark", "Write floor(a / b).")),
    (exp.IgnoreNulls, "nulls", _always("ignore nulls is written differently", "Use max() or min() over the window.")),
    (exp.Columns, "star", _always("columns() is DuckDB's alone", "List the columns.")),
    ((exp.Lateral, exp.Unnest), "join", _always("a lateral join is written differently", "Use day_spine().")),
)


def _offset(text: str, line: int) -> int:
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1])


@lru_cache(maxsize=1)
def _linter() -> Linter:
    """sqlfluff's templater, with engine macros as opaque calls; it knows which line each rendered word came from."""
    config = FluffConfig.from_path(str(PROJECT / "models"))
    for name, value in (
        ("library_path", str(PROJECT / "portable")),
        ("load_macros_from_path", str(PROJECT / "macros")),
        ("exclude_macros_from_path", str(PROJECT / "macros" / "engine")),
    ):
        config.set_value(["templater", "jinja", name], value)
    return Linter(config=config)


def check(path: Path) -> list[str]:
    """Findings of one file as lines for people: file, line, rule, problem, remedy."""
    text = path.read_text(encoding="utf-8")
    if re.search(r"{%-?\s*test\s", text):  # dbt's own kind of block, which sqlfluff does not know
        return [_line(path, text, one.at, one) for one in findings(_without_tags(text), is_whole=False)]
    rendered = _linter().render_string(text, str(path), _linter().config, "utf-8")
    lines = []
    for variant in rendered.templated_variants[:1]:
        for one in findings(variant.templated_str):
            source = variant.templated_slice_to_source_slice(slice(one.at, one.at + 1))
            lines.append(_line(path, text, source.start, one))
    lines += [f"{path}: {one.desc()}" for one in rendered.templater_violations]
    return list(dict.fromkeys(lines)) if rendered.templated_variants else [*lines, f"{path}: it cannot be rendered"]


def _without_tags(text: str) -> str:
    """A generic test with its tags blanked, letter by letter, so that places stay: a value stands as a name."""
    blank = lambda tag: re.sub(r"[^\n]", " ", tag.group(0))  # noqa: E731 (a name would not make it clearer)
    text = re.sub(r"{#.*?#}|{%.*?%}", blank, text, flags=re.DOTALL)
    return re.sub(r"{{.*?}}", lambda tag: "x".ljust(len(tag.group(0))), text, flags=re.DOTALL)


def _line(path: Path, text: str, at: int, found: Finding) -> str:
    number = text.count("\n", 0, at) + 1
    return f"{path}:{number}: [{found.rule}] {found.problem}. {found.remedy}"


def templates() -> list[Path]:
    """Every file that holds SQL for both engines. Macros are looked at where models call them."""
    return sorted(path for folder in ("models", "tests") for path in (PROJECT / folder).rglob("*.sql"))


def main(arguments: list[str]) -> int:
    """Check files, by default all; the exit code is 1 when there are findings."""
    lines = [line for path in ([Path(one) for one in arguments] or templates()) for line in check(path)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
