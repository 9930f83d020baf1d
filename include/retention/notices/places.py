"""Which news of a digest has a line of its own, and which is told in a number. A pure function of the news.

What is new comes first, then what has ended of what was told by name, then what stands and was not told yet. Half of
the lines are kept for ends while ends wait: each beginning told by name needs a line for its end later on, and with
less than half ends would pile up for ever.

What has no line is told in a number by rule and waits for the next day. An end waits for so long only as it is worth a
line, and leaves the release soon after: then the number was all that is told of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from retention.notices.ledger import CLOSED, GROUPED, SUMMED
from retention.notices.news import News, Since


@dataclass(frozen=True)
class Places:
    """What a digest tells.

    Attributes:
        listed: by a line each.
        counted: in numbers by rule.
    """

    listed: tuple[News, ...]
    counted: tuple[News, ...]

    @property
    def recorded(self) -> tuple[News, ...]:
        """What the ledger must learn: what waits is written down once."""
        return (*self.listed, *(one for one in self.counted if one.kind == SUMMED or not one.was_counted))


def share(news: Sequence[News], lines: int, since: Since) -> Places:
    """Give each kind of news its part of the lines.

    Args:
        news: of one recipient.
        lines: how many there are.
    """
    grouped = [one for one in news if one.kind == GROUPED]
    ends = sorted((one for one in news if one.is_end), key=lambda one: _end_rank(one, since))
    begun = sorted((one for one in news if not one.is_end and one.kind != GROUPED), key=_rank)
    fresh, standing = [one for one in begun if not one.is_standing], [one for one in begun if one.is_standing]

    for_fresh = lines - min(len(ends), (lines + 1) // 2)
    for_ends = lines - min(len(fresh), for_fresh)
    for_standing = max(0, for_ends - len(ends))
    listed = [*fresh[:for_fresh], *ends[:for_ends], *standing[:for_standing]]
    waiting = [replace(one, kind=GROUPED) for one in (*fresh[for_fresh:], *standing[for_standing:])]
    left = [replace(one, kind=SUMMED if _is_over(one, since) else GROUPED) for one in ends[for_ends:]]
    return Places(tuple(listed), (*grouped, *waiting, *left))


def _is_over(end: News, since: Since) -> bool:
    """Whether an end waits no longer; of one that late data took back no day is known, so it never does."""
    if end.kind != CLOSED or end.alert is None or end.alert.closed_on is None:
        return True
    return end.alert.closed_on + timedelta(days=since.end_days) <= since.as_of


def _end_rank(end: News, since: Since) -> tuple[object, ...]:
    """The longest ended first: so each has its turn."""
    closed_on: date | None = end.alert.closed_on if end.alert else None
    return closed_on or since.as_of, end.alert is None, *_rank(end)


def _rank(one: News) -> tuple[object, ...]:
    if one.alert is not None:
        return one.alert.rank
    return (one.told.opened_on, one.told.alert_id) if one.told else ()
