"""Decisions on identity: rows of the entity `identity_decisions`, each command's a load like any other.

So the ledger lists them, `retention withdraw LOAD` takes them out, and every rebuild finds them. They take effect with
the next run.
"""

import csv
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.landing import Contract, Delivery, land_one, raw_relation_sql
from retention.landing.vault import scratch_folder, sweep_scratch
from retention.runs import Home
from retention.sql import literal
from retention.warehouse.lock import writer_lock

ENTITY = "identity_decisions"
SOURCE = "decisions"
ID_BYTES = 4


@dataclass(frozen=True)
class Decided:
    """What a command recorded.

    Attributes:
        recorded: the new rows, as in the contract.
        known: decisions in force that say the same already; nothing was recorded for them.
        load_id: the load of the new rows; None when there are none.
    """

    recorded: list[dict[str, Any]]
    known: list[dict[str, Any]]
    load_id: str | None


@dataclass(frozen=True)
class Desk:
    """Where decisions are made: a home, its contracts, and who decides when.

    Attributes:
        decided_by: name of who decides.
    """

    home: Home
    contracts: dict[str, Contract]
    timezone: str
    decided_by: str

    def decisions(self, customer_ids: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Merges and splits in force, oldest first.

        Args:
            customer_ids: only those that name one of these; None: all.
        """
        found = self._rows(IN_FORCE.format(decisions=raw_relation_sql(self.home, self.contracts[ENTITY])))
        return [
            one for one in found
            if customer_ids is None or {one["customer_id"], one["other_customer_id"]} & set(customer_ids)
        ]  # fmt: skip

    def check_customers(self, customer_ids: Sequence[str]) -> None:
        """Make sure that each customer was landed, in the customer master or with an order.

        Raises:
            NotThereError: one was not; the message names it.
        """
        wanted = ", ".join(map(literal, customer_ids))
        landed = " union ".join(
            f"select customer_id from ({raw_relation_sql(self.home, self.contracts[entity])}) "
            f"where customer_id in ({wanted})"
            for entity in ("customers", "orders")
        )
        known = {row["customer_id"] for row in self._rows(landed)}
        for customer_id in customer_ids:
            if customer_id not in known:
                raise NotThereError(
                    f"Customer '{customer_id}' was never landed.",
                    "Customer IDs are those of the landed files.",
                )

    def record(self, rows: list[dict[str, Any]]) -> str | None:
        """Land rows as one load; the load's ID."""
        if not rows:
            return None
        now = datetime.now(ZoneInfo(self.timezone)).replace(tzinfo=None, microsecond=0)
        for row in rows:
            row.update(
                {
                    "decision_id": f"{now:%Y%m%d}-{secrets.token_hex(ID_BYTES)}",
                    "decided_at": now.isoformat(sep=" "),
                    "decided_by": self.decided_by,
                }
            )
        path = scratch_folder(self.home) / f"{rows[0]['decision_id']}.csv"
        try:
            _write(path, [column.name for column in self.contracts[ENTITY].columns], rows)
            delivery = Delivery(path, self.contracts[ENTITY], "csv")
            return str(land_one(self.home, delivery, timezone=self.timezone, source=SOURCE)["load_id"])
        finally:
            sweep_scratch(self.home)

    def _rows(self, query: str) -> list[dict[str, Any]]:
        with duckdb.connect() as connection:
            result = connection.execute(query)
            names = [column[0] for column in result.description or []]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


# As the models read it: int_identity_decisions.
IN_FORCE = """
    with newest as (
        select * from ({decisions})
        qualify row_number() over (partition by decision_id order by _load_seq desc, _line_no desc) = 1
    ),
    standing as (
        select *, row_number() over (order by decided_at, _load_seq, _line_no) as place
        from newest
        where action in ('merge', 'split') and decision_id not in (
            select withdrawn_decision_id from newest
            where action = 'withdraw' and withdrawn_decision_id is not null
        )
    )
    select decision_id, decided_at, action, customer_id, other_customer_id, reason, decided_by, _load_id as load_id
    from standing
    where action = 'split' or not exists (
        select 1 from standing as later
        where later.action = 'split' and later.place > standing.place
            and later.customer_id in (standing.customer_id, standing.other_customer_id)
    )
    order by place
"""


def merge(desk: Desk, customer_ids: Sequence[str], reason: str) -> Decided:
    """Decide that profiles are one customer: the first with each of the others.

    Raises:
        SettingsError: fewer than two customers are named, or one twice.
        NotThereError: a customer was never landed.
    """
    if len(set(customer_ids)) != len(customer_ids) or len(customer_ids) < 2:  # noqa: PLR2004  # a pair has two
        raise SettingsError(
            f"A merge needs two different customers or more, not {', '.join(customer_ids) or 'none'}.",
            "Name each profile once: retention customer merge ID ID --reason TEXT.",
        )
    with writer_lock(desk.home, "customer merge"):
        desk.check_customers(customer_ids)
        standing = {
            frozenset((one["customer_id"], one["other_customer_id"])): one
            for one in desk.decisions(customer_ids)
            if one["action"] == "merge"
        }
        first, *others = customer_ids
        known = [standing[pair] for other in others if (pair := frozenset((first, other))) in standing]
        rows = [
            {"action": "merge", "customer_id": first, "other_customer_id": other, "reason": reason}
            for other in others
            if frozenset((first, other)) not in standing
        ]
        return Decided(rows, known, desk.record(rows))


def split(desk: Desk, customer_id: str, reason: str) -> Decided:
    """Decide that a profile is a customer of its own: its keys link nobody, and earlier merges of it no longer hold.

    Raises:
        NotThereError: the customer was never landed.
    """
    with writer_lock(desk.home, f"customer split {customer_id}"):
        desk.check_customers([customer_id])
        standing = desk.decisions([customer_id])
        # After a later merge the profile is no longer alone, and a split says something new.
        known = [one for one in standing if one["action"] == "split" and one["customer_id"] == customer_id]
        if known and all(one["action"] == "split" for one in standing):
            return Decided([], known[-1:], None)
        rows = [{"action": "split", "customer_id": customer_id, "reason": reason}]
        return Decided(rows, [], desk.record(rows))


def withdraw_decisions(desk: Desk, decision_ids: Sequence[str], reason: str) -> Decided:
    """Take decisions back: what the keys say, and what other decisions say, holds again.

    Raises:
        NotThereError: no such decision is in force.
    """
    with writer_lock(desk.home, "customer withdraw"):
        standing = {one["decision_id"]: one for one in desk.decisions()}
        for decision_id in decision_ids:
            if decision_id not in standing:
                raise NotThereError(
                    f"No decision '{decision_id}' is in force.",
                    "retention customer show ID lists the decisions on a customer.",
                )
        rows = [
            {
                "action": "withdraw",
                "customer_id": standing[one]["customer_id"],
                "other_customer_id": standing[one]["other_customer_id"],
                "withdrawn_decision_id": one,
                "reason": reason,
            }
            for one in dict.fromkeys(decision_ids)
        ]
        return Decided(rows, [], desk.record(rows))


def _write(path: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
