"""Queries of a release, as an explanation asks them."""

from typing import Any

import duckdb

HAS_TABLE = "select count(*) > 0 from information_schema.tables where table_schema = ? and table_name = ?"


def rows_of(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a query, each by the names of its columns."""
    result = connection.execute(query, list(values))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether the release has a table."""
    return bool(rows_of(connection, HAS_TABLE, schema, table)[0].popitem()[1])


def of_customer(table: str) -> str:
    """The rows of one customer in a result table; the ID is the query's value."""
    return f"select * from marts.{table} where customer_id = ?"


def of_profile(seed: str, key: str) -> str:
    """Rows of a rule seed that hold for the run's profile: its own rows for a key replace those of `all`."""
    return f"""
        select rule_rows.*
        from seeds.{seed} as rule_rows
        cross join raw.run_parameters as run
        where rule_rows.profile in (run.profile, 'all')
        qualify rank() over (
            partition by rule_rows.{key} order by case when rule_rows.profile = 'all' then 1 else 0 end
        ) = 1
    """
