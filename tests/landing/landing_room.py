"""A company's folders for a test, with short ways to write, land and look."""

import gzip
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from retention.landing import Contract, LandingReport, committed_loads, land, load_contracts, raw_relation_sql
from retention.runs import Home
from retention.settings import PROJECT_DIR

ORDERS = "order_id,customer_id,ordered_at,amount,status\n"
CONTRACTS = load_contracts(PROJECT_DIR)


def order_lines(count: int, start: int = 0) -> str:
    """Sound orders, one line each."""
    return "".join(f"O{at},C{at % 7},2024-01-{at % 28 + 1:02d} 10:00:00,{at}.50,completed\n"
                   for at in range(start, start + count))  # fmt: skip


def instant(text: str) -> datetime:
    """An instant in the business's time zone."""
    return datetime.fromisoformat(text)


@dataclass
class Room:
    """One company's folders.

    Attributes:
        lines: what landing reported as it went.
    """

    root: Path
    contracts: dict[str, Contract] = field(default_factory=lambda: CONTRACTS)
    timezone: str = "Asia/Shanghai"
    lines: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return Home(self.root / "home")

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    def put(self, place: str, content: str | bytes) -> Path:
        """Write a landing file; `.gz` is packed."""
        path = self.landing / place
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if place.endswith(".gz") else data)
        return path

    def put_orders(self, extra: str = "", count: int = 100, name: str = "orders.csv") -> Path:
        """Write sound orders and what the test adds to them."""
        return self.put(f"orders/{name}", ORDERS + order_lines(count) + extra)

    def allow_bad_rows(self, share: float) -> None:
        """Loosen the contracts, where a test is about the bad rows themselves."""
        self.contracts = {name: replace(contract, max_bad_share=share) for name, contract in self.contracts.items()}

    def land(self) -> LandingReport:
        return land(self.home, self.landing, self.contracts, timezone=self.timezone, progress=self.lines.append)

    def rows(self, entity: str, columns: str = "*", order: str = "_load_seq, _line_no") -> list[tuple[Any, ...]]:
        """All versions in raw, in the order of delivery."""
        sql = raw_relation_sql(self.home, self.contracts[entity])
        return duckdb.sql(f"select {columns} from ({sql}) order by {order}").fetchall()

    def quarantine(self, columns: str = "line_no, reason, column_name") -> list[tuple[Any, ...]]:
        """All quarantined rows."""
        files = f"{self.home.raw}/*/load=*/quarantine.parquet"
        sql = f"from read_parquet('{files}', hive_partitioning = false)"
        return duckdb.sql(f"select {columns} {sql} order by line_no").fetchall()

    def manifest(self, entity: str | None = None) -> dict[str, Any]:
        """The manifest of the last committed load, of an entity or of any."""
        loads = committed_loads(self.home)
        return next(load for load in reversed(loads) if entity in (None, load["entity"]))
