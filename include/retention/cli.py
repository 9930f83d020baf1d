"""The command line `retention`. Each command calls one function of the package; Airflow calls the same ones."""

import errno
import json
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console

from retention import (
    __version__,
    alert_command,
    bench_command,
    close_command,
    contact_command,
    customer_command,
    holidays_command,
    label_command,
    migration_command,
    notice_command,
    report_command,
    review_command,
    strategy_command,
    targets_command,
    ticket_command,
    value_command,
)
from retention.console import Progress, out, print_json, print_status, print_summary
from retention.errors import NotThereError, RetentionError, SettingsError
from retention.explanation import command as explanation_command
from retention.landing import withdraw
from retention.options import HomeOption, JsonOption, LandingOption, day_of, settings_with
from retention.pipeline import STEPS, run_all, run_step, runs
from retention.profiles import command as profile_command
from retention.program import command as program_command
from retention.publication.completeness_lists import read_worklist, write_week, write_worklist
from retention.publication.release import rollback as roll_back
from retention.rules import command as rules_command
from retention.runs import Run, open_run, start_run
from retention.settings import Settings
from retention.simulation import command as simulation_command
from retention.sources import command as sources_command
from retention.status import read_status
from retention.warehouse.lock import writer_lock

EXIT_CODES = """
Exit codes: 0 done · 1 a defect of ours · 2 wrong usage or settings · 3 a load was refused · 4 a critical check
failed · 5 the build failed · 6 publication failed · 7 another run is writing · 8 no such customer, run, release or
source · 9 a source does not answer · 10 a notice did not reach its recipient
"""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Which customers a company keeps, which it is losing, and why: from landed orders to published tables.",
    epilog=EXIT_CODES,
)
app.add_typer(customer_command.app, name="customer")
app.add_typer(contact_command.app, name="contacts")
app.add_typer(label_command.app, name="labels")
app.add_typer(review_command.app, name="review")
app.add_typer(strategy_command.app, name="strategy")
app.add_typer(profile_command.app, name="profile")
app.add_typer(value_command.app, name="value")
app.add_typer(rules_command.app, name="rules")
app.add_typer(ticket_command.app, name="tickets")
app.add_typer(program_command.program, name="program")
app.add_typer(program_command.churn, name="churn")
app.add_typer(alert_command.app, name="alerts")
app.add_typer(holidays_command.app, name="holidays")
err = Console(stderr=True, highlight=False, soft_wrap=True)

ProfileOption = Annotated[
    str | None, typer.Option("--profile", help="Named set of rule rows: retail, default_b2b, ...")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="YYYY-MM-DD", help="Day the tables describe. Default: the last day of the data."),
]
KnownByOption = Annotated[
    str | None,
    typer.Option(
        "--known-by",
        metavar="YYYY-MM-DD",
        help="See only what had been taken in by the end of that day; nothing new is landed. Default: all loads.",
    ),
]
ForwardOption = Annotated[
    bool, typer.Option("--only-forward", help="Publish without turning readers back to an earlier as-of day.")
]
FullOption = Annotated[
    bool | None,
    typer.Option(
        "--full-refresh",
        help="Build every table anew. Default: go on from the last release where that gives the same tables.",
    ),
]
TargetOption = Annotated[
    str | None, typer.Option("--target", help="Engine that builds the tables: duckdb or spark (needs Java).")
]
RunOption = Annotated[str | None, typer.Option("--run-id", help="The run to go on with. Default: the newest one.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show every model and test as it ends.")]


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit


