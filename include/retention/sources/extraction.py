"""Extracting: what a source has since its stored cursor, as sealed extracts that the next landing takes.

One process extracts a source at a time. Landing may be at work meanwhile: it only takes sealed extracts away, under
the writer's lock, which is why whatever takes one away here takes that lock too.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from retention.errors import LockBusyError, NotThereError
from retention.landing.extracts import (
    committed_tip,
    connected,
    extracts_folder,
    feed_tip,
    make_feed_folder,
    sealed_extracts,
)
from retention.landing.ledger import committed_loads
from retention.landing.vault import private_folder
from retention.runs import Home, write_json
from retention.sources.catalogue import Source
from retention.sources.cursor import start_of
from retention.sources.extractor import Extractor, Feed, GivesFiles
from retention.sources.fetching import fetch_files
from retention.sources.pages import Asked, Half
from retention.warehouse.lock import writer_lock

FINISHED = "finished.json"
REMEDY = "Check that the source answers: retention source test {name}."


@dataclass(frozen=True)
class Outcome:
    """What was extracted of one feed.

    Attributes:
        extracts: load IDs of the extracts that were sealed.
        rows: None where landing counts them (files).
    """

    label: str
    extracts: tuple[str, ...]
    rows: int | None
    line: str


@dataclass(frozen=True)
class How:
    """How to extract.

    Attributes:
        anew: extracts that wait for landing are taken away first.
        full: ask for all rows, whatever the stored cursor is.
        say: receives a line worth keeping.
        tick: receives a line that only shows that work goes on.
    """

    anew: bool = False
    full: bool = False
    say: Callable[[str], None] = lambda _: None
    tick: Callable[[str], None] = lambda _: None


def extract_source(source: Source, home: Home, entities: Sequence[str], how: How) -> list[Outcome]:
    """Extract the entities of a source, one after the other.

    Args:
        entities: only these; empty: all that it delivers.

    Raises:
        SourceError: the source does not answer, or not as its declaration says; what was sealed before stays.
        LockBusyError: another process extracts this source, or, with `anew`, a run is writing.
        NotThereError: the source delivers no such entity.
    """
    feeds = chosen_feeds(source, entities)
    outcomes = []
    with _one_at_a_time(home, source.name):
        redactor, remedy = source.redactor(), REMEDY.format(name=source.name)
        with redactor.guard(source.name, remedy):
            extractor = source.open()
        for feed in feeds:
            with redactor.guard(feed.label, remedy):
                outcomes.append(_extract(source, home, feed, extractor, how))
            _write_finished(home, feed)
    return outcomes


def chosen_feeds(source: Source, entities: Sequence[str]) -> list[Feed]:
    """The feeds of these entities; all of them when none is named.

    Raises:
        NotThereError: the source delivers no such entity.
    """
    for entity in entities:
        if entity not in source.feeds:
            raise NotThereError(f"{source.name} delivers no {entity}.", f"Use one of {', '.join(source.feeds)}.")
    return [source.feeds[entity] for entity in dict.fromkeys(entities)] or list(source.feeds.values())


def stored_cursor(home: Home, feed: Feed) -> str | None:
    """Up to where the committed loads of a feed reach."""
    return committed_tip(home, feed.source, feed.contract.entity, feed.cursor).cursor


def next_start(home: Home, feed: Feed) -> str | None:
    """The cursor value from which the next extract would ask, the overlap taken off; None: all rows."""
    return start_of(feed, feed_tip(home, feed.source, feed.contract.entity, feed.cursor).cursor)


def finished_at(home: Home, source: str) -> dict[str, str]:
    """When each entity of a source was last extracted to its end, whether or not there was anything new."""
    try:
        content: dict[str, str] = json.loads((extracts_folder(home) / source / FINISHED).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content


def _extract(source: Source, home: Home, feed: Feed, extractor: Extractor, how: How) -> Outcome:
    entity = feed.contract.entity
    make_feed_folder(home, source.name, entity)
    if how.anew:
        with writer_lock(home, f"extract {feed.label} --anew"):
            for extract in sealed_extracts(home, source.name, entity):
                extract.remove()
        Half(home, feed).discard()
    _remove_lost(home, feed)
    if isinstance(extractor, GivesFiles):
        done = fetch_files(home, feed, extractor, how.say)
        line = f"{len(done.sealed)} new files, {done.known} known already, {done.left} left"
        if not (done.sealed or done.known or done.left):
            line += "; warning: no file is there (retention source test shows where it looked)"
        return Outcome(feed.label, tuple(one.load_id for one in done.sealed), None, line)
    return _extract_pages(source, home, feed, extractor, how)


def _extract_pages(source: Source, home: Home, feed: Feed, extractor: Extractor, how: How) -> Outcome:
    """Go on with the half extract, if the same is asked, and seal it."""
    half, uri, sealed, rows = Half(home, feed), source.declared.uri(feed.contract.entity), [], 0
    declaration = _declaration(source, feed)
    if half.state and half.state.ended and half.state.asked.declaration == declaration:
        # All was there but the seal. What changed since is a further extract.
        rows += half.state.rows
        left = half.seal(uri)
        sealed += [left.load_id] if left else []
    tip = feed_tip(home, source.name, feed.contract.entity, feed.cursor)
    since = None if how.full else start_of(feed, tip.cursor)
    asked = Asked(declaration, tip.load_id, feed.cursor, since, None if since is None else tip.cursor)
    if half.begin(asked) and half.state:
        how.say(f"{feed.label}: goes on behind {half.state.rows:,} rows of an extract that was cut off")
    half.fill(extractor, how.tick)
    rows += half.state.rows if half.state else 0
    extract = half.seal(uri)
    sealed += [extract.load_id] if extract else []
    up_to = extract.facts["cursor_to"] if extract else tip.cursor
    span = "all rows" if since is None else f"since {since}"
    return Outcome(feed.label, tuple(sealed), rows, f"{rows:,} rows ({span}{f', up to {up_to}' if up_to else ''})")


def _declaration(source: Source, feed: Feed) -> str:
    """A hash of what decides the rows of a feed."""
    whole: dict[str, Any] = source.declared.model_dump(mode="json", exclude={"schedule"})
    whole["entities"] = [one for one in whole.get("entities", []) if one["entity"] == feed.contract.entity]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _remove_lost(home: Home, feed: Feed) -> None:
    """Take away extracts that follow a withdrawn load: their rows are asked for again, from further back."""
    waiting = sealed_extracts(home, feed.source, feed.contract.entity)
    _, lost = connected(committed_loads(home), waiting)
    if not lost:
        return
    with suppress(LockBusyError), writer_lock(home, f"extract {feed.label}"):
        for extract in lost:
            extract.remove()


def _write_finished(home: Home, feed: Feed) -> None:
    now = {feed.contract.entity: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    write_json(extracts_folder(home) / feed.source / FINISHED, finished_at(home, feed.source) | now)


@contextmanager
def _one_at_a_time(home: Home, source: str) -> Iterator[None]:
    """Let one process extract a source; the kernel lets go of the lock when the process ends, however it ends."""
    home.path.mkdir(parents=True, exist_ok=True)
    for place in (home.vault, extracts_folder(home), extracts_folder(home) / source):
        private_folder(place)
    with (extracts_folder(home) / source / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockBusyError(
                f"Another process is extracting {source}.", "Wait until it has ended, then start again."
            ) from None
        yield
