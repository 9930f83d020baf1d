"""Names and values written into SQL text.

Values are written, not bound, on the way of a run: the first bound parameter makes DuckDB's client import pandas, which
costs a second (DuckDB 1.5.5).
"""


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Quote a value as text: a string, a path, a day or an instant."""
    return "'" + str(value).replace("'", "''") + "'"
