"""The commands `retention review`: the quarterly tier review, opened, read, exported and decided (T)."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from retention.console import out, print_rows
from retention.errors import NotThereError
from retention.landing import load_contracts
from retention.options import HomeOption, settings_with
from retention.reviews import (
    APPROVED,
    REJECTED,
    Review,
    ReviewDesk,
    as_markdown,
    changes,
    decide,
    moves,
    open_review,
    report_path,
    write_changes,
)

SHOWN = 10
app = typer.Typer(
    no_args_is_help=True,
    help="Tier reviews: who would change tier, and what people decided. Under the reviewed scheme (parameter "
    "review_scheme of the profile) a new tier is in force once it is approved.",
)

ReviewArgument = Annotated[str, typer.Argument(metavar="REVIEW", help="Its name, as 2026Q3.")]
SchemeOption = Annotated[str | None, typer.Option("--scheme", help="Tier scheme, where a quarter has two reviews.")]
LanguageOption = Annotated[str, typer.Option("--language", help="Language of headers and codes: en or zh.")]
ApproverOption = Annotated[str, typer.Option("--approver", help="Who decides; it is kept with the decision.")]
CustomerOption = Annotated[
    list[str] | None, typer.Option("--customer", help="Only this customer; repeat it. Default: all undecided ones.")
]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why, for whoever asks later; no personal values.")]
WaitOption = Annotated[float, typer.Option("--wait", help="Seconds to wait for another writer.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs, on one line.")]


@app.command(name="open", epilog="Example: retention review open --quarter 2026Q3")
def open_one(
    home: HomeOption = None,
    quarter: Annotated[
        str | None, typer.Option("--quarter", metavar="YYYYQn", help="Default: the last one the release has whole.")
    ] = None,
    wait: WaitOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Open the review of a quarter from the published release. Opened again, it says so and changes nothing."""
    desk = _desk(home)
    opened = open_review(desk, quarter, wait)
    review, text = opened.review, None
    if review is not None:
        path = report_path(desk.home, review)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_changes(changes(desk, review), path)
        text = as_markdown(review, moves(desk, review), path)
    if as_json:
        answer = {"said": opened.said, "is_new": opened.is_new, "review": review and asdict(review), "markdown": text}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
        return
    out.print(opened.said, markup=False)
    if review is not None:
        _tell(review)
        print_rows(out, "moves", moves(desk, review))
        out.print(f"\nEvery customer: {path}", markup=False)


@app.command(name="list", epilog="Example: retention review list")
def list_all(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the reviews with what waits, what was approved and what was rejected."""
    desk = _desk(home)
    found = [asdict(one) for one in desk.reviews()]
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")
        return
    print_rows(out, "tier reviews", found)


@app.command(epilog="Example: retention review show 2026Q3")
def show(review_id: ReviewArgument, home: HomeOption = None, scheme: SchemeOption = None) -> None:
    """Show a review: the moves from tier to tier with the spend at stake, and its most valuable customers."""
    desk = _desk(home)
    review = desk.review(review_id, scheme)
    _tell(review)
    print_rows(out, "moves", moves(desk, review))
    print_rows(out, f"most valuable customers, {SHOWN} at most", changes(desk, review, limit=SHOWN))


@app.command(epilog="Example: retention review export 2026Q3 --out review.xlsx --language zh")
def export(
    review_id: ReviewArgument,
    to: Annotated[Path, typer.Option("--out", help="File to write, .xlsx or .csv.")],
    home: HomeOption = None,
    scheme: SchemeOption = None,
    language: LanguageOption = "en",
) -> None:
    """Write every customer of a review whose tier would change, for those who decide."""
    desk = _desk(home)
    rows = changes(desk, desk.review(review_id, scheme), language)
    out.print(f"{len(rows)} customers: {write_changes(rows, to, language)}", markup=False)


@app.command(epilog="Example: retention review approve 2026Q3 --approver 'Head of sales' --note 'as discussed'")
def approve(
    review_id: ReviewArgument,
    approver: ApproverOption,
    home: HomeOption = None,
    customer: CustomerOption = None,
    scheme: SchemeOption = None,
    note: NoteOption = None,
    wait: WaitOption = 0,
) -> None:
    """Approve what waits in a review: the new tiers are in force from the next run on."""
    _decide(home, review_id, APPROVED, approver, scheme, customer, note, wait)


@app.command(epilog="Example: retention review reject 2026Q3 --customer C1007 --approver 'Head of sales'")
def reject(
    review_id: ReviewArgument,
    approver: ApproverOption,
    home: HomeOption = None,
    customer: CustomerOption = None,
    scheme: SchemeOption = None,
    note: NoteOption = None,
    wait: WaitOption = 0,
) -> None:
    """Reject what waits in a review: the former tiers stay in force."""
    _decide(home, review_id, REJECTED, approver, scheme, customer, note, wait)


def _decide(
    home: Path | None,
    review_id: str,
    decision: str,
    approver: str,
    scheme: str | None,
    customer_ids: list[str] | None,
    note: str | None,
    wait: float,
) -> None:
    decided = decide(
        _desk(home),
        review_id,
        decision,
        approver,
        scheme=scheme,
        customer_ids=customer_ids or (),
        note=note,
        wait_seconds=wait,
    )
    if decided.known:
        known = decided.known
        out.print(f"Known already: {decision} by {known['approver']} at {known['decided_at']}", markup=False)
    if decided.customers:
        out.print(f"Recorded: {decided.customers} {decision} by {approver}. It takes effect with the next run.")
    else:
        out.print("Nothing was recorded.")
    _tell(decided.review)


def _tell(review: Review) -> None:
    left = f", {review.waiting} waiting" if review.followed_at is None else ", followed by a later review"
    out.print(
        f"Review {review.review_id} of {review.scheme}, tiers on {review.reviewed_on}: {review.changes} changes of "
        f"{review.customers} customers, {review.approved} approved, {review.rejected} rejected{left}",
        markup=False,
    )


def _desk(home: Path | None) -> ReviewDesk:
    settings = settings_with(home=home)
    if not settings.home_path.published.exists():
        raise NotThereError(
            f"Nothing has been published in {settings.home_dir} yet.", "Run the pipeline first: retention run."
        )
    return ReviewDesk(settings.home_path, load_contracts(settings.project_dir), settings.timezone)
