"""A simulated company on disk, and questions to its files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from retention.simulation import Company, write_company


@dataclass(frozen=True)
class Simulated:
    """A company with its folders."""

    company: Company
    landing: Path
    truth: Path

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in which {orders} is all files of an entity, and {truth.customers} one of the truth."""
        entities = {
            path.name: f"read_parquet('{path}/*.parquet', union_by_name = true)"
            for path in self.landing.glob("[a-z]*/")
        }
        with duckdb.connect() as connection:
            for name, relation in entities.items():
                connection.execute(f"create view {name} as from {relation}")
            connection.execute("create schema truth")
            for path in self.truth.glob("*.parquet"):
                connection.execute(f"create view truth.{path.stem} as from '{path}'")
            if "orders" in entities:
                connection.execute(TRUE_ORDERS)
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> tuple[Any, ...]:
        """The only row of a query."""
        (row,) = self.ask(sql)
        return row


TRUE_ORDERS = """
    create view true_orders as
    select distinct on (order_id) orders.* exclude (customer_id),
        coalesce(true_customer_id, customer_id) as customer_id, substr(order_id, 2)::bigint % 8 = 6 as is_planted
    from orders left join (select distinct customer_id, true_customer_id from truth.duplicates) using (customer_id)
    where order_id like 'O%'
    order by order_id, updated_at desc
"""


def simulate(company: Company, folder: Path, threads: int = 2) -> Simulated:
    """Write a company below a folder."""
    made = Simulated(company, folder / "landing", folder / "truth")
    write_company(company, made.landing, truth=made.truth, threads=threads, memory_limit="1GB", progress=lambda _: None)
    return made


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
