"""Writing a company: lives are drawn whole, then the rest month by month, so that memory stays small.

LANDING/<entity>/synthetic_YYYY-MM.parquet      what was delivered in that month
LANDING/<entity>/synthetic_YYYY-MM-DD.parquet   what was delivered on one of the last days, if they come daily
LANDING/README.md, LANDING/_synthetic.json      that no such company exists, and what makes it again
TRUTH/*.parquet, TRUTH/company.json             what the files do not tell
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb

from retention.errors import SettingsError
from retention.simulation.books import begin_books, book, draw_changes, draw_products, draw_rates
from retention.simulation.company import Company
from retention.simulation.deliveries import PREFIX, deliver
from retention.simulation.engagement import draw_bonds, draw_campaigns, draw_touches
from retention.simulation.lives import draw_audiences, draw_calendar, draw_lives
from retention.simulation.orders import draw_orders
from retention.simulation.plan import campaigns, incidents
from retention.simulation.profiles import add_currency, draw_second_profiles, wait_customers
from retention.simulation.service import draw_interactions, draw_surveys, draw_tickets
from retention.simulation.truth import write_truth
from retention.sql import literal

FACTS, NOTE = "_synthetic.json", "README.md"
NOTICE = """# Synthetic data

No such company exists. `retention simulate` made every row in this folder from a seed: names, phone numbers and mail
addresses belong to nobody (a number may exist by chance: call none). Figures made from these files describe a
simulation and no business. `_synthetic.json` holds what makes the same files again.
"""


def write_company(
    company: Company,
    landing: Path,
    *,
    truth: Path | None = None,
    daily: Path | None = None,
    threads: int,
    memory_limit: str,
    progress: Callable[[str], None],
) -> dict[str, int]:
    """Write a company's landing files, and its truth.

    Args:
        landing: the folder for its files; an earlier simulation of the same company is replaced.
        truth: the folder for the truth; None: it is not written.
        daily: another folder for the files of the days that are delivered one by one.
        memory_limit: DuckDB's, such as '8GB'; more than that goes to disk beside the files.

    Returns:
        Rows written, by entity.

    Raises:
        SettingsError: the folder holds something else, or the truth would lie within it.
    """
    _make_room(company, landing, truth)
    scratch = landing / ".simulating.duckdb"
    _remove(scratch)
    config: dict[str, str | bool | int | float | list[str]] = {"threads": threads, "memory_limit": memory_limit}
    planned, bad_times = campaigns(company), incidents(company)
    rows: Counter[str] = Counter()
    try:
        with duckdb.connect(str(scratch), config=config) as connection:
            connection.execute(f"set enable_progress_bar = false; set temp_directory = {literal(f'{scratch}.tmp')}")
            draw_calendar(connection, company)
            draw_lives(connection, company, bad_times)
            add_currency(connection, company)
            draw_audiences(connection, company, planned)
            draw_second_profiles(connection, company)
            if truth:
                write_truth(connection, company, bad_times, planned, truth)
            draw_products(connection, company)
            draw_rates(connection, company)
            draw_changes(connection, company)
            wait_customers(connection, company)
            draw_campaigns(connection, company, planned)
            draw_bonds(connection, company)
            begin_books(connection)
            progress(f"{company.customers:,} customers drawn")
            for month in company.calendar_months():
                draw_orders(connection, company, month)
                draw_interactions(connection, company, month)
                draw_tickets(connection, company, month, bad_times)
                draw_surveys(connection, company, month)
                draw_touches(connection, company, month)
                for span in company.deliveries(month):
                    book(connection, company, span)
                    is_daily = daily is not None and span.first >= company.days - company.daily
                    rows.update(deliver(connection, span, daily if is_daily and daily else landing))
                progress(f"{month.label} written")
    finally:
        _remove(scratch)
    return dict(sorted(rows.items()))


def write_csv(company: Company, landing: Path, target: Path) -> None:
    """Write all landed orders as one CSV, of which one row in 1,000 breaks the contract: half no day, half no status.

    Args:
        landing: where `write_company` wrote.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    at = company.draws("line of the CSV", "line").uniform("bad")
    duckdb.execute(f"""
        copy (
            with lines as (
                select row_number() over () as line, *
                from read_parquet({literal(landing / "orders" / "*.parquet")})
                where not starts_with(order_id, 'BAD-')
            )
            select order_id, customer_id,
                case when {at} < 0.0005 then 'no day' else strftime(ordered_at, '%Y-%m-%d %H:%M:%S') end as ordered_at,
                amount, case when {at} between 0.0005 and 0.001 then 'unheard of' else status end as status,
                channel, discount_amount, region, updated_at
            from lines
        ) to {literal(target)} (format csv, header)""")


def _is_of_another(company: Company, truth: Path) -> bool:
    """Whether a folder holds the truth of a company other than this one."""
    known = truth / "company.json"
    if not known.exists():
        return False
    told = json.loads(known.read_text(encoding="utf-8"))
    return any(told.get(name) != value for name, value in json.loads(json.dumps(company.facts)).items())


def _make_room(company: Company, landing: Path, truth: Path | None) -> None:
    """See that the folder is empty or holds the same company, and write down what it holds."""
    if truth is not None and (truth.resolve() == landing.resolve() or landing.resolve() in truth.resolve().parents):
        raise SettingsError(
            f"The truth may not lie in the landing folder: {truth}.", "Name a folder beside it with --truth."
        )
    if truth is not None and _is_of_another(company, truth):
        raise SettingsError(f"{truth} holds the truth of another company.", "Name another folder with --truth.")
    facts = json.dumps(company.facts, indent=2) + "\n"
    known = landing / FACTS
    files = [path for path in landing.glob("*/*") if path.is_file()] if landing.exists() else []
    is_ours = known.exists() and known.read_text(encoding="utf-8") == facts
    if any(not path.name.startswith((PREFIX, f".{PREFIX}")) for path in files) or (files and not is_ours):
        raise SettingsError(
            f"{landing} holds files of another company.",
            "Name another folder with --landing, or remove what it holds; then use another home too.",
        )
    try:
        for path in files:
            path.unlink()
        landing.mkdir(parents=True, exist_ok=True)
        (landing / NOTE).write_text(NOTICE, encoding="utf-8")
        known.write_text(facts, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"Cannot write to {landing}: {error.strerror}.", "Name another with --landing.") from error


def _remove(scratch: Path) -> None:
    """Take away the database in which the company was drawn."""
    for path in (scratch, scratch.with_name(f"{scratch.name}.wal")):
        path.unlink(missing_ok=True)
    shutil.rmtree(f"{scratch}.tmp", ignore_errors=True)
