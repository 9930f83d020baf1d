"""Opening a review: the tiers of a quarter's last day beside those in force, for every customer, landed as one load.

Every customer gets a row, changed or not. Neither late data nor edited rules can then move anybody behind the back of
those who approve: what is in force is what was recorded, not what would be computed today.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.landing.vault import scratch_folder
from retention.reviews.desk import REVIEWS, Review, ReviewDesk
from retention.sql import literal
from retention.warehouse.candidate import open_warehouse
from retention.warehouse.lock import writer_lock

QUARTER = re.compile(r"([12]\d{3})Q([1-4])")
HOW_TO_REVIEW = (
    "Tiers follow the rules at once. To have a scheme reviewed, add a row such as "
    "`{profile},review_scheme,{scheme},,T,Reviewed quarterly` to dbt_project/seeds/profile_parameters.csv, and run."
)
# Of an earlier review the row of the newest counts; profiles merged since speak by the customer's own row first.
IN_FORCE = """
    select
        coalesce(merges.golden_customer_id, told.customer_id) as customer_id,
        case when told.status in ('approved', 'unchanged') then told.tier_after else told.tier_before end as tier
    from ({told}) as told
    left join marts.customer_merges as merges on told.customer_id = merges.customer_id
    where told.scheme = {scheme} and told.reviewed_on < {day}
    qualify row_number() over (
        partition by coalesce(merges.golden_customer_id, told.customer_id)
        order by told.reviewed_on desc, told.review_id desc, coalesce(merges.is_golden, true) desc, told.customer_id
    ) = 1
"""
ON_DAY = "select customer_id, {column} as tier from intermediate.int_tier_history where snapshot_on = {day}"
ROWS = """
    select
        {review_id} as review_id, {scheme} as scheme, {day} as reviewed_on, computed.customer_id,
        coalesce(former.tier, computed.tier) as tier_before, computed.tier as tier_after,
        coalesce(rfm.monetary_12m, 0) as value_at_stake, timestamp {opened_at} as opened_at
    from ({computed}) as computed
    left join ({former}) as former on computed.customer_id = former.customer_id
    left join marts.customer_rfm as rfm on computed.customer_id = rfm.customer_id
    order by computed.customer_id
