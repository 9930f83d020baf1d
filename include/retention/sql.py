"""Names and values written into SQL text.

Values are written, not bound, on the way of a run: the first bound parameter makes DuckDB's client import pandas, which
costs a second (DuckDB 1.5.5).
"""

from pathlib import Path


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Quote a value as text: a string, a path, a day or an instant; None is null."""
    if value is None:
        return "null"
    return "'" + str(value).replace("'", "''") + "'"


def file_literal(path: Path, below: str = "") -> str:
    """Quote the path of one file to be read. Readers take `*`, `?` and `[` for patterns; here they are letters.

    Args:
        below: a pattern that is meant as one, below the path.
    """
    plain = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
    return literal(f"{plain}/{below}" if below else plain)
