"""The pieces that are measured, each as whole processes: a load, a run, the floor, a CSV, dbt alone."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from retention.benchmark.measuring import Measured, MeasurementError, directory_bytes, measure
from retention.benchmark.nodes import busy_seconds, compiled_chain, following, read_nodes
from retention.benchmark.records import Piece, python
from retention.pipeline import STEPS, runs
from retention.runs import Home
from retention.settings import Settings
from retention.sql import literal, quoted
from retention.warehouse.candidate import CONFIG, MARTS_FILE, WAREHOUSE_FILE

MARTS = ("customer_rfm", "int_cohort_activity")
HISTORY_MARTS = ("customer_tier_history", "tier_migration", "tier_crosswalk")
CALENDAR_MARTS = ("contact_calendar", "contact_exclusions")
CALENDAR_SEEDS = ("service_policy_rules", "contact_triggers", "contact_channels")
SOURCES = ("raw", "news", "ops")  # schemas that a run lays before dbt starts
PROFILE = "default_b2b"


@dataclass(frozen=True)
class Bench:
    """Where and how pieces are measured.

    Attributes:
        settings: of the command line; threads and memory limit hold for every piece.
        place: scratch folder of one company: its files, homes and whatever a piece writes.
    """

    settings: Settings
    place: Path

    @property
    def home(self) -> Home:
        """The product's home."""
        return Home(self.place / "home")

    @property
    def landing(self) -> Path:
        """The landing folder that the product reads."""
        return self.place / "delivered"

    @property
    def limits(self) -> list[str]:
        """Threads and memory limit, as arguments."""
        return [str(self.settings.threads), self.settings.memory_limit]

    @property
    def environment(self) -> dict[str, str]:
        """The settings that every process of the product gets; no other setting of the caller's."""
        return {
            "RETENTION_PROJECT_DIR": str(self.settings.project_dir),
            "RETENTION_THREADS": str(self.settings.threads),
            "RETENTION_MEMORY_LIMIT": self.settings.memory_limit,
        }

    def raw(self, entity: str) -> str:
        """Pattern of an entity's raw files."""
        return str(self.home.raw / entity / "load=*" / "part.parquet")

    def deliver(self, files: Path) -> None:
        """Put files into the landing folder, as links."""
        for path in sorted(files.glob("*/*")):
            target = self.landing / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)

    def start_afresh(self) -> None:
        """Remove home and landing folder."""
        shutil.rmtree(self.home.path, ignore_errors=True)
        shutil.rmtree(self.landing, ignore_errors=True)

    def retention(self, *arguments: str | Path, home: Path | None = None) -> Measured:
        """One call of the command line."""
        places = ["--home", str(home or self.home.path)]
        return measure([python(), "-m", "retention.cli", *arguments, *places], self.environment, self.place)

    def process(self, module: str, *arguments: str | Path) -> Piece:
        """One process of this package that prints figures."""
        done = measure([python(), "-m", f"retention.benchmark.{module}", *arguments, *self.limits])
        return done.figures() | last_line(done)


def last_line(done: Measured) -> Piece:
    """The JSON that a measured process printed last.

    Raises:
        MeasurementError: it printed something else.
    """
    lines = done.output.strip().splitlines()
    try:
        answer: Piece = json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise MeasurementError(
            f"A measured process printed no figures: {lines[-1:]}.", "Run the same command by hand to see why."
        ) from error
    return answer


def load(bench: Bench) -> Piece:
    """`retention load`: files into raw, checked against the contracts."""
    done = bench.retention("load", "--landing", bench.landing, "--profile", PROFILE)
    return done.figures() | {"steps": _steps(bench.home), "raw_bytes": directory_bytes(bench.home.raw)}


