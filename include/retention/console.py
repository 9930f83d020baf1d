"""What the command line shows a person, and what it writes for programs."""

import json
import sys
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.status import Status
from rich.table import Table

from retention.publication.provenance import NOTICE

TITLES = {
    "waiting_reviews": "tier reviews that wait for a decision (retention review show REVIEW)",
    "failed_checks": "failed checks of the published release",
}
NONE = {"en": "none", "zh": "无"}
# A pipe has no width: a line that breaks by chance is worse to read and to search than a long one.
PIPE_WIDTH = 400
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)
"""Standard output of every command."""


class Progress:
    """Lines as steps end; on a terminal also a moving line that shows what goes on.

    Args:
        verbose: keep every line of progress.
    """

    def __init__(self, console: Console, verbose: bool) -> None:
        self.console = console
        self.verbose = verbose
        self.status = Status("starting", console=console) if console.is_terminal else None

    def __enter__(self) -> Self:
        """Start the moving line."""
        if self.status:
            self.status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the moving line away, so that it does not stand over an error."""
        if self.status:
            self.status.stop()

    def say(self, line: str) -> None:
        """A line worth keeping."""
        self.console.print(f"  {line}", markup=False)

    def tick(self, line: str) -> None:
        """A line that only shows that work goes on."""
        if self.verbose:
            self.say(line)
        elif self.status:
            self.status.update(line[: max(20, self.console.width - 10)])

    def done(self, step: str, seconds: float) -> None:
        """A step has ended."""
        self.console.print(f"{step:<9} {seconds:6.1f} s", markup=False)


def print_summary(console: Console, summary: dict[str, Any]) -> None:
    """The headline figures of a release, and where its files are."""
    figures = summary["figures"]
    console.print()
    if summary["is_synthetic"]:
        console.print(NOTICE, style="bold", markup=False)
    known = f", as known by {summary['known_by']}" if summary["known_by"] else ""
    console.print(f"As of {summary['as_of_date']}{known}, profile {summary['profile']}, run {summary['run_id']}")
    console.print(
        f"  {figures['customers']:,} customers, {figures['orders']:,} orders, {figures['purchases']:,} purchases, "
        f"net revenue {figures['net_revenue']:,}, orders from {figures['first_order_on']} to {figures['last_order_on']}"
    )
    loads = summary["loads"]
    console.print(
        f"  loads: {loads['files_loaded']} new files with {loads['rows_loaded']:,} rows "
        f"({loads['rows_duplicate']:,} duplicates, {loads['rows_quarantined']:,} quarantined), "
        f"{loads['files_known']} files known already"
    )
    print_rows(console, "tiers of the primary scheme", summary["lists"]["tiers"])
    if summary["lists"]["waiting"]:
        print_rows(console, "tiers that differ from those in force, waiting for approval", summary["lists"]["waiting"])
    print_rows(console, "lifecycle stages", summary["lists"]["stages"])
    print_rows(console, "retention over the rolling period", summary["lists"]["retention"])
    print_rows(console, "checks that did not pass", summary["lists"]["failed_checks"])
    console.print()
    if summary["value_missing_reason"]:
        reason = summary["value_missing_reason"].replace("_", " ")
        console.print(f"Foretold value: none, {reason}. To fit the models: retention value fit", markup=False)
    console.print(f"Tables:    {summary['published']} (schema marts, {summary['tables']} tables)", markup=False)
    console.print(f"Summary:   {summary['summary']}", markup=False)
    console.print(f"Data Docs: {summary['data_docs']}", markup=False)


def print_status(console: Console, status: dict[str, Any]) -> None:
    """Releases, runs, loads and failed checks; a failed run's error on a line of its own."""
    for title, rows in status.items():
        shown = [{name: value for name, value in row.items() if name != "error"} for row in rows]
        print_rows(console, TITLES.get(title, title), shown)
        for row in rows:
            if row.get("error"):
                console.print(f"  {row['run_id']} failed in {row['failed_step']}: {row['error']}", markup=False)


def print_identity(console: Console, shown: dict[str, Any]) -> None:
    """Who a profile is one customer with, what waits for review, and what was decided."""
    own, golden = shown["customer_id"], shown["golden_customer_id"]
    if golden is None:
        console.print(f"Customer {own}: nothing has been published yet", markup=False)
    elif not shown["profiles"]:
        console.print(f"Customer {own} is merged with nobody", markup=False)
    else:
        into = "is the customer whom the others were merged into" if own == golden else f"was merged into {golden}"
        console.print(f"Customer {own} {into}", markup=False)
        print_rows(console, "profiles of the customer", shown["profiles"])
    print_rows(console, "cases for review", shown["review"])
    print_rows(console, "decisions in force (they take effect with the next run)", shown["decisions"])


def print_decided(console: Console, recorded: list[dict[str, Any]], known: list[dict[str, Any]]) -> None:
    """What a command recorded, and what was decided before."""
    for row in known:
        console.print(f"Known already: {_decision(row)} ({row['decision_id']}, {row['reason']})", markup=False)
    for row in recorded:
        console.print(f"Recorded: {_decision(row)} ({row['decision_id']})", markup=False)
    console.print("It takes effect with the next run." if recorded else "Nothing was recorded.", markup=False)


def _decision(row: dict[str, Any]) -> str:
    if row["action"] == "withdraw":
        return f"decision {row['withdrawn_decision_id']} is withdrawn"
    return f"{row['action']} {row['customer_id']} {row.get('other_customer_id') or ''}".rstrip()


def print_json(found: object) -> None:
    """Write for programs."""
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False, default=str) + "\n")


def print_rows(console: Console, title: str, rows: list[dict[str, Any]], language: str = "en") -> None:
    """A table of rows under a title; that there are none is said in the language."""
    console.print()
    console.print(title, style="bold")
    if not rows:
        console.print(f"  {NONE[language]}")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 1), header_style="dim")
    numeric = {name for name in rows[0] if all(_is_number(row.get(name)) for row in rows)}
    for name in rows[0]:
        table.add_column(
            name, justify="right" if name in numeric else "left", overflow="fold", no_wrap=not console.is_terminal
        )
    for row in rows:
        table.add_row(*(shown(value) for value in row.values()))
    console.print(table)


def _is_number(value: object) -> bool:
    return value is None or (not isinstance(value, bool | str) and str(value).replace(".", "", 1).isdigit())


def shown(value: object) -> str:
    """A value as people read it: thousands parted, at most four decimals, `-` for none."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
