"""Deciding a review: approvals and rejections are loads, and so is the change of strategy that an approval makes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from retention.errors import NotThereError, SettingsError
from retention.landing import raw_relation_sql
from retention.reviews.desk import CHANGES, DECISIONS, Review, ReviewDesk
from retention.sql import literal
from retention.warehouse.lock import writer_lock

APPROVED, REJECTED = "approved", "rejected"
ID_BYTES = 4
# One change of strategy for each tier that customers enter; a later approval of more of them is its newer version.
STRATEGY = """
    with moves as (
        select tier_before, tier_after, count(*) as customers, sum(value_at_stake) as value_at_stake,
            arg_max(approver, decided_at) as approver, max(decided_at) as approved_at
        from ({told})
        where review_id = {review_id} and scheme = {scheme} and status = 'approved'
        group by tier_before, tier_after
    ),
    wanted as (
        select
            {review_id} || '/' || {scheme} || '/' || tier_after as change_id, date {reviewed_on} as changed_on,
            {scheme} as scheme, tier_after as tier,
            'Tier review ' || {review_id} || ': ' || sum(customers) || ' customers enter (' ||
                string_agg(customers || ' from ' || tier_before, ', ' order by tier_before) || '), spend ' ||
                sum(value_at_stake)::decimal(18, 2) as description,
            arg_max(approver, approved_at) as approver, max(approved_at) as approved_at
        from moves group by tier_after
    ),
    recorded as (
        select * from ({changes})
        qualify row_number() over (partition by change_id order by _load_seq desc, _line_no desc) = 1
    )
    select wanted.* from wanted left join recorded on wanted.change_id = recorded.change_id
    where recorded.description is distinct from wanted.description
    order by wanted.change_id
"""


@dataclass(frozen=True)
class Decided:
    """What deciding came to.

    Attributes:
        review: the review as it stands now.
        customers: how many changes were decided just now.
        known: the last change that had been decided the same way before; None where there was none.
    """

    review: Review
    customers: int
    known: dict[str, Any] | None


def decide(
    desk: ReviewDesk,
    review_id: str,
    decision: str,
    approver: str,
    *,
    scheme: str | None = None,
    customer_ids: Sequence[str] = (),
    note: str | None = None,
    wait_seconds: float = 0,
) -> Decided:
    """Approve or reject what waits in a review. It takes effect with the next run.

    Args:
        decision: APPROVED or REJECTED.
        approver: who decides.
        customer_ids: only these customers; empty: all whom nobody has decided on.
        wait_seconds: how long to wait for another writer.

    Raises:
        NotThereError: there is no such review, or a customer is not among its changes.
        SettingsError: the next review is open, nobody is named as the approver, or it was decided otherwise.
    """
    if not approver.strip():
        raise SettingsError("Nobody is named as the approver.", "Say who decides: --approver NAME.")
    with writer_lock(desk.home, f"review {decision} {review_id}", wait_seconds):
        review = desk.review(review_id, scheme)
        if review.followed_at is not None:
            raise SettingsError(
                f"Nothing more is decided in review {review_id}: the next one was opened at {review.followed_at}.",
                "Decide in the open one: retention review list.",
            )
        waiting, known = (
            _of_customers(desk, review, decision, list(dict.fromkeys(customer_ids)))
            if customer_ids
            else _of_all(desk, review, decision)
        )
        if waiting:
            _record(desk, review, decision, approver.strip(), note, waiting if customer_ids else [None])
        # Also when nothing is new: a command that was cut off between the two loads is made whole by the next.
        _record_strategy(desk, review)
    count = len(waiting) if customer_ids else review.waiting
    return Decided(desk.review(review_id, review.scheme), count, known)


def _of_customers(
    desk: ReviewDesk, review: Review, decision: str, customer_ids: Sequence[str]
) -> tuple[list[str | None], dict[str, Any] | None]:
    """Those who are to be decided on, and a decision that says the same already."""
    changes = desk.changes_of(review, customer_ids)
    for customer_id in customer_ids:
        if customer_id not in changes:
            raise NotThereError(
                f"Customer '{customer_id}' is not among the {review.changes} changes of review {review.review_id}.",
                f"They are listed by: retention review export {review.review_id} --out FILE.xlsx.",
            )
        if changes[customer_id]["status"] not in ("waiting", decision):
            raise _decided_otherwise(f"The change of customer '{customer_id}'", changes[customer_id])
    waiting: list[str | None] = [one for one in customer_ids if changes[one]["status"] == "waiting"]
    return waiting, next((one for one in changes.values() if one["status"] == decision), None)


def _of_all(desk: ReviewDesk, review: Review, decision: str) -> tuple[list[str | None], dict[str, Any] | None]:
    """The same for a whole review: what nobody has decided on."""
    known = desk.latest(review, decision)
    other = desk.latest(review, REJECTED if decision == APPROVED else APPROVED)
    if other is not None and known is None and not review.waiting:
        raise _decided_otherwise(f"Review {review.review_id}", other)
    return [None] if review.waiting else [], known


def _decided_otherwise(what: str, change: dict[str, Any]) -> SettingsError:
    return SettingsError(
        f"{what} was {change['status']} by {change['approver']} at {change['decided_at']}.",
        "To take a decision back, withdraw its load, as retention status lists it: retention withdraw LOAD.",
    )


def _record(
    desk: ReviewDesk, review: Review, decision: str, approver: str, note: str | None, customer_ids: Sequence[str | None]
) -> None:
    now = desk.now()
    batch = f"{now:%Y%m%d}-{secrets.token_hex(ID_BYTES)}"
    rows = [
        {
            "decision_id": f"{batch}-{number}",
            "review_id": review.review_id,
            "scheme": review.scheme,
            "customer_id": customer_id,
            "decided_at": now.isoformat(sep=" "),
            "decision": decision,
            "approver": approver,
            "note": note,
        }
        for number, customer_id in enumerate(customer_ids, start=1)
    ]
    desk.record(DECISIONS, f"decision-{batch}", rows)


def _record_strategy(desk: ReviewDesk, review: Review) -> None:
    changes = desk.rows(
        STRATEGY.format(
            told=desk.told_sql(),
            changes=raw_relation_sql(desk.home, desk.contracts[CHANGES]),
            review_id=literal(review.review_id),
            scheme=literal(review.scheme),
            reviewed_on=literal(review.reviewed_on),
        )
    )
    desk.record(CHANGES, f"strategy-{review.review_id}-{secrets.token_hex(ID_BYTES)}", changes)
