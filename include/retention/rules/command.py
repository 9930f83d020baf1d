"""The commands `retention rules`: what is wrong with the rows of the rule seeds."""

from typing import Annotated

import typer

from retention.console import out, print_json
from retention.errors import BuildFailedError
from retention.options import settings_with
from retention.rules.checking import check_rules

app = typer.Typer(no_args_is_help=True, help="The rows of dbt_project/seeds that decide tiers, stages and labels.")


@app.callback()
def _group() -> None:
    """Keep the name of the one command."""


@app.command(epilog="Example: retention rules check")
def check(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False) -> None:
    """List every problem of every profile's rows, with line and remedy; exit code 5 when there is one.

    A run does the same before it lands anything, and stops on those of its own profile.
    """
    problems = check_rules(settings_with().project_dir)
    if as_json:
        print_json([one.as_dict() for one in problems])
    else:
        for one in problems:
            out.print(str(one), markup=False)
        out.print("The rules have no problem." if not problems else f"Problems: {len(problems)}")
    if problems:
        raise typer.Exit(BuildFailedError.exit_code)
