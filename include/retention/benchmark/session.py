"""One call of the benchmark: companies of several sizes, every piece on each of them in turn, records kept."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import duckdb

from retention.benchmark import pieces
from retention.benchmark.measuring import MeasurementError
from retention.benchmark.peers import Peers, require_same
from retention.benchmark.pieces import Bench
from retention.benchmark.records import Piece, Record
from retention.errors import SettingsError
from retention.settings import Settings
from retention.simulation import Company, write_company, write_csv

BYTES_PER_ORDER = 1_500  # landing files of every entity, CSV, raw, three homes and their copies, at the most
LARGE = 100_000_000
LARGE_MEMORY = "8GB"
HISTORY_MONTHS, HISTORY_MEMORY = 37, "4GB"  # 36 month-ends, and the month before the first of them
SPARK_ROWS, SPARK_CORES = 1_000_000, (1, 2)  # a run of Spark in local mode takes minutes
FIXED_ORDERS = """
    select
        'order-' || range as order_id,
        'customer-' || range % 20 as customer_id,
        timestamp '2023-01-01 10:00:00' + to_days(cast(range * 7 % 700 as integer)) as ordered_at,
        cast(10 + range * 37 % 500 as decimal(18, 2)) as amount
    from range(100)
"""


@dataclass(frozen=True)
class Session:
    """What is measured, and where to.

    Attributes:
        sizes: orders of each company.
        repeats: rounds; in each round every piece is measured once, so that they share what the machine does.
        out: folder of the records.
        place: folder for scratch folders; None for one under the home.
        peers: whom to measure beside the product; None for nobody.
        arguments: the command line that asked for it, kept in the records.
        history_sizes: orders of each company whose month-end history alone is measured.
        spark_cores: with how many cores Spark is measured, one run each.
    """

    settings: Settings
    sizes: tuple[int, ...]
    repeats: int
    with_fixed: bool
    keep: bool
    out: Path
    arguments: list[str]
    say: Callable[[str], None]
    place: Path | None = None
    peers: Peers | None = None
    history_sizes: tuple[int, ...] = ()
    spark_cores: tuple[int, ...] = SPARK_CORES

    def measure(self) -> list[Path]:
        """Measure everything; the files of the records that were written."""
        parent = (self.place or self.settings.home_dir / "bench").expanduser().resolve()
        parent.mkdir(parents=True, exist_ok=True)
        _require_space(parent, max((*self.sizes, *self.history_sizes), default=0))
        scratch = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
        saved: list[Path] = []
        try:
            if self.with_fixed:
                saved += self._save([self._fixed_cost(scratch), self._dag_import(scratch)])
            for size in self.sizes:
                records = self._records(size)
                try:
                    self._company(scratch / str(size), size, records)
                finally:  # what was measured before a failure is kept
                    saved += self._save(rounds.record for rounds in records)
            for size in self.history_sizes:
                rounds = _Rounds(Record("history", size), self.say)
                try:
                    self._history(scratch / f"history-{size}", size, rounds)
                finally:
                    saved += self._save([rounds.record])
        finally:
            if self.keep:
                self.say(f"kept: {scratch}")
            else:
                shutil.rmtree(scratch, ignore_errors=True)
        return saved

    def _save(self, records: Iterable[Record]) -> list[Path]:
        return [record.save(self.out, self.arguments) for record in records if record.pieces]

    # --- a company of some size ------------------------------------------------------------------------------

    def _records(self, size: int) -> "_OfSize":
        """The records of one size."""
        return _OfSize(*(_Rounds(Record(what, size), self.say) for what in _OfSize._fields))

    def _company(self, place: Path, size: int, records: "_OfSize") -> None:
        """Everything about one size. A large company goes once, and alone: its peers have no room for it."""
        is_large = size >= LARGE
        settings = self.settings.model_copy(update={"memory_limit": LARGE_MEMORY}) if is_large else self.settings
        bench, company = Bench(settings, place), Company.of_orders(size)
        self.say(f"{size:,} orders: writing the company's files")
        limits: dict[str, Any] = {"threads": settings.threads, "memory_limit": settings.memory_limit}
        started = monotonic()
        written = write_company(company, place / "landing", daily=place / "next", **limits, progress=lambda _: None)
        limits["written"] = {"seconds": round(monotonic() - started, 1), "rows": written}
        for rounds in records:
            rounds.record.notes |= limits | {"customers": company.customers, "day_orders": company.last_day_orders}
        if is_large:
            self._large(bench, records)
            return
        source = place / "csv" / "orders" / "orders.csv"
        write_csv(company, place / "landing", source)
        records.csv.record.notes["csv_bytes"] = source.stat().st_size
        for at in range(self.repeats):
            self.say(f"{size:,} orders, round {at + 1} of {self.repeats}")
            self._round(bench, records, has_peers=True)
            records.csv.take("product", pieces.land_csv, bench, source.parents[1])
            records.csv.take("duckdb", pieces.read_csv, bench, source)
        if not self.keep:
            shutil.rmtree(place)

    def _large(self, bench: Bench, records: "_OfSize") -> None:
        """One round of a large company. That it does not complete is a figure too."""
        self.say("once, under its memory limit")
        try:
            self._round(bench, records, has_peers=False)
        except MeasurementError as error:
            notes = records.pipeline.record.notes
            notes["failed"] = error.reason(bench.place)
            self.say(f"  failed: {notes['failed']}")

    def _round(self, bench: Bench, records: "_OfSize", *, has_peers: bool) -> None:
        """One round: load, floor, full run, calendar, peers, the next day."""
        run = records.pipeline
        bench.start_afresh()
        bench.deliver(bench.place / "landing")
        run.take("load", pieces.load, bench)
        run.take("floor", pieces.floor, bench, False)
        run.take("floor_in_memory", pieces.floor, bench, True)
        full = run.take("full_run", pieces.run, bench, False)
        records.calendar.take("calendar", pieces.calendar, bench)
        if self.peers and has_peers:
            self._beside(bench, self.peers, records.peers, full)
        bench.deliver(bench.place / "next")
        run.take("increment", pieces.run, bench, True)

    def _beside(self, bench: Bench, peers: Peers, rounds: "_Rounds", full: Piece) -> None:
        """The product's own marts beside each peer's; then the whole project by others."""
        day = pieces.as_of(full)
        product = rounds.take("product_marts", pieces.marts, bench)
        for script in peers.scripts:
            found = rounds.take(script.stem, peers.measure, script, bench, day)
            require_same(product, script.stem, found)
        whole = {name: full[name] for name in ("wall_seconds", "cpu_seconds", "peak_memory_mb")}
        rounds.record.add("product_full_run", whole)
        rounds.take("bare_dbt", pieces.bare_dbt, bench, bench.place / "bare_target")
        if rounds.record.rows <= SPARK_ROWS and pieces.has_spark(bench):
            for cores in self.spark_cores:
                rounds.take(f"spark_{cores}", pieces.spark_run, bench, cores)

    # --- month-end history --------------------------------------------------------------------------------------

    def _history(self, place: Path, size: int, rounds: "_Rounds") -> None:
        """The history of a company of 37 months beside the floor, under its memory limit; the whole run under ours."""
        whole = Bench(self.settings, place)
        bench = Bench(self.settings.model_copy(update={"memory_limit": HISTORY_MEMORY}), place)
        company = replace(Company.of_orders(size), months=HISTORY_MONTHS, daily=0, last_day_orders=None)
        self.say(f"{company.customers:,} customers: writing the company's files")
        limits: dict[str, Any] = {"threads": self.settings.threads, "memory_limit": HISTORY_MEMORY}
        write_company(company, place / "landing", **limits, progress=lambda _: None)
        rounds.record.notes |= limits | {"customers": company.customers, "company_months": company.months}
        for at in range(self.repeats):
            self.say(f"{company.customers:,} customers, round {at + 1} of {self.repeats}")
            bench.start_afresh()
            bench.deliver(place / "landing")
            rounds.take("load", pieces.load, bench)
            rounds.take("floor", pieces.floor, bench, False)
            try:
                rounds.take("full_run", pieces.run, whole, False)
            except MeasurementError as error:
                found = {"failed": error.reason(bench.place)}
            else:
                found = rounds.take("history", pieces.history, bench)
            if "failed" in found:
                rounds.record.notes["failed"] = found["failed"]
                self.say(f"  failed: {found['failed']}")
        if not self.keep:
            shutil.rmtree(place)

    # --- what does not grow with data ------------------------------------------------------------------------

    def _fixed_cost(self, scratch: Path) -> Record:
        """100 orders by `retention run` and by `dbt build` alone: on a project never seen, and the day after."""
        bench = Bench(self.settings, scratch / "fixed")
        rounds = _Rounds(Record("fixed_cost", 100), self.say)
        orders = bench.landing / "orders" / "orders.csv"
        for at in range(self.repeats):
            self.say(f"100 orders, round {at + 1} of {self.repeats}")
            bench.start_afresh()
            orders.parent.mkdir(parents=True)
            duckdb.sql(FIXED_ORDERS).write_csv(str(orders))
            target = scratch / f"target{at}"
            for situation in ("first", "next"):
                rounds.take(f"product_{situation}", pieces.run, bench, situation == "next")
                rounds.take(f"dbt_{situation}", pieces.bare_dbt, bench, target)
        shutil.rmtree(bench.place)
        return rounds.record

    def _dag_import(self, scratch: Path) -> Record:
        """What all DAG files together take beyond Airflow's own import."""
        bench = Bench(self.settings, scratch)
        script = self.settings.project_dir / "benchmarks" / "dag_import.py"
        rounds = _Rounds(Record("dag_import", 0), self.say)
        for at in range(self.repeats):
            home = scratch / f"airflow{at}"
            home.mkdir()
            rounds.take("dags", pieces.dag_import, bench, script, home)
        return rounds.record


