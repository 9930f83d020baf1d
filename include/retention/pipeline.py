"""The six steps of a run, in order: land, validate, build, audit, publish, report.

Airflow runs one step a task, the command line all of them in one go; both call `run_step`. A step reads what the
steps before it wrote into the run's folder, so it can be repeated, and a run that dies leaves the published
release as it was.
"""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import CheckFailedError, RetentionError, SettingsError
from retention.landing import (
    Contract,
    LandingReport,
    committed_loads,
    event_range,
    land,
    load_contracts,
    loads_known_by,
)
from retention.publication.audit import audit_candidate, reconcile_candidate
from retention.publication.provenance import check_provenance
from retention.publication.release import changed_file, commit_release, present_release, releases, write_release
from retention.publication.report import write_report
from retention.quality import CheckResult, QualityWorker, failed_check_lines
from retention.rules import stop_on_broken_rules
from retention.runs import Home, Run
from retention.settings import Settings
from retention.warehouse.candidate import CONFIG, prepare_candidate, write_raw_schema
from retention.warehouse.engines import Build, Engine, engine_of
from retention.warehouse.increment import Decision, decide, project_fingerprint
from retention.warehouse.lock import writer_lock
from retention.warehouse.project import known_profiles, table_descriptions

STEPS = ("land", "validate", "build", "audit", "publish", "report")
LANDED = "landed.duckdb"
VERSIONS = [f"{name} {version(name)}" for name in ("dbt-core", "dbt-duckdb", "duckdb")]