"""


@dataclass(frozen=True)
class Opened:
    """What opening came to.

    Attributes:
        review: None where the profile has no scheme reviewed.
        is_new: whether it was opened just now.
        said: one line for people.
    """

    review: Review | None
    is_new: bool
    said: str


def quarter_end(quarter: str) -> date:
    """Last day of a quarter.

    Raises:
        SettingsError: it is not written as one.
    """
    match = QUARTER.fullmatch(quarter.upper())
    if match is None:
        raise SettingsError(f"--quarter {quarter} is no quarter.", "Write it as YYYYQn, for example 2026Q3.")
    year, number = int(match.group(1)), int(match.group(2))
    return (date(year, 12, 31)) if number == 4 else date(year, 3 * number + 1, 1) - timedelta(days=1)  # noqa: PLR2004  # quarters


def last_quarter(day: date) -> str:
    """The last quarter that is over at the close of a day."""
    first = (day + timedelta(days=1)).replace(day=1)
    before = date(first.year, first.month - (first.month - 1) % 3, 1) - timedelta(days=1)
    return f"{before.year}Q{(before.month + 2) // 3}"


def open_review(desk: ReviewDesk, quarter: str | None = None, wait_seconds: float = 0) -> Opened:
    """Open the review of a quarter from the published release, once.

    The first review compares with the tiers at the end of the quarter before, every later one with what is in force.

    Args:
        quarter: as 2026Q3; default: the last one that the published release has seen to its end.
        wait_seconds: how long to wait for another writer.

    Raises:
        NotThereError: nothing has been published, or the release does not know the quarter's last day.
        SettingsError: the quarter is none, or a later one has been reviewed already.
    """
    if not desk.home.published.exists():
        raise NotThereError(f"Nothing has been published in {desk.home.path} yet.", "Run first: retention run.")
    with (
        writer_lock(desk.home, "review open", wait_seconds),
        open_warehouse(desk.home.published, read_only=True) as connection,
    ):
        profile, as_of, scheme = _asked(connection)
        schemes = [name for (name,) in connection.execute(
            "select distinct scheme from marts.customer_tiers order by scheme"
        ).fetchall()]  # fmt: skip
        if scheme is None:
            how = HOW_TO_REVIEW.format(profile=profile, scheme=_primary(connection))
            return Opened(None, False, f"Profile '{profile}' has no scheme reviewed. {how}")
        if scheme not in schemes:
            raise SettingsError(
                f"review_scheme of profile '{profile}' is '{scheme}', of which there are no rules.",
                f"Use one of: {', '.join(schemes)}.",
            )
        review_id = (quarter or last_quarter(as_of)).upper()
        day = quarter_end(review_id)
        earlier = [one for one in desk.reviews() if one.scheme == scheme]
        known = next((one for one in earlier if one.review_id == review_id), None)
        if known is not None:
            return Opened(known, False, f"Review {review_id} of {scheme} was opened at {known.opened_at}.")
        _check_day(connection, earlier, review_id, day, as_of)
        column = f"tier_{schemes.index(scheme) + 1}"
        names = {"scheme": literal(scheme), "day": f"date {literal(day)}"}
        former = (
            IN_FORCE.format(told=desk.told_sql(), **names)
            if earlier
            else ON_DAY.format(column=column, day=f"date {literal(quarter_end(_before(review_id)))}")
        )
        rows = ROWS.format(
            review_id=literal(review_id),
            computed=ON_DAY.format(column=column, day=names["day"]),
            former=former,
            opened_at=literal(desk.now()),
            **names,
        )
        path = scratch_folder(desk.home) / f"review-{review_id}.parquet"
        connection.execute(f"copy ({rows}) to {literal(path)} (format parquet)")
        desk.land(REVIEWS, path, "parquet")
    review = desk.review(review_id, scheme)
    return Opened(review, True, f"Review {review_id} of {scheme} is open: {review.changes} of {review.customers} "
                  f"customers would change tier, {review.value_at_stake:,} at stake.")  # fmt: skip


def _primary(connection: duckdb.DuckDBPyConnection) -> str:
    """The company's primary scheme; else the first by name."""
    [(scheme,)] = connection.execute(
        "select arg_min(scheme, (not is_primary_scheme, scheme)) from marts.customer_tiers"
    ).fetchall()
    return str(scheme or "SCHEME")


def _before(quarter: str) -> str:
    return last_quarter(quarter_end(quarter) - timedelta(days=1))


def _asked(connection: duckdb.DuckDBPyConnection) -> tuple[str, date, str | None]:
    """Profile, day and reviewed scheme of the release."""
    try:
        [(profile, as_of, scheme)] = connection.execute(
            "select asked.profile, asked.as_of_date, profile.review_scheme "
            "from raw.run_parameters as asked cross join intermediate.int_profile as profile"
        ).fetchall()
    except duckdb.BinderException as error:
        raise NotThereError("The published release knows nothing of reviews.", "Run again: retention run.") from error
    return str(profile), as_of, scheme


def _check_day(
    connection: duckdb.DuckDBPyConnection, earlier: list[Review], review_id: str, day: date, as_of: date
) -> None:
    """Refuse a quarter that comes before a reviewed one, is not over, or of which the release has no tiers."""
    if earlier and earlier[0].reviewed_on >= day:
        raise SettingsError(
            f"{earlier[0].review_id} has been reviewed already, so {review_id} cannot be opened any more.",
            "Reviews follow each other; leave --quarter out for the next one.",
        )
    if as_of < day:
        raise NotThereError(
            f"The published release describes {as_of}; {review_id} ends on {day}.",
            f"Publish a day from then on: retention run --as-of {day}.",
        )
    [(known,)] = connection.execute(
        f"select count(*) from intermediate.int_snapshot_dates where snapshot_on = date {literal(day)}"
    ).fetchall()
    if not known:
        raise NotThereError(
            f"The published release has no tiers of {day}, the last day of {review_id}.",
            "Open the review of a later quarter.",
        )
