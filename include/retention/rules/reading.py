"""Rule seeds as tables of text with the line that each row stands on; what is not even a table is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retention.rules.declared import Seed
from retention.rules.problems import Problem
from retention.sql import file_literal, literal, quoted

WRONG_SHAPE = {
    "MISSING COLUMNS": "has too few values",
    "TOO MANY COLUMNS": "has too many values",
    "UNQUOTED VALUE": "has a quotation mark that is not closed, or text behind one",
}


@dataclass(frozen=True)
class SeedFile:
    """A seed and its CSV."""

    seed: Seed
    path: Path

    def read(self, connection: duckdb.DuckDBPyConnection) -> list[Problem]:
        """Make a table of the seed's name: column `line`, then the declared columns as text, empty ones null.

        Rows of a wrong number of values are told and left out. A file that is no table gives one without rows.
        """
        unreadable = self._unreadable()
        if unreadable:
            columns = ", ".join(f"null::varchar as {quoted(name)}" for name in self.seed.columns)
            connection.execute(f"create table {self.seed.name} as select null::bigint as line, {columns} limit 0")
            return [Problem(self.seed.name, None if "header" not in unreadable else 1, None, unreadable)]
        return self._read_rows(connection)

    def _unreadable(self) -> str | None:
        """Why the file is no table of the declared columns; None where it is one."""
        if not self.path.exists():
            return "the file is missing. Restore it."
        try:
            head = self.path.read_text(encoding="utf-8-sig").split("\n", 1)[0]
        except UnicodeDecodeError:
            return "the file is not written in UTF-8. Save it as CSV UTF-8."
        wanted = ",".join(self.seed.columns)
        found = ",".join(name.strip().strip('"') for name in head.split(","))
        return None if found == wanted else f"the header is '{found}'. Write {wanted}."

    def _read_rows(self, connection: duckdb.DuckDBPyConnection) -> list[Problem]:
        name, file = self.seed.name, file_literal(self.path)
        columns = ", ".join(f"{literal(column)}: 'varchar'" for column in self.seed.columns)
        # Lines are counted in the text itself: the reader does not tell the line of a row that it could read.
        connection.execute(f"""
            create or replace temp table rows_read as
            select row_number() over () as place, *
            from read_csv({file}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
                columns = {{{columns}}}, store_rejects = true, rejects_table = {literal(name + "_rejects")},
                rejects_scan = {literal(name + "_scans")});
            create or replace temp table lines_read as
            with lines as (
                select unnest(string_split(content, chr(10))) as text,
                    generate_subscripts(string_split(content, chr(10)), 1) as line
                from read_text({file})
            )
            select line, row_number() over (order by line) as place
            from lines
            where line > 1 and trim(text, ' ' || chr(13)) != ''
                and line not in (select line from {name}_rejects);
            create table {name} as
            select coalesce(lines_read.line, rows_read.place + 1) as line, rows_read.* exclude (place)
            from rows_read left join lines_read using (place);
        """)
        rejects = connection.execute(f"select distinct line, error_type::varchar from {name}_rejects order by line")
        wanted = ",".join(self.seed.columns)
        return [
            Problem(
                name,
                int(line),
                None,
                f"the row {WRONG_SHAPE.get(kind, 'cannot be read')}. Write {len(self.seed.columns)}: {wanted}; put "
                "a value with a comma into double quotes.",
            )
            for line, kind in rejects.fetchall()
        ]


def read_seeds(connection: duckdb.DuckDBPyConnection, dbt_dir: Path, seeds: Sequence[Seed]) -> list[Problem]:
    """Make a table of every seed; what cannot be read."""
    return [
        found for seed in seeds for found in SeedFile(seed, dbt_dir / "seeds" / f"{seed.name}.csv").read(connection)
    ]
