"""The commands `retention customer`: who is who, decided by people (I7)."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from retention.console import out, print_decided, print_identity, print_json
from retention.identity import Decided, Desk, merge, show_customer, split, withdraw_decisions
from retention.landing import load_contracts
from retention.options import HomeOption, settings_with

app = typer.Typer(
    no_args_is_help=True,
    help="Who is who: merge profiles of one customer, split one off, and see why. Decisions beat the rules.",
)

ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for whoever asks later; no personal values.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides. Default: the name you are logged in by.")]


@app.command(name="merge", epilog='Example: retention customer merge C1007 C2210 --reason "same person, moved house"')
def merge_profiles(
    customer_ids: Annotated[list[str], typer.Argument(metavar="ID ID...", help="Profiles that are one customer.")],
    reason: ReasonOption,
    home: HomeOption = None,
    by: ByOption = None,
) -> None:
    """Decide that profiles are one customer, whatever their keys say."""
    _tell(merge(_desk(home, by), customer_ids, reason))


@app.command(name="split", epilog='Example: retention customer split C2210 --reason "the father\'s phone"')
def split_profile(
    customer_id: Annotated[str, typer.Argument(metavar="ID", help="The profile that stands alone.")],
    reason: ReasonOption,
    home: HomeOption = None,
    by: ByOption = None,
) -> None:
    """Decide that a profile is a customer of its own: its keys link nobody, earlier merges of it no longer hold."""
    _tell(split(_desk(home, by), customer_id, reason))


@app.command(name="withdraw", epilog='Example: retention customer withdraw 20240229-1f6c0a2b --reason "wrong profile"')
def withdraw_decision(
    decision_ids: Annotated[list[str], typer.Argument(metavar="DECISION...", help="Decisions that no longer hold.")],
    reason: ReasonOption,
    home: HomeOption = None,
    by: ByOption = None,
) -> None:
    """Take decisions back: the rules and the other decisions hold again."""
    _tell(withdraw_decisions(_desk(home, by), decision_ids, reason))


@app.command(epilog="Example: retention customer show C2210")
def show(
    customer_id: Annotated[str, typer.Argument(metavar="ID", help="A profile's ID, as in the landed files.")],
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show whom a profile was merged with, by which keys and decisions, and what waits for review."""
    shown = show_customer(_desk(home, None), customer_id)
    if as_json:
        print_json(shown)
    else:
        print_identity(out, shown)


def _desk(home: Path | None, by: str | None) -> Desk:
    settings = settings_with(home=home)
    contracts = load_contracts(settings.project_dir)
    return Desk(settings.home_path, contracts, settings.timezone, by or getpass.getuser())


def _tell(decided: Decided) -> None:
    print_decided(out, decided.recorded, decided.known)