def run(bench: Bench, is_increment: bool) -> Piece:
    """`retention run`, whole: what each step and each model took, and what is left on disk.

    Raises:
        MeasurementError: it built in full where it should have gone on from the release, or the other way round.
    """
    done = bench.retention("run", "--landing", bench.landing, "--profile", PROFILE)
    nodes = read_nodes(bench.home.work / ".dbt")
    models = busy_seconds(nodes)
    release = bench.home.published.resolve()
    newest = bench.home.work / runs(bench.home)[0]["run_id"]
    report, build = (json.loads((newest / f"{step}.json").read_text(encoding="utf-8")) for step in ("report", "build"))
    if build["decision"].startswith("increment") != is_increment:
        raise MeasurementError(
            f"The run was to be {'an increment' if is_increment else 'a full build'} and was a {build['decision']}.",
            "See docs/decisions/0017-increments.md.",
        )
    return done.figures() | {
        "steps": _steps(bench.home),
        "own_seconds": round(done.wall_seconds - models, 3),
        "model_span_seconds": round(models, 3),
        "test_seconds": round(sum(node.seconds for node in nodes if node.kind == "test"), 3),
        "models": {node.name: round(node.seconds, 3) for node in nodes if node.kind in ("model", "seed")},
        "raw_bytes": directory_bytes(bench.home.raw),
        "warehouse_bytes": (release / WAREHOUSE_FILE).stat().st_size,
        "release_bytes": directory_bytes(release),
        "decision": build["decision"],
        "orders": report["figures"]["orders"],
        "as_of": str(report["as_of_date"]),
    }


def floor(bench: Bench, is_in_memory: bool) -> Piece:
    """What DuckDB itself needs for the same raw orders."""
    database = bench.place / "floor.duckdb"
    found = bench.process("floor_process", bench.raw("orders"), ":memory:" if is_in_memory else database)
    if not is_in_memory:
        found["bytes"] = database.stat().st_size
        database.unlink()
    return found


def marts(bench: Bench) -> Piece:
    """RFM and cohorts by the product's own compiled SQL, as its peers do theirs. The last run must have been full."""
    folder, chain = bench.place / "marts", bench.place / "chain.json"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    relations = compiled_chain(bench.home.work / ".dbt", MARTS)
    chain.write_text(json.dumps([asdict(relation) for relation in relations]), encoding="utf-8")
    found = bench.process("marts_process", chain, bench.home.published.resolve() / WAREHOUSE_FILE, folder)
    shutil.rmtree(folder)
    return found


def history(bench: Bench) -> Piece:
    """Month-end history by the product's own compiled SQL, under the memory limit. The last run must have been full.

    A failure stands in its place.
    """
    folder, chain = bench.place / "history", bench.place / "history_chain.json"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    target = bench.home.work / ".dbt"
    of_history = following(target, "int_snapshot_dates")
    relations = [
        asdict(relation) | {"is_history": relation.name in of_history}
        for relation in compiled_chain(target, HISTORY_MARTS)
    ]
    chain.write_text(json.dumps(relations), encoding="utf-8")
    try:
        found = bench.process("history_process", chain, bench.home.published.resolve() / WAREHOUSE_FILE, folder)
        return found | {"history_bytes": (folder / MARTS_FILE).stat().st_size}
    except MeasurementError as error:
        return {"failed": error.reason(bench.place)}
    finally:
        shutil.rmtree(folder)


def calendar(bench: Bench) -> Piece:
    """The contact calendar by the product's own compiled SQL, from the tables of the last run, beside one scan."""
    folder, chain = bench.place / "calendar", bench.place / "calendar_chain.json"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    target = bench.home.work / ".dbt"
    own = set[str]().union(*(following(target, seed) for seed in CALENDAR_SEEDS))
    relations = [asdict(one) for one in compiled_chain(target, CALENDAR_MARTS) if one.name in own]
    chain.write_text(json.dumps(relations), encoding="utf-8")
    found = bench.process("calendar_process", chain, bench.home.published.resolve(), folder)
    shutil.rmtree(folder)
    return found


def bare_dbt(bench: Bench, target: Path) -> Piece:
    """`dbt build` of the same project on a warehouse that holds the same raw data and no table yet.

    Without unit tests, which `retention run` leaves out too: both do the same work.

    Args:
        target: dbt's target folder; one that it knows spares it parsing.
    """
    folder = bench.place / "bare"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    raw_only(bench.home.published.resolve() / WAREHOUSE_FILE, folder / WAREHOUSE_FILE)
    project = bench.settings.project_dir / "dbt_project"
    command: list[str | Path] = [python(), "-m", "dbt.cli.main", "build", "--project-dir", project]
    command += ["--profiles-dir", project, "--target-path", target, "--log-path", folder]
    command += ["--exclude-resource-type", "unit_test"]
    done = measure(command, bench.environment | bare_environment(folder))
    shutil.rmtree(folder)
    return done.figures() | {"unit_tests": 0}  # older records lack it: theirs ran them