@dataclass(frozen=True)
class _Rounds:
    """Fills a record, and says how far it is."""

    record: Record
    say: Callable[[str], None]

    def take(self, piece: str, measured: Callable[..., Piece], *arguments: object) -> Piece:
        """Measure one piece by calling a function, and keep its figures."""
        started = monotonic()
        figures = measured(*arguments)
        self.record.add(piece, figures)
        if "failed" in figures:
            self.say(f"  {piece:<28} failed: {figures['failed'].splitlines()[-1][:120]}")
        else:
            self.say(
                f"  {piece:<28} {monotonic() - started:8.1f} s   cpu {figures['cpu_seconds']:8.1f} s   "
                f"memory {figures['peak_memory_mb']:8,.0f} MB"
            )
        return figures


class _OfSize(NamedTuple):
    """The records of one size, by what they are of."""

    pipeline: _Rounds
    calendar: _Rounds
    csv: _Rounds
    peers: _Rounds


def _require_space(folder: Path, orders: int) -> None:
    """See that the disk can hold what measuring leaves for a while.

    Raises:
        SettingsError: it can't.
    """
    needed, free = orders * BYTES_PER_ORDER, shutil.disk_usage(folder).free
    if needed > free:
        raise SettingsError(
            f"{orders:,} orders need about {needed / 1e9:.0f} GB below {folder}; {free / 1e9:.0f} GB are free.",
            "Name a folder on a larger disk with --work, or measure fewer rows.",
        )