@app.command(epilog="Example: retention run --landing data/landing --profile retail --as-of 2018-01-01 --home data")
def run(
    home: HomeOption = None,
    landing: LandingOption = None,
    profile: ProfileOption = None,
    as_of: AsOfOption = None,
    known_by: KnownByOption = None,
    target: TargetOption = None,
    full_refresh: FullOption = None,
    only_forward: ForwardOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run the whole pipeline: land, validate, build, audit, publish, report.

    With --as-of D and --known-by K it shows what day D looked like to whoever asked at the end of day K.
    """
    settings = settings_with(home=home, landing=landing, profile=profile, target=target, full_refresh=full_refresh)
    started = time.monotonic()
    with Progress(out, verbose) as progress:
        summary = run_all(
            _new_run(settings, as_of, known_by=known_by),
            settings,
            settings.landing_dir,
            say=progress.say,
            tick=progress.tick,
            done=progress.done,
            only_forward=only_forward,
        )
        progress.done("in all", time.monotonic() - started)
    print_summary(out, summary)


@app.command(epilog="Example: retention load --landing data/landing")
def load(
    home: HomeOption = None,
    landing: LandingOption = None,
    profile: ProfileOption = None,
    as_of: AsOfOption = None,
    known_by: KnownByOption = None,
    target: TargetOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Start a run: take landing files in and check them against the contracts."""
    settings = settings_with(home=home, landing=landing, profile=profile, target=target)
    this_run = _new_run(settings, as_of, known_by=known_by)
    _steps(["land", "validate"], this_run, settings, verbose)
    out.print(f"Go on with: retention build --run-id {this_run.run_id}")


@app.command(epilog="Example: retention build --run-id 20180102T090000_000")
def build(
    home: HomeOption = None,
    run_id: RunOption = None,
    full_refresh: FullOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Build and test every table of a loaded run in its private candidate."""
    settings = settings_with(home=home, full_refresh=full_refresh)
    this_run = _old_run(settings, run_id)
    _steps(["build"], this_run, settings, verbose)
    out.print(f"Candidate: {this_run.candidate}\nGo on with: retention check --run-id {this_run.run_id}")


@app.command(epilog="Example: retention check --run-id 20180102T090000_000")
def check(home: HomeOption = None, run_id: RunOption = None, verbose: VerboseOption = False) -> None:
    """Audit a built candidate: suites over its tables, raw against marts."""
    settings = settings_with(home=home)
    this_run = _old_run(settings, run_id)
    _steps(["audit"], this_run, settings, verbose)
    out.print(f"Passed. Go on with: retention publish --run-id {this_run.run_id}")


@app.command(epilog="Example: retention publish --run-id 20180102T090000_000")
def publish(home: HomeOption = None, run_id: RunOption = None, verbose: VerboseOption = False) -> None:
    """Release an audited candidate, turn the pointer to it and write the report."""
    settings = settings_with(home=home)
    this_run = _old_run(settings, run_id)
    print_summary(out, _steps(["publish", "report"], this_run, settings, verbose))


@app.command(epilog="Example: retention step audit --run-id scheduled_2018-01-01")
def step(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(STEPS)}.")],
    run_id: Annotated[str, typer.Option("--run-id", help="Name of the run; step land starts it.")],
    home: HomeOption = None,
    landing: LandingOption = None,
    profile: ProfileOption = None,
    as_of: AsOfOption = None,
    known_by: KnownByOption = None,
    target: TargetOption = None,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for another writer.")] = 0,
    only_forward: ForwardOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run one step of a named run; this is what a scheduler calls."""
    if name not in STEPS:
        raise SettingsError(f"There is no step '{name}'.", f"Use one of {', '.join(STEPS)}.")
    settings = settings_with(home=home, landing=landing, profile=profile, target=target)
    this_run = _new_run(settings, as_of, run_id, known_by) if name == "land" else open_run(settings.home_dir, run_id)
    _steps([name], this_run, settings, verbose, wait, only_forward)


@app.command(epilog="Example: retention completeness --owner 'East' --out east.xlsx --language zh")
def completeness(
    home: HomeOption = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Account owner. Default: all, a sheet for each.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="File to write, .xlsx or .csv.")] = None,
    weekly: Annotated[
        bool, typer.Option("--weekly", help="Write a list per owner and a report into HOME/reports/completeness/WEEK/.")
    ] = False,
    language: Annotated[str, typer.Option("--language", help="Language of headers and fields: en or zh.")] = "en",
) -> None:
    """List the customers that lack key fields, per account owner, from the published release."""
    place = settings_with(home=home).home_path
    if weekly:
        if owner or to:
            raise SettingsError("--weekly writes all lists, each to its place.", "Leave --owner and --out out.")
        out.print(f"written: {write_week(place, language)}", markup=False)
        return
    if to is None:
        raise SettingsError(
            "It is not said where the list should go.", "Give --out FILE.xlsx, --out FILE.csv or --weekly."
        )
    worklist = read_worklist(place, owner)
    out.print(f"{len(worklist.rows)} customers: {write_worklist(worklist, to, language)}", markup=False)


