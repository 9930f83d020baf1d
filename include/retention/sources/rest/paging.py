"""How the next page is asked for, and what keeps rows from being lost while others come and go.

Where a request names a place in a list (a page number, an offset), rows slide when others before them are deleted, and
a row may slide past the border between two requests, unseen. Two remedies:

- offsets: each request reaches back into the rows of the one before. If it finds one of them again, nothing between
  lies unread, whatever slid; if it finds none, it steps back until it does.
- page numbers have fixed borders, so each page is read once more after the one behind it: what slid across the border
  is then in it. Again a page has to share a row with what was read before; if none, it steps back. One loss remains: a
  row is deleted before the border and another is put in before it, between these three requests.

Keysets and the source's own tokens name a row, not a place, so nothing slides. What a next link names, only the source
knows. The state of a paging is plain JSON: an extract that died goes on from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from retention.sources.extractor import SourceError
from retention.sources.rest.declaration import (
    Keyset,
    NextCursor,
    NextLink,
    Offsets,
    OnePage,
    PageNumbers,
    Pagination,
    Place,
)
from retention.sources.rest.records import Records, json_path

State = dict[str, Any]

RETURNS = 3
"""How often a paging may lose its thread back to the first row before the source is given up."""

SAME = 3
"""How often the same rows may come at the next place (many were put in before it) before the source is given up."""


@dataclass(frozen=True)
class Step:
    """What one request of a paging is given.

    Attributes:
        place, value: where its place goes, and what; None: nowhere.
        link: whole address, in place of the declared one.
    """

    place: Place | None = None
    value: str | int | None = None
    link: str | None = None


class Paging(Protocol):
    """One way of paging."""

    key: str | None
    """JSON path of the key that is wanted of the last record."""

    token: str | None
    """JSON path of what is wanted of the answer."""

    def first(self) -> State:
        """The state of the first request."""
        ...

    def step(self, state: State) -> Step:
        """What the request of a state is given."""
        ...

    def known(self, state: State) -> Sequence[str]:
        """Digests of records that were given before, and need not be given again."""
        ...

    def after(self, state: State, records: Records, link: str | None) -> State | None:
        """The state behind an answer; None: it was the last.

        Raises:
            SourceError: the source does not page as declared.
        """
        ...


def paging_of(declared: Pagination) -> Paging:
    """Open the paging that a declaration names."""
    match declared:
        case PageNumbers():
            return _ByPage(declared)
        case Offsets():
            return _ByOffset(declared)
        case NextLink() | NextCursor():
            return _ByToken(declared)
        case Keyset():
            return _ByKey(declared)
        case OnePage():
            return _Single()


class _Paging:
    """What most ways of paging have in common."""

    key: str | None = None
    token: str | None = None

    def known(self, state: State) -> Sequence[str]:
        """Nothing comes twice."""
        del state
        return ()


class _Single(_Paging):
    def first(self) -> State:
        return {}

    def step(self, state: State) -> Step:
        del state
        return Step()

    def after(self, state: State, records: Records, link: str | None) -> None:
        del state, records, link


class _ByToken(_Paging):
    """The source says how to go on: by a token in the body, or by a link."""

    def __init__(self, declared: NextLink | NextCursor) -> None:
        self._declared = declared
        self.token = json_path(declared.path) if declared.path else None

    def first(self) -> State:
        return {"token": None}

    def step(self, state: State) -> Step:
        if state["token"] is None:
            return Step()
        if isinstance(self._declared, NextCursor):
            return Step(self._declared.at, state["token"])
        return Step(link=state["token"])

    def after(self, state: State, records: Records, link: str | None) -> State | None:
        token = records.token if self._declared.path else link
        if not token:
            return None
        if token == state["token"]:
            raise _stuck(f"the answer names itself as the next page ({token[:40]!r})")
        return {"token": token}


class _ByKey(_Paging):
    """Behind the key of the last row, until a page is shorter than those before or empty."""

    def __init__(self, declared: Keyset) -> None:
        self._at = declared.at
        self.key = json_path(declared.key)

    def first(self) -> State:
        return {"key": None, "full": 0}

    def step(self, state: State) -> Step:
        return Step() if state["key"] is None else Step(self._at, state["key"])

    def after(self, state: State, records: Records, link: str | None) -> State | None:
        del link
        if records.count == 0 or records.count < state["full"]:
            return None
        if records.last_key is None:
            raise SourceError(f"The last record has no {self.key}.", "Correct key of the pagination.")
        if records.last_key == state["key"]:
            raise _stuck(f"behind the row {records.last_key!r} comes that row again")
        return {"key": records.last_key, "full": records.count}


class _ByOffset(_Paging):
    """State: offset, digests of the window before (None: there is none), the fullest window so far, returns, same."""

    def __init__(self, declared: Offsets) -> None:
        self._declared = declared

    def first(self) -> State:
        return {"offset": 0, "before": None, "full": 0, "returns": 0, "same": 0}

    def step(self, state: State) -> Step:
        return Step(self._declared.at, state["offset"])

    def known(self, state: State) -> Sequence[str]:
        return state["before"] or ()

    def after(self, state: State, records: Records, link: str | None) -> State | None:
        del link
        before, offset = state["before"], state["offset"]
        if before is not None and not _meets(records, before):
            if offset:
                return state | {"offset": max(0, offset - max(state["full"], 1))}
            state = _count_return(state)
        same = _count_same(state, records, f"the rows from {offset} on are those that came before")
        if records.count == 0 or records.count < state["full"]:
            return None
        # A window of one row has nothing to reach back with: then the row behind it is asked for, and no more.
        back = min(self._declared.overlap, records.count // 2)
        return state | {
            "offset": offset + records.count - back,
            "before": list(records.digests) if back else None,
            "full": records.count,
            "same": same,
        }


class _ByPage(_Paging):
    """State: page; back: the page is one read before, read once more; before: digests of the page before as read.

    While reading back: ahead, the number of the page that was read last; last, its digests; done, whether it was the
    last of the list.
    """

    def __init__(self, declared: PageNumbers) -> None:
        self._at = declared.at
        self._first = declared.first

    def first(self) -> State:
        return {"page": self._first, "back": False, "before": None, "full": 0, "returns": 0, "same": 0}

    def step(self, state: State) -> Step:
        return Step(self._at, state["page"])

    def known(self, state: State) -> Sequence[str]:
        return [*state["before"], *state["last"]] if state["back"] else ()

    def after(self, state: State, records: Records, link: str | None) -> State | None:
        del link
        return self._after_back(state, records) if state["back"] else self._after_forward(state, records)

    def _after_forward(self, state: State, records: Records) -> State | None:
        page, before, digests = state["page"], state["before"], list(records.digests)
        if before is None:
            return self._forward(state, page + 1, digests) if digests else None
        same = _count_same(state, records, f"page {page} is the same as page {page - 1}")
        done = records.count == 0 or records.count < state["full"]
        return state | {"page": page - 1, "back": True, "ahead": page, "last": digests, "done": done, "same": same}

    def _after_back(self, state: State, records: Records) -> State | None:
        page, ahead = state["page"], state["ahead"]
        if not _meets(records, state["before"]):
            if page > self._first:
                return state | {"page": page - 1}
            state = _count_return(state)
            return self._forward(state, page + 1, list(records.digests)) if records.count else None
        if page < ahead - 1:
            return self._forward(state, page + 1, list(records.digests))
        return None if state["done"] else self._forward(state, ahead + 1, state["last"])

    @staticmethod
    def _forward(state: State, page: int, before: list[str]) -> State:
        return {
            "page": page,
            "back": False,
            "before": before,
            "full": max(state["full"], len(before)),
            "returns": state["returns"],
            "same": state["same"],
        }


def _meets(records: Records, before: Sequence[str]) -> bool:
    return not set(before).isdisjoint(records.digests)


def _count_return(state: Mapping[str, Any]) -> State:
    if state["returns"] == RETURNS:
        raise _stuck("the rows come in another order every time")
    return {**state, "returns": state["returns"] + 1}


def _count_same(state: Mapping[str, Any], records: Records, what: str) -> int:
    """Count how often in a row the same records came again: a source that does not know the parameter never stops."""
    if not records.count or list(records.digests) != state["before"]:
        return 0
    if state["same"] == SAME:
        raise _stuck(what)
    return int(state["same"]) + 1


def _stuck(what: str) -> SourceError:
    return SourceError(f"Paging does not get on: {what}.", "Correct pagination of the entity, or have the source sort.")
