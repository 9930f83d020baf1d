"""The command `retention migration`."""

from typing import Annotated, Any

import typer
from rich.console import Console

from retention.console import print_json, print_rows
from retention.options import HomeOption, day_of, settings_with
from retention.tier_moves import ENTERED, Moves, count_moves

TITLES = {
    "en": "{scheme}: from the tiers of {start} (rows) to those of {end} (columns)",
    "zh": "{scheme}：从 {start} 的层级（行）到 {end} 的层级（列）",
}
HEADS = {"en": ("from", "customers", "stayed"), "zh": ("原层级", "客户数", "留在原层级的比例")}


def register(app: typer.Typer, out: Console) -> None:
    """Add the command."""

    @app.command(epilog="Example: retention migration --from 2025-01-31 --to 2025-09-30 --scheme value_sabc")
    def migration(
        start: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="The earlier month-end.")],
        end: Annotated[
            str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="The later month-end. Default: the last one.")
        ] = None,
        scheme: Annotated[
            str | None, typer.Option("--scheme", help="Tier scheme. Default: the company's primary scheme.")
        ] = None,
        language: Annotated[str, typer.Option("--language", help="Language of heads and tiers: en or zh.")] = "en",
        home: HomeOption = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """Count who moved from which tier to which between any two month-ends of the published history.

        Each row adds up to the tier's customers at the earlier month-end; `entered` are customers not yet known then.
        The table tier_migration holds the usual spans (a month, a quarter, half a year, a year) ready made.
        """
        moves = count_moves(
            settings_with(home=home).home_path,
            day_of(start, "--from"),
            day_of(end, "--to") if end else None,
            scheme,
            language,
        )
        if as_json:
            print_json(moves.as_json())
        else:
            _print(out, moves, language)


def _print(out: Console, moves: Moves, language: str) -> None:
    before, total, stayed = HEADS[language]
    rows: list[dict[str, Any]] = []
    for tier in moves.from_tiers:
        cells = {f"→ {_named(moves, after, language)}": moves.counts.get((tier, after), 0) for after in moves.to_tiers}
        share = moves.stayed_share(tier)
        rows.append({before: _named(moves, tier, language), **cells, total: sum(cells.values()), stayed: share})
    print_rows(out, TITLES[language].format(scheme=moves.scheme, start=moves.start, end=moves.end), rows, language)


def _named(moves: Moves, tier: str, language: str) -> str:
    """A tier with its name; the tier alone where it is a value of the data, the name alone where there is no tier."""
    if tier == ENTERED and language != "en":
        return moves.labels.get(tier, tier)
    return f"{tier} {moves.labels[tier]}" if tier in moves.labels else tier
