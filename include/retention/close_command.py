"""The command `retention close`: a month's last day, published once more and kept."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from retention.closing import close_month, closings
from retention.console import Progress, print_rows
from retention.errors import SettingsError
from retention.options import HomeOption, LandingOption, day_of, settings_with


def register(app: typer.Typer, out: Console) -> None:
    """Add the command to the command line."""

    @app.command(epilog="Example: retention close --month 2024-05")
    def close(
        home: HomeOption = None,
        month: Annotated[
            str | None, typer.Option("--month", metavar="YYYY-MM", help="Default: the last month that is over.")
        ] = None,
        known_by: Annotated[
            str | None,
            typer.Option(
                "--known-by", metavar="YYYY-MM-DD", help="Only what had been taken in by the end of that day."
            ),
        ] = None,
        known_then: Annotated[
            bool, typer.Option("--known-then", help="Only what had been taken in by the 2nd of the next month.")
        ] = False,
        again: Annotated[
            bool, typer.Option("--again", help="Also when it is closed; the former closing stays beside the new one.")
        ] = False,
        accept_gap: Annotated[
            bool, typer.Option("--accept-gap", help="Also when no order of the month's last week has been landed.")
        ] = False,
        list_them: Annotated[bool, typer.Option("--list", help="List the closed months, and close none.")] = False,
        landing: LandingOption = None,
        profile: Annotated[str | None, typer.Option("--profile", help="Named set of rule rows.")] = None,
        target: Annotated[str | None, typer.Option("--target", help="Engine: duckdb or spark.")] = None,
        wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for another writer.")] = 0,
        as_json: Annotated[bool, typer.Option("--json", help="With --list: JSON for programs.")] = False,
        verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every model as it ends.")] = False,
    ) -> None:
        """Close a month: publish its last day with what is known now, and keep that release for good.

        It goes to HOME/closings/YYYY-MM/ and is never pruned. Readers who see a later day stay there. A month that is
        closed already is left as it is.
        """
        settings = settings_with(home=home, landing=landing, profile=profile, target=target)
        if list_them:
            found = closings(settings.home_path)
            if as_json:
                sys.stdout.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")
            else:
                print_rows(out, "closed months", found)
            return
        if known_by and known_then:
            raise SettingsError("--known-by and --known-then are both given.", "Give one of the two.")
        with Progress(out, verbose) as progress:
            closed = close_month(
                settings,
                month,
                known_by=day_of(known_by, "--known-by") if known_by else None,
                known_then=known_then,
                again=again,
                accepts_gap=accept_gap,
                wait_seconds=wait,
                say=progress.say,
                tick=progress.tick,
                done=progress.done,
            )
        record = closed.record
        state = "is now closed" if closed.is_new else "was closed already"
        known = f", as known by {record['known_by']}" if record["known_by"] else ""
        out.print(f"{record['month']} {state} (at {record['closed_at']}{known}): {closed.folder}", markup=False)
        if not closed.is_new:
            out.print("Nothing was done. To close it once more: --again.")
