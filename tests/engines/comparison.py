"""Two published files, table by table: the same columns, the same rows, and rows at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

FLOATS = ("DOUBLE", "FLOAT")
RELATIVE_TOLERANCE = 1e-9
Columns = list[tuple[str, str]]


class Published:
    """The readers' files of two engines, opened side by side as `one` and `other`."""

    def __init__(self, one: Path, other: Path) -> None:
        self._connection = duckdb.connect()
        for name, file in (("one", one), ("other", other)):
            self._connection.execute(f"attach '{file}' as {name} (read_only)")

    def tables(self, side: str) -> list[str]:
        """Names of a side's result tables."""
        return [name for (name,) in self._ask(f"select table_name from duckdb_tables() where database_name = '{side}'")]

    def columns(self, side: str, table: str) -> Columns:
        """Names and types of a table's columns, in order."""
        return [(name, kind) for name, kind, *_ in self._ask(f"describe {side}.marts.{table}")]

    def required(self, side: str, table: str) -> set[str]:
        """Columns that the file itself forbids to be null."""
        return {name for name, _, nullable, *_ in self._ask(f"describe {side}.marts.{table}") if nullable == "NO"}

    def filled(self, side: str, table: str) -> set[str]:
        """Columns that are not null in some row; all of them are missing where there is no row."""
        columns = [name for name, _ in self.columns(side, table)]
        counts = self._ask(
            f"select {', '.join(f'count({quoted(name)})' for name in columns)} from {side}.marts.{table}"
        )[0]
        return {name for name, count in zip(columns, counts, strict=True) if count}

    def differences(self, table: str, without: frozenset[str] = frozenset(), where: str = "true") -> list[str]:
        """Rows of one side that the other lacks: exact but for floats, which may differ in the ninth digit.

        Args:
            without: columns that are left out.
            where: which rows are compared; not for tables with floats.
        """
        columns = [(name, kind) for name, kind in self.columns("one", table) if name not in without]
        exact = ", ".join(quoted(name) for name, kind in columns if kind not in FLOATS)
        floats = [quoted(name) for name, kind in columns if kind in FLOATS]
        found = []
        for here, there in (("one", "other"), ("other", "one")):
            lacking = self._ask(
                f"(select {exact} from {here}.marts.{table} where {where} "
                f"except all select {exact} from {there}.marts.{table} where {where}) order by all"
            )
            found += [f"only in {here}, as in {len(lacking)} rows: {row}" for row in lacking[:1]]
        return found or self._unlike_floats(table, exact, floats)

    def _unlike_floats(self, table: str, exact: str, floats: list[str]) -> list[str]:
        """Pairs of rows, alike in all else, whose floats differ."""
        if not floats:
            return []
        order = ", ".join([exact, *floats])
        unlike = " or ".join(
            f"(one.{name} is null) != (other.{name} is null) or "
            f"abs(one.{name} - other.{name}) > {RELATIVE_TOLERANCE} * greatest(abs(one.{name}), abs(other.{name}))"
            for name in floats
        )
        numbered = "(select *, row_number() over (order by {order}) as place from {side}.marts.{table}) as {side}"
        one, other = (numbered.format(order=order, side=side, table=table) for side in ("one", "other"))
        pairs = self._ask(f"select {', '.join(f'one.{f}, other.{f}' for f in floats)} from {one} "
                          f"join {other} using (place) where {unlike}")  # fmt: skip
        return [f"floats differ, as in {len(pairs)} rows: {row}" for row in pairs[:1]]

    def _ask(self, query: str) -> list[tuple[object, ...]]:
        return self._connection.execute(query).fetchall()


def quoted(name: str) -> str:
    """Quote a column's name."""
    return f'"{name}"'
