"""What is on record of tier reviews: rows of the entities `tier_reviews` and `tier_decisions`, loads like any other.

Read from raw, not from the release: what was opened or decided since the last run is there, too.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.landing import Contract, Delivery, land_one, raw_relation_sql
from retention.landing.vault import scratch_folder, sweep_scratch
from retention.runs import Home
from retention.sql import literal

REVIEWS, DECISIONS, CHANGES = "tier_reviews", "tier_decisions", "strategy_changes"
SOURCE = "reviews"

# As the model reads them: int_tier_reviews.
TOLD = """
    with reviewed as (
        select * from ({reviews})
        qualify row_number() over (
            partition by review_id, scheme, customer_id order by _load_seq desc, _line_no desc
        ) = 1
    ),
    opened as (
        select review_id, scheme, max(reviewed_on) as reviewed_on, min(opened_at) as opened_at
        from reviewed group by review_id, scheme
    ),
    followed as (
        select *, lead(opened_at) over (partition by scheme order by reviewed_on, opened_at) as followed_at
        from opened
    ),
    newest as (
        select * from ({decisions})
        qualify row_number() over (partition by decision_id order by _load_seq desc, _line_no desc) = 1
    ),
    counted as (
        select newest.* from newest
        join followed on newest.review_id = followed.review_id and newest.scheme = followed.scheme
            and (followed.followed_at is null or newest.decided_at < followed.followed_at)
        qualify row_number() over (
            partition by newest.review_id, newest.scheme, newest.customer_id
            order by newest.decided_at desc, newest._load_seq desc, newest._line_no desc
        ) = 1
    ),
    told as (
        select
            reviewed.review_id, reviewed.scheme, reviewed.customer_id, followed.reviewed_on, followed.opened_at,
            followed.followed_at, reviewed.tier_before, reviewed.tier_after,
            coalesce(reviewed.value_at_stake, 0) as value_at_stake,
            coalesce(own.decision, whole.decision) as decision,
            case when own.decision is null then whole.approver else own.approver end as approver,
            case when own.decision is null then whole.decided_at else own.decided_at end as decided_at
        from reviewed
        join followed on reviewed.review_id = followed.review_id and reviewed.scheme = followed.scheme
        left join counted as own on reviewed.review_id = own.review_id and reviewed.scheme = own.scheme
            and reviewed.customer_id = own.customer_id
        left join counted as whole on reviewed.review_id = whole.review_id and reviewed.scheme = whole.scheme
            and whole.customer_id is null
    )
    select
        * exclude (decision),
        case
            when tier_before = tier_after then 'unchanged'
            when decision is not null then decision
            when followed_at is not null then 'superseded'
            else 'waiting'
        end as status
    from told
"""
SUMMED = """
    select
        review_id, scheme, any_value(reviewed_on) as reviewed_on, any_value(opened_at) as opened_at,
        any_value(followed_at) as followed_at, count(*) as customers,
        count(*) filter (where status != 'unchanged') as changes,
        count(*) filter (where status = 'waiting') as waiting,
        count(*) filter (where status = 'approved') as approved,
        count(*) filter (where status = 'rejected') as rejected,
        coalesce(sum(value_at_stake) filter (where status != 'unchanged'), 0)::decimal(18, 2) as value_at_stake
    from ({told})
    group by review_id, scheme
    order by reviewed_on desc, scheme
"""


@dataclass(frozen=True)
class Review:
    """A tier review with its counts.

    Attributes:
        review_id: its name, the quarter as 2026Q3.
        reviewed_on: last day of the quarter; once approved, the new tiers are in force from it on.
        opened_at: when it was opened, in the business's time zone.
        followed_at: when the next review of the scheme was opened; None while it is the last one.
        customers: customers known on the reviewed day.
        changes: those whose tier it would change; the sum of the waiting, approved, rejected and superseded ones.
        value_at_stake: their spend of the RFM window.
    """

    review_id: str
    scheme: str
    reviewed_on: date
    opened_at: datetime
    followed_at: datetime | None
    customers: int
    changes: int
    waiting: int
    approved: int
    rejected: int
    value_at_stake: Decimal


@dataclass(frozen=True)
class ReviewDesk:
    """Where reviews are opened and decided: a home and its contracts.

    Attributes:
        timezone: the business's time zone.
    """

    home: Home
    contracts: Mapping[str, Contract]
    timezone: str

    def told_sql(self) -> str:
        """A SELECT over all rows of all reviews, with the state of each."""
        reviews, decisions = (raw_relation_sql(self.home, self.contracts[name]) for name in (REVIEWS, DECISIONS))
        return TOLD.format(reviews=reviews, decisions=decisions)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Ask a query of its own connection."""
        with duckdb.connect() as connection:
            result = connection.execute(query)
            names = [column[0] for column in result.description or []]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def reviews(self) -> list[Review]:
        """All reviews, the newest quarter first."""
        return [Review(**row) for row in self.rows(SUMMED.format(told=self.told_sql()))]

    def review(self, review_id: str, scheme: str | None = None) -> Review:
        """Find a review.

        Raises:
            NotThereError: there is none of this name.
            SettingsError: there are several, of different schemes, and none is named.
        """
        known = self.reviews()
        found = [one for one in known if one.review_id == review_id and scheme in (None, one.scheme)]
        if not found:
            names = ", ".join(dict.fromkeys(one.review_id for one in known))
            raise NotThereError(
                f"There is no review '{review_id}'{f' of scheme {scheme}' if scheme else ''}.",
                f"Choose one of: {names}." if names else "Open one: retention review open.",
            )
        if len(found) > 1:
            raise SettingsError(
                f"Review {review_id} is there for {' and '.join(one.scheme for one in found)}.", "Say which: --scheme."
            )
        return found[0]

    def changes_of(self, review: Review, customer_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The changes that a review has for these customers, by customer."""
        named = ", ".join(map(literal, customer_ids))
        return {row["customer_id"]: row for row in self.rows(self._changes(review, f"customer_id in ({named})"))}

    def latest(self, review: Review, status: str) -> dict[str, Any] | None:
        """The change of a review that was decided so last; None where none was."""
        query = self._changes(review, f"status = {literal(status)}")
        found = self.rows(f"{query} order by decided_at desc, customer_id limit 1")
        return found[0] if found else None

    def _changes(self, review: Review, condition: str) -> str:
        return (
            f"select * from ({self.told_sql()}) where review_id = {literal(review.review_id)} "
            f"and scheme = {literal(review.scheme)} and status != 'unchanged' and {condition}"
        )

    def now(self) -> datetime:
        """The present instant in the business's time zone, without offset."""
        return datetime.now(ZoneInfo(self.timezone)).replace(tzinfo=None, microsecond=0)

    def record(self, entity: str, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Land rows of an entity as one load; none when there are none."""
        if rows:
            path = scratch_folder(self.home) / f"{name}.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            self.land(entity, path, "csv")

    def land(self, entity: str, path: Path, form: str) -> None:
        """Land a file of the scratch folder, and sweep that."""
        try:
            delivery = Delivery(path, self.contracts[entity], form)
            land_one(self.home, delivery, timezone=self.timezone, source=SOURCE)
        finally:
            sweep_scratch(self.home)
