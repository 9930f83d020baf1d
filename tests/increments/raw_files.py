"""Loads of a small company as landing commits them: a part file and a manifest each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import duckdb
from tests.models.compiled_project import PROJECT_DIR

from retention.landing import load_contracts
from retention.sql import literal, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.increments.company_life import Step
    from tests.increments.random_rows import Row

    from retention.runs import Home

CONTRACTS = load_contracts(PROJECT_DIR.parent)


@dataclass(frozen=True)
class Load:
    """A committed load.

    Args:
        name: stands for the content of its file.
        seq: its place in the order of loads; the place of a withdrawn load can be given away anew.
        folder: where its files are.
    """

    name: str
    entity: str
    rows: list[Row]
    seq: int
    folder: Path


class RawFiles:
    """The loads that are there at the present point of a company's life.

    Args:
        folder: an empty one, for the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loads: list[Load] = []
        self._delivered = 0
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")

    def __enter__(self) -> Self:
        """Nothing more is needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection that writes; the files stay."""
        self._connection.close()

    def land(self, step: Step) -> None:
        """Withdraw what the step withdraws, then land what it delivers."""
        withdrawn = None
        # The rates are never withdrawn: a run without them is refused by a check, and no check runs here.
        loads = [load for load in self._loads if load.entity != "fx_rates"]
        if step.withdraws is not None and loads:
            withdrawn = loads[step.withdraws % len(loads)]
            self._loads.remove(withdrawn)
        for delivery in step.deliveries:
            for entity, rows in delivery.items():
                self._commit(f"load_{self._delivered}", entity, rows)
                self._delivered += 1
        if withdrawn and step.lands_again:
            self._commit(withdrawn.name, withdrawn.entity, withdrawn.rows)

    def show_in(self, home: Home) -> None:
        """Make the present loads the loads of a home."""
        for load in self._loads:
            place = home.raw / load.entity / f"load={load.name}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(load.folder)

    def _commit(self, name: str, entity: str, rows: list[Row]) -> None:
        seq = max((load.seq for load in self._loads), default=0) + 1
        load = Load(name, entity, rows, seq, self._folder / f"{name}_{seq}")
        load.folder.mkdir(parents=True, exist_ok=True)
        delivered = list(rows[0])
        values = ", ".join(
            f"({', '.join(literal(value) for value in [*map(row.get, delivered), line])})"
            for line, row in enumerate(rows, 2)
        )
        marks = {"_load_id": literal(name), "_load_seq": str(seq), "_line_no": "_line_no"}
        columns = ", ".join(
            f"{marks.get(column) or (quoted(column) if column in delivered else 'null')}::{kind} as {quoted(column)}"
            for column, kind in CONTRACTS[entity].raw_columns
        )
        self._connection.execute(
            f"copy (select {columns} from (values {values}) as delivered ({', '.join(delivered)}, _line_no)) "
            f"to {literal(load.folder / 'part.parquet')} (format parquet)"
        )
        manifest = {"load_id": name, "load_seq": seq, "entity": entity}
        (load.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        self._loads.append(load)