@dataclass
class Pipeline:
    """One run with what its steps share: settings, contracts and the process that checks.

    Attributes:
        say: receives a line worth keeping.
        tick: receives a line that only shows that work goes on.
        only_forward: whether publishing leaves readers where they are when they see a later as-of day already.
    """

    run: Run
    settings: Settings
    landing: Path
    say: Callable[[str], None]
    tick: Callable[[str], None] = lambda _: None
    only_forward: bool = False
    worker: QualityWorker | None = None
    contracts: Mapping[str, Contract] = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        """Read the contracts and check the profile.

        Raises:
            SettingsError: a contract is broken, or the profile or the target is unknown.
        """
        self.engine = engine_of(self.run.target)
        self.contracts = load_contracts(self.settings.project_dir)
        profiles = known_profiles(self.settings.project_dir)
        if self.run.profile not in profiles:
            raise SettingsError(
                f"Profile '{self.run.profile}' is unknown.",
                f"Use one of {', '.join(profiles)}, or add rows for it to dbt_project/seeds.",
            )

    def land(self) -> dict[str, Any]:
        """Take the landing files in, and fix what this run sees: its loads and its as-of day."""
        self.engine.check(self.settings.memory_limit)
        self.run.save()
        # First of all: a broken row is told at once, not after the landing and half a build.
        stop_on_broken_rules(self.settings.project_dir, self.run.profile, self.say)
        report = self._take_in() if self.run.known_by is None else LandingReport([], [], [])
        pinned: dict[str, list[str]] = {}
        for manifest in self._known_loads():
            pinned.setdefault(manifest["entity"], []).append(manifest["load_id"])
        self.pin_as_of(pinned)
        return {
            "loads": report.loads,
            "skipped": report.skipped,
            "absent": report.absent,
            "pinned": pinned,
            "as_of": self.run.as_of,
        }

    def _take_in(self) -> LandingReport:
        return land(
            self.run.home,
            self.landing,
            self.contracts,
            timezone=self.run.timezone,
            progress=self.say,
            default_region=self.settings.default_region,
            threads=self.settings.threads,
            memory_limit=self.settings.memory_limit,
        )

    def _known_loads(self) -> list[dict[str, Any]]:
        """Manifests of the loads that this run sees.

        Raises:
            SettingsError: nothing had been taken in by the day that was asked for.
        """
        committed, day = committed_loads(self.run.home), self.run.known_by
        known = loads_known_by(committed, day)
        if committed and not known:
            first = min(str(one["finished_at"])[:10] for one in committed)
            raise SettingsError(
                f"Nothing was known by {day}: the first load was taken in on {first}.",
                f"Give --known-by a day from {first} on, or leave it out.",
            )
        if day is not None:
            self.say(f"known by {day}: {len(known)} of {len(committed)} loads; nothing new is landed")
        return known

    def pin_as_of(self, pinned: Mapping[str, list[str]]) -> None:
        """Settle the as-of day: as asked for, else the last day of the orders that is not still to come.

        Raises:
            SettingsError: the day asked for lies before the first order.
        """
        days = event_range(self.run.home, self.contracts["orders"], pinned.get("orders", []))
        if days is None:
            by = f" by {self.run.known_by}" if self.run.known_by else " yet"
            raise SettingsError(f"No order had been landed{by}.", "Land some: retention load --landing DIR.")
        first, last = days
        today = self.run.known_by or self.run.started_at.date()
        if last > today:
            self.say(f"warning: orders up to {last} lie after {today}; correct their dates in the source")
        as_of = self.run.as_of or min(last, max(today, first))
        if as_of < first:
            raise SettingsError(
                f"As-of {as_of} lies before the first order, of {first}.", f"Choose a day from {first} on."
            )
        self.run = replace(self.run, as_of=as_of)
        self.run.save()

    def validate(self) -> dict[str, Any]:
        """Check the landed data against the contracts."""
        warehouse = self.run.folder / LANDED
        warehouse.unlink(missing_ok=True)
        with duckdb.connect(str(warehouse), config=CONFIG) as connection:
            write_raw_schema(connection, self.run, self.contracts, self._pinned(), self.decide().base)
        delivered = [entity for entity, load_ids in self._pinned().items() if load_ids]
        results = self._checks().check_landed(warehouse, self._as_of(), delivered)
        self._stop_on_critical(results, "landed data")
        return {"results": [result.as_dict() for result in results]}

    def build(self) -> dict[str, Any]:
        """Build and test every table in a private candidate."""
        stop_on_broken_rules(self.settings.project_dir, self.run.profile, lambda _: None)
        decision = self.decide()
        self.say(decision.text)
        prepare_candidate(self.run, self.contracts, self._pinned(), decision.base)
        result = self.engine.build(
            Build(
                self.run,
                self.contracts,
                self._pinned(),
                self.settings.project_dir,
                threads=self.settings.threads,
                memory_limit=self.settings.memory_limit,
                progress=self.tick,
            )
        )
        return {
            "decision": decision.text,
            "built_from": {
                "base": decision.base and decision.base.folder.name,
                "fingerprint": self.fingerprint,
                "target": self.run.target,
                "timezone": self.run.timezone,
                "loads": self._pinned(),
            },
            "statuses": result.statuses,
            "node_seconds": result.node_seconds,
        }

    @cached_property
    def fingerprint(self) -> str:
        """A hash of what decides the tables beside data and parameters."""
        return project_fingerprint(self.settings.project_dir, VERSIONS)

    def decide(self) -> Decision:
        """Whether this run goes on from the present release."""
        if self.settings.full_refresh:
            return Decision(None, "asked for")
        present = next((one for one in releases(self.run.home) if one["is_published"]), None)
        sequence = {str(load["load_id"]): int(load["load_seq"]) for load in committed_loads(self.run.home)}
        decision = decide(self.run, present, self.fingerprint, self._pinned(), sequence, goes_on=self.engine.goes_on)
        changed = changed_file(self.run.home, present) if decision.base and present else None
        return Decision(None, f"{changed} is missing or damaged") if changed else decision

    def audit(self) -> dict[str, Any]:
        """Decide whether the candidate may be published."""
        self.run.read("build")
        landed = [CheckResult.from_dict(one) for one in self.run.read("validate")["results"]]
        # Both only read the candidate; it is written to when both are done.
        with ThreadPoolExecutor(max_workers=1) as side:
            checks = side.submit(
                self._checks().check_published, self.run.candidate_marts, self._as_of(), self.run.timezone
            )
            reconciled = reconcile_candidate(self.run)
            published = checks.result()
        record = audit_candidate(
            self.run, [*landed, *published, *reconciled, *check_provenance(self.run)], table_descriptions(self.run.home)
        )
        self.run.write("audit", record)
        if not record["passed"]:
            self._stop_on_critical([CheckResult.from_dict(one) for one in record["failed"]], "candidate")
        return record

    def publish(self) -> dict[str, Any]:
        """Release the candidate and turn the pointer to it."""
        audit = self.run.read("audit")
        manifest = write_release(self.run, audit, self.run.read("build")["built_from"])
        release = commit_release(self.run, manifest, self.settings.keep_releases, only_forward=self.only_forward)
        if present_release(self.run.home) != release.name:
            self.say(f"released as {release.name}; readers stay on the later day that they see")
        return {"release": release.name, "tables": manifest["tables"]}

    def report(self) -> dict[str, Any]:
        """Write the summary of this run's release."""
        return write_report(self.run, self.run.home.releases / self.run.read("publish")["release"], STEPS)

    def _pinned(self) -> dict[str, list[str]]:
        pinned: dict[str, list[str]] = self.run.read("land")["pinned"]
        return pinned

    def _as_of(self) -> date:
        if self.run.as_of is None:
            raise SettingsError(f"Run {self.run.run_id} has no as-of day.", "Land orders first: retention load.")
        return self.run.as_of

    def _checks(self) -> QualityWorker:
        if self.worker is None:
            self.worker = start_worker(self.run, self.settings)
        return self.worker

    def _stop_on_critical(self, results: list[CheckResult], where: str) -> None:
        failed = [result for result in results if not result.passed]
        for line in failed_check_lines([result for result in failed if result.severity != "critical"]):
            self.say(f"warning: {line}")
        critical = failed_check_lines([result for result in failed if result.severity == "critical"])
        if critical:
            raise CheckFailedError(
                f"{len(critical)} critical check(s) of the {where} failed: {'; '.join(critical)}.",
                "The last release stays published. Mend the source or the contract, then run again.",
            )


