"""What `retention bench` does: measure, keep, show; or write the page."""

import re
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from retention.benchmark.goals import judge, shown_bound, shown_spread
from retention.benchmark.page import write_page
from retention.benchmark.peers import Peers
from retention.benchmark.records import read_records
from retention.benchmark.session import LARGE, Session
from retention.benchmark.value_fit import measure_value_fit
from retention.errors import SettingsError
from retention.settings import Settings

__all__ = ["measure_and_show", "measure_value_and_show", "rows_of", "write_page"]

SIZE = re.compile(r"(\d[\d_,]*)([kKmM]?)")
FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}
LEAST_ROWS = 1_000


def rows_of(text: str) -> int:
    """A number of rows, such as 250000, 300k or 10M.

    Raises:
        SettingsError: it is none, or too few to measure anything.
    """
    found = SIZE.fullmatch(text.strip())
    rows = int(re.sub(r"[_,]", "", found[1])) * FACTORS[found[2].lower()] if found else 0
    if rows < LEAST_ROWS:
        raise SettingsError(f"--rows {text} is no number of orders from 1k on.", "Write it as 250000, 300k or 10M.")
    return rows


def measure_and_show(
    settings: Settings,
    console: Console,
    *,
    sizes: tuple[int, ...],
    repeats: int,
    with_peers: bool,
    with_fixed: bool,
    keep: bool,
    results: Path,
    work: Path | None,
    history_sizes: tuple[int, ...] = (),
) -> None:
    """Measure what was asked for, then print the goals, judged by all records of the folder."""
    _require_folders(results, work)
    peers = Peers.of(settings.project_dir) if with_peers else None
    if peers and any(size < LARGE for size in sizes):
        peers.require()
    session = Session(
        settings, tuple(sorted(set(sizes))), repeats, with_fixed, keep, results,
        ["bench", *sys.argv[2:]], lambda line: console.print(line, markup=False), work, peers,
        tuple(sorted(set(history_sizes))),
    )  # fmt: skip
    for path in session.measure():
        console.print(f"kept: {path}", markup=False)
    print_goals(console, results)


def measure_value_and_show(
    settings: Settings,
    console: Console,
    sizes: tuple[int, ...],
    repeats: int,
    *,
    with_peers: bool,
    results: Path,
    work: Path | None,
) -> None:
    """Measure the fit of BG/NBD for so many customers, then print the goals, judged by all records of the folder."""
    _require_folders(results, work)
    peers = Peers.of(settings.project_dir) if with_peers else None
    if peers:
        peers.require()
    place = (work or settings.home_dir / "bench").expanduser().resolve()
    for customers in sorted(set(sizes)):
        path = measure_value_fit(
            settings, customers, repeats, peers, results, place, ["bench", *sys.argv[2:]],
            lambda line: console.print(line, markup=False),
        )  # fmt: skip
        console.print(f"kept: {path}", markup=False)
    print_goals(console, results)


def _require_folders(*folders: Path | None) -> None:
    """See that what is to be a folder is no file, before an hour of measuring."""
    for folder in filter(None, folders):
        if folder.exists() and not folder.is_dir():
            raise SettingsError(f"{folder} is a file.", "Name a folder with --out and --work.")


def print_goals(console: Console, results: Path) -> None:
    """The table of goals: each with its bound, what was reached at which size, and the verdict."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("goal", "bound", "measured", "orders", "verdict"):
        table.add_column(title, no_wrap=not console.is_terminal)
    outcomes = judge(read_records(results))
    for outcome in outcomes:
        table.add_row(
            outcome.goal.name,
            shown_bound(outcome.goal),
            shown_spread(outcome),
            f"{outcome.rows:,}" if outcome.rows else "-",
            outcome.verdict + (" (provisional)" if outcome.is_provisional else ""),
        )
    console.print("\ngoals", style="bold")
    console.print(table)
    if any(outcome.is_provisional for outcome in outcomes):
        console.print("provisional: others used the machine meanwhile; measure again when it is quiet")
