"""A source of kind `rest` as an extractor: requests from its declaration, pages from its answers."""

import copy
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pyarrow as pa

from retention.errors import SettingsError
from retention.sources.extractor import Feed, Page, SourceError
from retention.sources.rest.client import Answer, Call, GivenUpError, RestClient
from retention.sources.rest.declaration import Place, Request, RestEntity, RestSource
from retention.sources.rest.paging import State, Step, paging_of
from retention.sources.rest.records import RecordReader, Records, mapped_columns

EXPIRED_STATUS = {400, 404, 410, 422}
"""How a source answers a token that it no longer knows."""


def open_rest(declared: RestSource, secret: str | None) -> "RestExtractor":
    """Open a source.

    Args:
        secret: bearer, `user:password`, or what the declared header carries.

    Raises:
        SettingsError: the declaration names a secret, and there is none.
    """
    return RestExtractor(declared, secret)


class RestExtractor:
    """Implements `retention.sources.extractor.Extractor`."""

    def __init__(
        self,
        declared: RestSource,
        secret: str | None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if declared.secret is not None and not secret:
            raise SettingsError(
                f"The source {declared.name!r} has no secret.", "Set the variable or connection that it names."
            )
        self._declared = declared
        self._client = RestClient(declared, secret, sleep)
        self._clock = clock

    def answer(self) -> str:
        """Ask for the first page of the first entity.

        Raises:
            SourceError: the source does not answer, or refuses.
        """
        entity = self._declared.entities[0]
        started = time.monotonic()
        self._client.call(self._compose(entity, entity, None, Step()))
        seconds = time.monotonic() - started
        return f"{urlsplit(self._declared.base_url).netloc} answered {entity.path} in {seconds:.1f} s"

    def preview(self, feed: Feed, rows: int) -> pa.Table:
        """Fetch the first rows of a feed.

        Raises:
            SourceError: the source refuses, or a mapped column is in none of its records.
        """
        entity = self._entity(feed)
        reader = RecordReader(feed, entity)
        answer = self._client.call(self._compose(entity, entity, None, Step()))
        reader.read(answer.text, entity, None, None)
        reader.require_columns(mapped_columns(feed.contract, feed))
        return reader.rows().slice(0, rows)

    def pages(self, feed: Feed, since: str | None, resume: str | None) -> Iterator[Page]:
        """Yield the rows of a feed, page by page.

        The cursor of an extract of several requests stays behind its highest value by as long as the extract took: a
        row that changed meanwhile, on a page that had been read, is so read by the next one.

        Raises:
            SourceError: the source refuses, or a required column is in none of its records.
        """
        extract = _Extract(self, feed, since, self._clock)
        yield from extract.pages(resume)

    def _entity(self, feed: Feed) -> RestEntity:
        return next(one for one in self._declared.entities if one.entity == feed.contract.entity)

    def _compose(self, entity: RestEntity, request: Request, since: str | None, step: Step) -> Call:
        """Put cursor and place into a request."""
        if step.link is not None:
            url = urljoin(f"{self._declared.base_url}{request.path}", step.link)
            if not self._client.same_service(url):
                raise SourceError(
                    f"{self._declared.name}: the next page is said to be at {urlsplit(url).netloc}.",
                    "The key is shown to base_url alone; correct base_url or pagination.",
                )
            return Call(request.method, url, {}, request.body)
        params: dict[str, Any] = {name: _written(value) for name, value in request.params.items()}
        body = copy.deepcopy(request.body) if request.method == "POST" else request.body
        if since is not None and request.since is not None and entity.cursor is not None:
            body = _put(request.since, _format_cursor(since, entity.cursor.format), params, body)
        if step.place is not None:
            body = _put(step.place, step.value, params, body)
        return Call(request.method, f"{self._declared.base_url}{request.path}", params, body)


class _Extract:
    """One reading of one feed, from its first request to its last."""

    def __init__(self, source: RestExtractor, feed: Feed, since: str | None, clock: Callable[[], float]) -> None:
        self._source = source
        self._feed = feed
        self._since = since
        self._clock = clock
        self._entity = source._entity(feed)
        changed = since is not None and self._entity.incremental is not None
        self._request: Request = self._entity.incremental if changed and self._entity.incremental else self._entity
        self._paging = paging_of(self._request.pagination)
        self._reader = RecordReader(feed, self._entity)

    def pages(self, resume: str | None) -> Iterator[Page]:
        """Read on from where an earlier reading stopped, or from the beginning."""
        kept = json.loads(resume) if resume else {}
        state: State | None = kept.get("state", self._paging.first())
        began, newest = kept.get("began", self._clock()), kept.get("newest")
        is_resumed, is_checked = bool(resume), bool(resume)
        while state is not None:
            try:
                answer = self._ask(state)
            except GivenUpError as error:
                if not is_resumed or error.status not in EXPIRED_STATUS:
                    raise
                # The earlier reading's token is no longer known. All is read again; landing knows what came before.
                state, is_resumed = self._paging.first(), False
                continue
            is_resumed = False
            found = self._read(answer)
            if found.count and not is_checked:
                self._reader.require_columns(self._feed.contract.required)
                is_checked = True
            known = self._paging.known(state)
            is_alone = state == self._paging.first() and not kept
            state = self._following(state, found, answer)
            newest = self._later(newest, found.newest)
            resume_at = None if state is None else json.dumps({"state": state, "began": began, "newest": newest})
            cursor = self._cursor(newest, began, state is None and is_alone)
            yield Page(self._reader.rows(known), cursor, resume_at)

    def _ask(self, state: State) -> Answer:
        step = self._paging.step(state)
        return self._source._client.call(self._source._compose(self._entity, self._request, self._since, step))

    def _read(self, answer: Answer) -> Records:
        return self._reader.read(answer.text, self._request, self._paging.key, self._paging.token)

    def _following(self, state: State, found: Records, answer: Answer) -> State | None:
        try:
            return self._paging.after(state, found, answer.link)
        except SourceError as error:
            raise SourceError(f"{self._feed.label}: {error.problem}", error.remedy) from None

    def _later(self, one: str | None, other: str | None) -> str | None:
        is_number = self._entity.cursor is not None and self._entity.cursor.format == "number"
        known = [value for value in (one, other) if value is not None]
        return max(known, key=int if is_number else None, default=None)

    def _cursor(self, newest: str | None, began: float, is_one_answer: bool) -> str | None:
        cursor = self._entity.cursor
        if newest is None or cursor is None or cursor.format in ("text", "number"):
            return newest
        # One answer is one state of the source; of several, the first is as old as the reading.
        took = 0 if is_one_answer else max(0, math.ceil(self._clock() - began))
        instant = datetime.fromisoformat(newest) - timedelta(seconds=took)
        zone = "" if cursor.format in ("datetime", "date") else "Z"
        return instant.isoformat(timespec="microseconds") + zone


def _format_cursor(since: str, format_: str) -> str | int:
    """Write a stored cursor as the source wants it."""
    if format_ in ("text", "number"):
        return since if format_ == "text" else int(since)
    try:
        instant = datetime.fromisoformat(since)
    except ValueError:
        raise SourceError(
            f"The cursor {since!r} is no instant.", "Correct format of the cursor, or extract all rows again."
        ) from None
    utc = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    match format_:
        case "epoch_ms":
            return int(utc.timestamp() * 1000)
        case "epoch_s":
            return int(utc.timestamp())
        case "date":
            return instant.date().isoformat()
        case "datetime":
            return instant.replace(tzinfo=None).isoformat(" ", timespec="seconds")
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _put(
    place: Place, value: str | int | None, params: dict[str, Any], body: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Put a value into the parameters or the body; a list that stands at the place gets one member more."""
    filled = _fill(place.value, value)
    if place.param is not None:
        params[place.param] = filled
        return body
    whole = {} if body is None else body
    *way, last = (place.body or "").split(".")
    at: Any = whole
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    if isinstance(at, list):
        at[int(last)] = filled
    elif isinstance(at.get(last), list):
        at[last].append(filled)
    else:
        at[last] = filled
    return whole


def _fill(template: Any, value: str | int | None) -> Any:
    if isinstance(template, Mapping):
        return {key: _fill(part, value) for key, part in template.items()}
    if isinstance(template, list):
        return [_fill(part, value) for part in template]
    if template == "{value}":
        return value
    return template.replace("{value}", str(value)) if isinstance(template, str) else template


def _written(value: str | float | bool) -> str | int | float:
    """A parameter as the address has it: true, not Python's True."""
    return str(value).lower() if isinstance(value, bool) else value