def start_worker(run: Run, settings: Settings) -> QualityWorker:
    """Start the process that checks; its imports take seconds, so callers start it before they need it."""
    run.folder.mkdir(parents=True, exist_ok=True)
    return QualityWorker(
        settings.project_dir,
        run.home.data_docs,
        run.folder / "logs" / "quality.log",
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    )


def run_step(
    step: str,
    run: Run,
    settings: Settings,
    landing: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    tick: Callable[[str], None] = lambda _: None,
    wait_seconds: float = 0,
    only_forward: bool = False,
) -> dict[str, Any]:
    """Run one step under the writer lock and write down its result.

    Args:
        step: one of STEPS.
        landing: folder of landing files, for step land; default: the settings'.
        wait_seconds: how long to wait for another writer.
        only_forward: for step publish, whether readers who see a later as-of day stay there (a backfill).

    Returns:
        The step's result, with its `seconds`.

    Raises:
        RetentionError: the step failed; its kind says whether trying again can help.
    """
    with writer_lock(run.home, f"step {step} of run {run.run_id}", wait_seconds):
        pipeline = Pipeline(run, settings, landing or settings.landing_dir, say, tick, only_forward)
        try:
            return _timed(pipeline, step)
        finally:
            if pipeline.worker is not None:
                pipeline.worker.close()


def run_all(
    run: Run,
    settings: Settings,
    landing: Path,
    *,
    say: Callable[[str], None],
    tick: Callable[[str], None],
    done: Callable[[str, float], None],
    only_forward: bool = False,
    wait_seconds: float = 0,
) -> dict[str, Any]:
    """Run every step in one process.

    The checks of the landed data and the build go on side by side: the candidate is private, and neither is any use
    without the other's success. The checking process starts first, so that its imports overlap with landing.

    Args:
        done: receives each step's name and seconds as it ends.
        only_forward: whether readers who see a later as-of day stay there.
        wait_seconds: how long to wait for another writer.

    Returns:
        The report.
    """
    with writer_lock(run.home, f"run {run.run_id}", wait_seconds):
        pipeline = Pipeline(run, settings, landing, say, tick, only_forward)
        with start_worker(run, settings) as pipeline.worker:
            done("land", _timed(pipeline, "land")["seconds"])
            with ThreadPoolExecutor(max_workers=1) as side:
                checks = side.submit(_timed, pipeline, "validate")
                built = _timed(pipeline, "build")
                done("validate", checks.result()["seconds"])
            done("build", built["seconds"])
            for step in ("audit", "publish"):
                done(step, _timed(pipeline, step)["seconds"])
            report = _timed(pipeline, "report")
            done("report", report["seconds"])
    return report


def _timed(pipeline: Pipeline, step: str) -> dict[str, Any]:
    """Run a step, write its result with its time, or write down why it failed."""
    started = time.monotonic()
    _forget(pipeline.run, step)
    try:
        result: dict[str, Any] = getattr(pipeline, step)()
    except RetentionError as error:
        pipeline.run.write("failure", {"step": step, "error": str(error), "exit_code": error.exit_code})
        raise
    result = result | {"seconds": round(time.monotonic() - started, 2)}
    pipeline.run.write(step, result)
    return result


def _forget(run: Run, step: str) -> None:
    """Take away what an earlier attempt at this step wrote, and what later steps made of it.

    The checks of the landed data and the build do not need each other: each leaves the other's result.
    """
    failure = run.folder / "failure.json"
    if failure.exists() and json.loads(failure.read_text(encoding="utf-8"))["step"] == step:
        failure.unlink()
    later = STEPS[STEPS.index(step) :]
    for name in later:
        if not (step == "validate" and name == "build"):
            (run.folder / f"{name}.json").unlink(missing_ok=True)


def runs(home: Home) -> list[dict[str, Any]]:
    """Every run on disk, newest first: its parameters, the steps that ended, and the failure if there was one."""
    found = []
    for path in home.work.glob("[!.]*/run.json"):
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        failure = path.parent / "failure.json"
        found.append(
            record
            | {
                "steps": [step for step in STEPS if (path.parent / f"{step}.json").exists()],
                "failure": json.loads(failure.read_text(encoding="utf-8")) if failure.exists() else None,
            }
        )
    return sorted(found, key=lambda record: (record["started_at"], record["run_id"]), reverse=True)