def raw_only(warehouse: Path, target: Path) -> None:
    """Write a new warehouse with what dbt's sources are: raw views, the run's parameters and the ledger."""
    with duckdb.connect(str(target), config=CONFIG) as connection:
        connection.execute(f"attach {literal(warehouse)} as released (read_only)")
        found = connection.execute(
            "select schema_name, table_name, null from duckdb_tables() where database_name = 'released' union all "
            "select schema_name, view_name, sql from duckdb_views() where database_name = 'released' and not internal"
        ).fetchall()
        for schema, name, sql in found:
            if schema in SOURCES:
                place = f"{quoted(schema)}.{quoted(name)}"
                connection.execute(f"create schema if not exists {quoted(schema)}")
                connection.execute(sql or f"create table {place} as from released.{place}")
        # dbt alone has no release to go on from: it builds in full.
        connection.execute("update raw.run_parameters set since_load_seq = null, since_as_of = null")
        connection.execute("detach released")


def bare_environment(folder: Path) -> dict[str, str]:
    """Where dbt's profile finds its files, without a run around it."""
    return {"RETENTION_WAREHOUSE": str(folder / WAREHOUSE_FILE), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


def has_spark(bench: Bench) -> bool:
    """Whether the command line knows another engine."""
    return "--target" in measure([python(), "-m", "retention.cli", "run", "--help"], bench.environment).output


def spark_run(bench: Bench, cores: int) -> Piece:
    """A whole run of the same raw data on Spark in local mode, with so many cores. A failure stands in its place."""
    home = Home(bench.place / "spark_home")
    shutil.rmtree(home.path, ignore_errors=True)
    for path in [*bench.home.raw.rglob("*"), *bench.home.vault.rglob("*")]:
        if path.is_file():
            target = home.path / path.relative_to(bench.home.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
    arguments: list[str | Path] = ["run", "--target", "spark", "--landing", bench.landing, "--profile", PROFILE]
    command: list[str | Path] = [python(), "-m", "retention.cli", *arguments, "--home", home.path]
    try:
        done = measure(command, bench.environment | {"RETENTION_THREADS": str(cores)}, bench.place)
        return done.figures() | {"steps": _steps(home)}
    except MeasurementError as error:
        return {"failed": error.reason(bench.place)}
    finally:
        shutil.rmtree(home.path, ignore_errors=True)


def land_csv(bench: Bench, landing: Path) -> Piece:
    """The step that lands, on one CSV of all orders: parsed, checked against its contract, bad rows set aside."""
    home = Home(bench.place / "csv_home")
    shutil.rmtree(home.path, ignore_errors=True)
    arguments: list[str | Path] = ["step", "land", "--run-id", "csv", "--landing", landing, "--profile", PROFILE]
    done = bench.retention(*arguments, home=home.path)
    landed = json.loads((home.work / "csv" / "land.json").read_text(encoding="utf-8"))
    loads = {name: sum(one[name] for one in landed["loads"]) for name in ("rows_in", "rows_quarantined")}
    shutil.rmtree(home.path)
    return done.figures() | {"seconds": landed["seconds"]} | loads


def read_csv(bench: Bench, source: Path) -> Piece:
    """DuckDB's own way from the same CSV to Parquet."""
    target = bench.place / "read_csv.parquet"
    found = bench.process("csv_process", source, target)
    target.unlink()
    return found


def dag_import(bench: Bench, script: Path, airflow_home: Path) -> Piece:
    """What all DAG files together take beyond Airflow's own import."""
    environment = {"AIRFLOW_HOME": str(airflow_home), "AIRFLOW__CORE__LOAD_EXAMPLES": "false"}
    done = measure([python(), script, bench.settings.project_dir / "dags"], environment)
    return done.figures() | last_line(done)


def as_of(piece: Mapping[str, Any]) -> date:
    """The as-of day of a measured run."""
    return date.fromisoformat(piece["as_of"])


def _steps(home: Home) -> dict[str, float]:
    """Seconds of each step of the newest run."""
    folder = home.work / runs(home)[0]["run_id"]
    paths = {step: folder / f"{step}.json" for step in STEPS}
    return {
        step: float(json.loads(path.read_text(encoding="utf-8"))["seconds"])
        for step, path in paths.items()
        if path.exists()
    }
