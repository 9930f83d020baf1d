"""What is new: the alerts of a release beside what was told before. A pure function of both.

An opening is told once, and so are its rise to critical and the end of its snooze. Late data can move the day of an
opening, and with it the alert's ID: what was told of the same rule, subject and occasion on that day or later
was told of it. What was told as open is told as closed once it is, and as taken back where the release knows nothing of
it any more.

Beyond the owner's cap news is told in a number, each day on which it waits there. What is new on the day of the release
was ranked by itself there, and what was there before, too. What became new on days of which nothing was told (no run,
or one that failed) is ranked here, by itself as well: what was told long ago takes no place from it. Which of all this
has a line of its own in a digest is for places.py to say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from retention.notices.alerts import SEVERITIES, Alert
from retention.notices.ledger import CLOSED, GROUPED, LAPSED, OPENED, RESUMED, RETURNED, RISEN, WITHDRAWN, Told

Key = tuple[str, str, str, str]
T = TypeVar("T", Alert, Told)
CRITICAL = SEVERITIES[0]
REOPENED, SNOOZE_OVER = "reopened", "snooze_over"
END_DAYS = 7
"""For how many days after it closed an end may wait for a line of its own; then a number tells it."""


@dataclass(frozen=True)
class News:
    """One thing to tell of an alert.

    Attributes:
        kind: OPENED, RISEN, RESUMED, RETURNED, CLOSED or WITHDRAWN; GROUPED and SUMMED are told in a number, LAPSED is
            recorded and not told.
        alert: its row; None where the release has none.
        told: what was told of it before; None for an opening.
        is_standing: an opening that was there when alerts were last told, or before they ever were.
        was_counted: it was told in a number before, and waits for a line.
    """

    kind: str
    alert: Alert | None
    told: Told | None
    is_standing: bool = False
    was_counted: bool = False

    @property
    def is_end(self) -> bool:
        """Whether what was told as open is no more."""
        return self.kind in (CLOSED, WITHDRAWN) or self.alert is None or self.alert.is_closed

    @property
    def rule_id(self) -> str:
        """The rule of its alert."""
        one = self.alert or self.told
        return one.rule_id if one else ""

    @property
    def owner(self) -> str | None:
        """Who hears of it: of an end whoever heard of the beginning, of all else whoever owns it now."""
        if self.alert is not None and self.kind in (OPENED, RISEN, RESUMED, GROUPED):
            return self.alert.owner
        if self.told is not None:
            return self.told.owner
        return self.alert.owner if self.alert else None

    def as_told(self, as_of: date, line: str = "") -> Told:
        """What the ledger keeps of it."""
        one = self.alert or self.told
        if one is None:
            raise AssertionError("news of nothing")
        about = (one.alert_id, one.rule_id, one.subject_type, one.subject_id, one.opened_on)
        return Told(
            self.kind, *about, owner=self.owner, as_of=as_of, occasion=one.occasion, severity=one.severity, line=line
        )


@dataclass(frozen=True)
class Since:
    """What a release is compared with.

    Attributes:
        last_day: the day of the release that was told of last; None where none was.
        as_of: the day of this release.
        closed_days: how long a release keeps alerts that have closed.
        cap: how many new alerts of an owner stand by themselves.
    """

    last_day: date | None
    as_of: date
    closed_days: int
    cap: int

    @property
    def is_whole(self) -> bool:
        """Whether all that closed since the last telling is still in the release: not after too long a silence.

        An end that waited for a line then may have closed `end_days` before.
        """
        kept = timedelta(days=self.closed_days - self.end_days)
        return self.last_day is not None and self.as_of - self.last_day <= kept

    @property
    def end_days(self) -> int:
        """For how long an end may wait for a line; it must be in the release still."""
        return min(END_DAYS, self.closed_days // 2)

    def stood(self, row: Alert) -> bool:
        """Whether it was there when alerts were last told, or, the first time, before the day of the release."""
        began = row.new_on or row.opened_on
        return began < self.as_of and (self.last_day is None or began <= self.last_day)

    def was_missed(self, row: Alert) -> bool:
        """Whether it became new on a day of which nothing was told."""
        if self.last_day is None or row.new_on is None:
            return False
        return self.last_day < row.new_on < self.as_of


def find_news(alerts: Iterable[Alert], told: Iterable[Told], since: Since) -> list[News]:
    """Find what is to be told.

    Args:
        told: all that was told, in order.
    """
    rows, past = _by_key(alerts), _by_key(told)
    found: list[News] = []
    counted: set[tuple[str, str | None]] = set()
    for key in sorted(rows.keys() | past.keys()):
        mine = past.get(key, [])
        of_one = _of_one(rows.get(key, []), [one for one in mine if one.kind != GROUPED], since)
        found += [_with_count(one, mine) for one in of_one]
        counted |= _counted(rows.get(key, []), [one for one in mine if one.kind == GROUPED])
    return _capped(found, counted, since)


def _by_key(items: Iterable[T]) -> dict[Key, list[T]]:
    found: dict[Key, list[T]] = {}
    for one in items:
        found.setdefault(one.key, []).append(one)
    return found


def _of_one(rows: Sequence[Alert], past: Sequence[Told], since: Since) -> Iterator[News]:
    """What is new of one rule on one occasion of a subject, were there no cap."""
    begun = past[-1] if past and past[-1].is_beginning else None
    same = None if begun is None else _same(rows, begun, since.is_whole)
    if begun is not None and same is None:
        yield News(WITHDRAWN if since.is_whole else LAPSED, None, begun)
    elif begun is not None and same is not None:
        yield from _of_open(same, begun)
    for row in rows:
        if row is same or not row.is_live or (same is not None and row.opened_on <= same.opened_on):
            continue
        known = next((one for one in reversed(past) if one.is_beginning and _is_of(one, row)), None)
        # Told as ended, and later data says that it is open after all; else nobody has heard of it.
        yield News(OPENED if known is None else RETURNED, row, known, is_standing=known is None and since.stood(row))


def _of_open(row: Alert, begun: Told) -> Iterator[News]:
    """What is new of an alert that was told as open."""
    if row.is_closed:
        yield News(CLOSED, row, begun)
    elif row.is_live and row.severity == CRITICAL and begun.severity not in (CRITICAL, None):
        yield News(RISEN, row, begun)
    elif row.is_live and row.news == SNOOZE_OVER and row.new_on is not None and row.new_on > begun.as_of:
        yield News(RESUMED, row, begun)


def _with_count(one: News, past: Sequence[Told]) -> News:
    """An end that was told in a number since its beginning was told, marked as such."""
    if not one.is_end or one.told is None:
        return one
    since = past[past.index(one.told) + 1 :]
    return replace(one, was_counted=any(told.kind == GROUPED for told in since))


def _counted(rows: Sequence[Alert], grouped: Sequence[Told]) -> set[tuple[str, str | None]]:
    """The alerts among these that were told in a number, each as it stands now: a rise is news again."""
    found: set[tuple[str, str | None]] = set()
    for row in rows:
        for one in grouped:
            is_put_off_since = row.news == SNOOZE_OVER and row.new_on is not None and row.new_on > one.as_of
            if _is_of(one, row) and one.severity in (row.severity, None) and not is_put_off_since:
                found.add((row.alert_id, row.severity))
    return found


def _capped(found: Sequence[News], counted: set[tuple[str, str | None]], since: Since) -> list[News]:
    """Beginnings beyond their owners' caps in numbers, whether they were counted before or not; all else as it is."""
    missed: dict[str | None, list[News]] = defaultdict(list)
    kept: list[News] = []
    for one in found:
        row = one.alert
        if row is None or not row.is_live:
            kept.append(one)
            continue
        was_counted = (row.alert_id, row.severity) in counted
        if one.kind == RETURNED or row.is_in_digest:
            kept.append(replace(one, was_counted=was_counted))
        elif was_counted:
            kept.append(replace(one, kind=GROUPED, was_counted=True))
        elif since.was_missed(row):
            missed[one.owner].append(one)
        else:
            kept.append(replace(one, kind=GROUPED))
    for _, news in sorted(missed.items(), key=lambda item: item[0] or ""):
        news.sort(key=lambda one: one.alert.rank if one.alert else ())
        kept += news[: since.cap] + [replace(one, kind=GROUPED) for one in news[since.cap :]]
    return kept


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
