"""The board's models on facts that a test gives, without all that makes the facts: a company takes under a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from tests.models.board_companies import AS_OF, TIERS_ON, Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.models.compiled_project import CompiledProject, Node

OWN = ("int_board_", "kpi_")
PRODUCTS = pd.DataFrame({"product_id": ["P0", "P1", "P2", "P3"], "category": ["tea", "cups", "kettles", None]})


class BoardWarehouse:
    """A warehouse of empty tables whose facts are put in, company by company."""

    def __init__(self, project: CompiledProject) -> None:
        profile = project.profile("default_b2b")
        self._connection = project.build({}, as_of=AS_OF, models=["kpi_board"])
        self._own = [node for node in _in_order(profile.nodes, "kpi_board") if node.name.startswith(OWN)]
        self._schemas = {node.name: f"{node.catalog}.{node.schema}" for node in profile.nodes.values()}
        schemes = "select distinct scheme from seeds.tier_rules where profile in ('all', 'default_b2b') order by scheme"
        self._schemes = [name for (name,) in self._connection.sql(schemes).fetchall()]

    def put(self, facts: Facts) -> duckdb.DuckDBPyConnection:
        """Replace every fact, and make the board anew."""
        history = facts["tiers"].assign(snapshot_on=TIERS_ON)
        history = history.rename(
            columns={"tier": self._tier_of("retention_abcd"), "category": self._tier_of("product_preference")}
        )
        self._fill("int_tier_history", history)
        days = [TIERS_ON, pd.Timestamp(AS_OF).date().replace(day=1), AS_OF]
        self._fill("int_snapshot_dates", pd.DataFrame({"snapshot_on": days}))
        self._fill("dim_products", PRODUCTS)
        for name in ("fct_orders", "fct_order_items", "fct_survey_responses", "ticket_sla", "dim_customers"):
            self._fill(name, facts[name])
        self._fill("fct_touches", facts["fct_touches"])
        tickets = facts["ticket_sla"][["ticket_id", "received_at", "received_on"]]
        self._fill("fct_tickets", tickets)
        cadence = facts.get("cadence", pd.DataFrame(columns=["month_end", "is_mature"]))
        self._fill("int_churn_months", cadence[["month_end", "is_mature"]].drop_duplicates())
        self._fill("int_cadence_contacts", cadence.drop(columns="is_mature"))
        for entity in ("returns", "touch_plans"):
            rows = facts[entity].assign(_load_seq=1, _line_no=range(len(facts[entity])))
            self._insert(f"raw.{entity}", rows)
        for node in reversed(self._own):
            self._connection.execute(f"drop table {node.relation}")
        for node in self._own:
            for statement in node.create_statements():
                self._connection.execute(statement)
        return self._connection

    def _tier_of(self, scheme: str) -> str:
        return f"tier_{self._schemes.index(scheme) + 1}"

    def _fill(self, name: str, rows: pd.DataFrame) -> None:
        self._insert(f"{self._schemas[name]}.{name}", rows)

    def _insert(self, table: str, rows: pd.DataFrame) -> None:
        self._connection.execute(f"delete from {table}")
        if len(rows):
            self._connection.register("put_in", rows)
            self._connection.execute(f"insert into {table} by name select * from put_in")
            self._connection.unregister("put_in")

    def close(self) -> None:
        """Let the memory go."""
        self._connection.close()


def _in_order(nodes: dict[str, Node], last: str) -> Iterator[Node]:
    """The board's own models, parents first."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[Node]:
        if name not in done and name.startswith(OWN):
            done.add(name)
            for parent in nodes[name].parents:
                yield from visit(parent)
            yield nodes[name]

    yield from visit(last)


def records(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Rows as dictionaries."""
    found = connection.sql(query)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
