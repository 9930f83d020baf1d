"""What is new: the alerts of a release beside what was told before. A pure function of both.

An opening is told once. Late data can move the day of an opening, and with it the alert's ID: what was told of the same
rule, subject and occasion on that day or later was told of it. What was told as open is told as closed once it is, and
as taken back where the release knows nothing of it any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from retention.notices.alerts import Alert
from retention.notices.ledger import CLOSED, GROUPED, LAPSED, OPENED, RETURNED, WITHDRAWN, Told

Key = tuple[str, str, str, str]
T = TypeVar("T", Alert, Told)


@dataclass(frozen=True)
class News:
    """One thing to tell of an alert.

    Attributes:
        kind: OPENED, RETURNED, CLOSED or WITHDRAWN; GROUPED is told in a number, LAPSED recorded and not told.
        alert: its row; None where the release has none.
        told: what was told of it before; None for an opening.
    """

    kind: str
    alert: Alert | None
    told: Told | None

    @property
    def owner(self) -> str | None:
        """Who hears of it: of an end whoever heard of the beginning."""
        if self.told is not None:
            return self.told.owner
        return self.alert.owner if self.alert else None

    def as_told(self, as_of: date) -> Told:
        """What the ledger keeps of it."""
        one = self.alert or self.told
        if one is None:
            raise AssertionError("news of nothing")
        about = (one.alert_id, one.rule_id, one.subject_type, one.subject_id, one.opened_on)
        return Told(self.kind, *about, owner=self.owner, as_of=as_of, occasion=one.occasion)


def find_news(
    alerts: Iterable[Alert], told: Iterable[Told], last_day: date | None, as_of: date, closed_days: int
) -> list[News]:
    """Find what is to be told.

    Args:
        told: all that was told, in order.
        last_day: the day of the release that was told of last.
        as_of: the day of this release.
        closed_days: how long a release keeps alerts that have closed.
    """
    rows, past = _by_key(alerts), _by_key(told)
    # Whatever closed since the last telling is still in the release, unless nothing was told for too long.
    is_whole = last_day is not None and as_of - last_day <= timedelta(days=closed_days)
    found: list[News] = []
    for key in sorted(rows.keys() | past.keys()):
        found += _of_one(rows.get(key, []), past.get(key, []), is_whole)
    return found


def _by_key(items: Iterable[T]) -> dict[Key, list[T]]:
    found: dict[Key, list[T]] = {}
    for one in items:
        found.setdefault(one.key, []).append(one)
    return found


def _of_one(rows: Sequence[Alert], past: Sequence[Told], is_whole: bool) -> list[News]:
    """What is new of one rule on one occasion of a subject."""
    counted, past = [one for one in past if one.kind == GROUPED], [one for one in past if one.kind != GROUPED]
    begun = past[-1] if past and past[-1].is_beginning else None
    same = None if begun is None else _same(rows, begun, is_whole)
    found: list[News] = []
    if begun is not None and same is None:
        found.append(News(WITHDRAWN if is_whole else LAPSED, None, begun))
    elif same is not None and same.is_closed:
        found.append(News(CLOSED, same, begun))
    for row in rows:
        if row is same or not row.is_live or (same is not None and row.opened_on <= same.opened_on):
            continue
        known = next((one for one in reversed(past) if one.is_beginning and _is_of(one, row)), None)
        if not row.is_in_digest:
            if known is None and not any(_is_of(one, row) for one in counted):
                found.append(News(GROUPED, row, None))
        elif known is None:
            found.append(News(OPENED, row, None))
        else:  # it was told as ended, and later data says that it is open after all
            found.append(News(RETURNED, row, known))
    return found


def _is_of(told: Told, row: Alert) -> bool:
    return told.alert_id == row.alert_id or told.as_of >= row.opened_on


def _same(rows: Sequence[Alert], begun: Told, is_whole: bool) -> Alert | None:
    """The row of an alert that was told as open."""
    by_then = [row for row in rows if row.opened_on <= begun.as_of]
    candidates = (
        [row for row in by_then if not row.is_closed],
        [row for row in rows if row.alert_id == begun.alert_id],
        by_then,
        # Its beginning was moved to a later day; were it closed, that would be here too.
        rows[:1] if is_whole else [],
    )
    return next((found[-1] for found in candidates if found), None)