@app.command(epilog="Example: retention status --home data")
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the last releases, closed months, runs and loads, reviews that wait for a decision, and failed checks."""
    found = read_status(settings_with(home=home).home_path)
    if as_json:
        print_json(found)
    else:
        print_status(out, found)


@app.command(epilog="Example: retention rollback --to 20180102T090000_000")
def rollback(
    home: HomeOption = None,
    to: Annotated[str | None, typer.Option("--to", help="Release to go back to. Default: the one before.")] = None,
) -> None:
    """Point readers back to an earlier release, after checking that its files are whole."""
    place = settings_with(home=home).home_path
    with writer_lock(place, "rollback"):
        release_id = roll_back(place, to)
    out.print(f"Published is now release {release_id}.")


@app.command(name="withdraw", epilog="Example: retention withdraw 4cc8ac513cbe8de8")
def withdraw_load(
    load_id: Annotated[str, typer.Argument(help="The load, as retention status lists it.")], home: HomeOption = None
) -> None:
    """Take a wrong load out of the raw data, so that later runs do not see it."""
    place = settings_with(home=home).home_path
    with writer_lock(place, f"withdraw {load_id}"):
        kept = withdraw(place, load_id)
    out.print(
        f"Load {load_id} is now in {kept}. "
        "If it came as a file, take it out of the landing folder, or it is landed again; if a source delivered it, "
        "retention extract fetches it anew."
    )


explanation_command.register(app, out)
sources_command.register(app, out, err)
simulation_command.register(app, out)
bench_command.register(app, out)
close_command.register(app, out)
migration_command.register(app, out)
targets_command.register(app, out)
report_command.register(app)
notice_command.register(app)


def _new_run(settings: Settings, as_of: str | None, run_id: str | None = None, known_by: str | None = None) -> Run:
    day = day_of(as_of, "--as-of") if as_of else settings.as_of
    known = day_of(known_by, "--known-by") if known_by else settings.known_by
    return start_run(settings.home, settings.profile, day, settings.timezone, run_id, settings.target, known)


def _old_run(settings: Settings, run_id: str | None) -> Run:
    if run_id is None:
        known = runs(settings.home_path)
        if not known:
            raise NotThereError(f"There is no run in {settings.home_dir}.", "Start one: retention load.")
        run_id = known[0]["run_id"]
    return open_run(settings.home, str(run_id))


def _steps(
    names: list[str],
    this_run: Run,
    settings: Settings,
    verbose: bool,
    wait: float = 0,
    only_forward: bool = False,
) -> dict[str, Any]:
    """Run steps one after another; the result of the last one."""
    result: dict[str, Any] = {}
    with Progress(out, verbose) as progress:
        for name in names:
            result = run_step(
                name,
                this_run,
                settings,
                say=progress.say,
                tick=progress.tick,
                wait_seconds=wait,
                only_forward=only_forward,
            )
            progress.done(name, result["seconds"])
            this_run = open_run(settings.home, this_run.run_id)
    return result


STOPPED = "stopped by a signal; the last release stays published"
DAMAGED = "If a file in the home is damaged or missing, restore it from a backup; else report this as a defect."


class _Stopped(SystemExit):
    """SIGTERM or Ctrl-C came: an exception, so that what was started is stopped and cleaned up."""

    came: int | None = None
    """Which signal it was."""


def _stop(number: int, _frame: object) -> None:
    _Stopped.came = number
    raise _Stopped(128 + number)


def main() -> None:
    """Run the command line; a user's error is one line and an exit code, never a traceback."""
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as it is for what a shell runs in the background
        signal.signal(signal.SIGINT, _stop)
    try:
        app()
    except _Stopped:
        err.print(STOPPED)
        raise
    except RetentionError as error:
        err.print(f"error: {error}", markup=False)
        sys.exit(error.exit_code)
    except OSError as error:
        full = error.errno == errno.ENOSPC
        remedy = "Free some space, then run again." if full else "Make the path readable and writable."
        err.print(f"error: {error.strerror}{f': {error.filename}' if error.filename else ''}. {remedy}", markup=False)
        sys.exit(SettingsError.exit_code)
    except RuntimeError:
        if _Stopped.came is None:  # else DuckDB, interrupted in a statement, has put its own exception in its place
            raise
        err.print(STOPPED)
        sys.exit(128 + _Stopped.came)
    except (duckdb.Error, json.JSONDecodeError) as error:
        err.print(f"error: {str(error).splitlines()[0]}. {DAMAGED}", markup=False)
        sys.exit(RetentionError.exit_code)


if __name__ == "__main__":
    main()
