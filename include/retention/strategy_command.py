"""The commands `retention strategy`: changes of how a tier is treated, proposed and signed by a person (K2)."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from retention.console import out, print_rows
from retention.errors import SettingsError
from retention.landing import load_contracts
from retention.languages import check_language
from retention.options import HomeOption, day_of, settings_with
from retention.strategy import APPROVED, OPEN, REJECTED, StrategyDesk, as_markdown, write_sheet
from retention.strategy.desk import told_line

STATUSES = (OPEN, APPROVED, REJECTED)
app = typer.Typer(
    no_args_is_help=True,
    help="Changes of strategy: proposed, approved or rejected with a comment. What is decided counts from the next run "
    "on and stands in ops.audit_log.",
)

ChangeArgument = Annotated[str, typer.Argument(metavar="CHANGE", help="Its ID, as retention strategy list shows it.")]
ByOption = Annotated[str, typer.Option("--by", help="Who decides; it is kept with the decision.")]
CommentOption = Annotated[str | None, typer.Option("--comment", help="Why; no personal values.")]
VersionOption = Annotated[
    str | None, typer.Option("--version", help="The version that was looked at; another one is not decided on.")
]
WaitOption = Annotated[float, typer.Option("--wait", help="Seconds to wait for another writer.")]
LanguageOption = Annotated[str, typer.Option("--language", help="Language: en or zh.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs, on one line.")]


@app.command(
    epilog="Example: retention strategy propose --scheme retention_abcd --tier D --description 'a coupon after 3 days' "
    "--by 'Li Na'"
)
def propose(
    scheme: Annotated[str, typer.Option("--scheme", help="Tier scheme, as retention_abcd.")],
    tier: Annotated[str, typer.Option("--tier", help="Tier of the scheme whose customers are treated otherwise.")],
    description: Annotated[str, typer.Option("--description", help="What changes, in one or two sentences.")],
    by: Annotated[str, typer.Option("--by", help="Who proposes it.")],
    home: HomeOption = None,
    starts: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="Day from which it is to hold. Default: today.")
    ] = None,
    wait: WaitOption = 0,
) -> None:
    """Propose a change of how a tier is treated. Airflow asks about it at 11:00, or decide by the commands below."""
    day = day_of(starts, "--from") if starts else None
    proposal = _desk(home).propose(scheme, tier, description, by, day, wait)
    out.print(told_line(proposal), markup=False)
    out.print(f"Go on with: retention strategy approve {proposal.change_id} --by NAME", markup=False)


@app.command(name="list", epilog="Example: retention strategy list --status open")
def list_all(
    home: HomeOption = None,
    status: Annotated[str | None, typer.Option("--status", help=f"{', '.join(STATUSES)}. Default: all.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the changes of strategy: those that sources deliver and those proposed here, by the day they begin."""
    if status not in (None, *STATUSES):
        raise SettingsError(f"There is no status '{status}'.", f"Use one of {', '.join(STATUSES)}.")
    desk = _desk(home)
    found = [one for one in desk.proposals() if status in (None, one.status)]
    if as_json:
        rows = [asdict(one) | {"markdown": as_markdown(desk.home, one)} for one in found]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, default=str) + "\n")
    else:
        print_rows(out, "changes of strategy", [asdict(one) for one in found])


@app.command(epilog="Example: retention strategy show P20240502-1a2b3c --language zh")
def show(change: ChangeArgument, home: HomeOption = None, language: LanguageOption = "en") -> None:
    """Show a change of strategy as its sheet (策略调整审批表) has it, and the version that a decision is about."""
    check_language(language)
    desk = _desk(home)
    one = desk.proposal(change)
    out.print(as_markdown(desk.home, one, language), markup=False)
    out.print(f"version {one.version}", markup=False)


@app.command(epilog="Example: retention strategy approve P20240502-1a2b3c --by 'Head of sales' --comment 'for May'")
def approve(
    change: ChangeArgument,
    by: ByOption,
    home: HomeOption = None,
    comment: CommentOption = None,
    version: VersionOption = None,
    wait: WaitOption = 0,
) -> None:
    """Approve a change of strategy. The next run knows of it."""
    _decide(home, change, APPROVED, by, comment, version, wait)


@app.command(epilog="Example: retention strategy reject P20240502-1a2b3c --by 'Head of sales' --comment 'too dear'")
def reject(
    change: ChangeArgument,
    by: ByOption,
    home: HomeOption = None,
    comment: CommentOption = None,
    version: VersionOption = None,
    wait: WaitOption = 0,
) -> None:
    """Reject a change of strategy. It stays on record with who rejected it, and why."""
    _decide(home, change, REJECTED, by, comment, version, wait)


@app.command(epilog="Example: retention strategy sheet P20240502-1a2b3c")
def sheet(change: ChangeArgument, home: HomeOption = None) -> None:
    """Write the sheet of a change, English and Chinese, into HOME/reports/strategy/."""
    desk = _desk(home)
    for path in write_sheet(desk.home, desk.proposal(change)):
        out.print(f"written: {path}", markup=False)


def _decide(
    home: Path | None, change: str, decision: str, by: str, comment: str | None, version: str | None, wait: float
) -> None:
    decided = _desk(home).decide(change, decision, by, comment=comment, version=version, wait_seconds=wait)
    out.print(f"{'Recorded' if decided.is_new else 'Known already'}: {told_line(decided.proposal)}", markup=False)


def _desk(home: Path | None) -> StrategyDesk:
    settings = settings_with(home=home)
    return StrategyDesk(
        settings.home_path, settings.project_dir, load_contracts(settings.project_dir), settings.timezone
    )
