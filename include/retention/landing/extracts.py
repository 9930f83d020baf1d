"""Extracts: what a source has handed over and landing has not loaded yet, one private folder each.

`HOME/vault/extracts/<source>/<entity>/extract=<load_id>/` holds one data file and `manifest.json`; it is there whole
or not at all. Only landing takes extracts away, once their loads are committed.

The cursor of a feed (one entity of one source) is stored nowhere of its own: the loads of a feed make a chain, each
naming the load that it `follows`, and the cursor is where the chain ends. So it moves when a load is committed, and
goes back when one is withdrawn, also one in the middle: what followed it no longer counts, and is asked for again.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retention.landing.ledger import Manifest, committed_loads
from retention.landing.vault import make_private, private_folder
from retention.runs import Home, write_json

FILES = "files"  # the ledger's source of what lies in the landing folder
EXTRACT = "extract="
MANIFEST = "manifest.json"
LOAD_ID_DIGITS = 16  # hex digits of a SHA-256 that name a load


@dataclass(frozen=True)
class Extract:
    """A sealed extract.

    Attributes:
        file: its data.
        form: how landing reads it: csv, parquet, jsonl or xlsx.
        columns: contract column → column of the file, where the names differ.
        uri: the table, query or file that it came from, without a secret.
        facts: what the load's manifest takes over as it stands: follows, cursor_column, cursor_from, cursor_to,
            version.
    """

    folder: Path
    source: str
    entity: str
    load_id: str
    sequence: int
    file: Path
    form: str
    columns: dict[str, str]
    uri: str
    sha256: str
    facts: dict[str, Any] = field(default_factory=dict)

    def remove(self) -> None:
        """Take it away: it is loaded, or not wanted."""
        beside = self.folder.with_name(f".gone-{self.folder.name}")
        shutil.rmtree(beside, ignore_errors=True)
        self.folder.rename(beside)  # first, so that no reader sees half of it
        shutil.rmtree(beside, ignore_errors=True)


@dataclass(frozen=True)
class Tip:
    """Where a feed stands.

    Attributes:
        load_id: the load or extract that the next extract follows.
        cursor: up to where rows are known; None: nothing is.
    """

    load_id: str | None = None
    cursor: str | None = None


def extracts_folder(home: Home) -> Path:
    """Where all extracts stand. They hold personal values."""
    return home.vault / "extracts"


def feed_folder(home: Home, source: str, entity: str) -> Path:
    """Where the extracts of one feed stand."""
    return extracts_folder(home) / source / entity


def extract_id(source: str, entity: str, follows: str | None, sha256: str) -> str:
    """Name the load that an extract becomes.

    The same content may come again behind another state (A, B, A): so what it follows is part of the name.
    """
    text = "\n".join([source, entity, follows or "", sha256])
    return hashlib.sha256(text.encode()).hexdigest()[:LOAD_ID_DIGITS]


def make_feed_folder(home: Home, source: str, entity: str) -> Path:
    """Make the private folder of a feed, with those above it."""
    folder = feed_folder(home, source, entity)
    for place in (home.vault, extracts_folder(home), folder.parent, folder):
        private_folder(place)
    return folder


def seal(home: Home, half: Path, content: dict[str, Any]) -> Extract:
    """Make an extract of a folder that holds its data file: with its manifest in place, one rename.

    Args:
        half: a folder in the feed's own.
        content: the fields of `Extract` that are not made here; `file` is the file's name.
    """
    source, entity, facts = content["source"], content["entity"], content["facts"]
    with (half / content["file"]).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    load_id = extract_id(source, entity, facts.get("follows"), sha256)
    last = max((one.sequence for one in sealed_extracts(home, source, entity)), default=0)
    numbers = {"load_id": load_id, "sequence": max(last + 1, time.time_ns()), "sha256": sha256}
    write_json(half / MANIFEST, content | numbers)
    make_private(half)
    place = half.with_name(f"{EXTRACT}{load_id}")
    shutil.rmtree(place, ignore_errors=True)  # the same content behind the same state
    half.rename(place)
    _sync_folder(place.parent)
    return next(one for one in sealed_extracts(home, source, entity) if one.load_id == load_id)


def sealed_extracts(home: Home, source: str = "*", entity: str = "*") -> list[Extract]:
    """List the extracts that wait for landing, of one feed or of all, in the order in which they were sealed."""
    found = []
    for path in extracts_folder(home).glob(f"{source}/{entity}/{EXTRACT}*/{MANIFEST}"):
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        content["file"] = path.parent / content["file"]
        found.append(Extract(folder=path.parent, **content))
    return sorted(found, key=lambda one: (one.entity, one.source, one.sequence))


def feed_loads(home: Home, source: str, entity: str) -> list[Manifest]:
    """Read the manifests of a feed's committed loads, in load order."""
    return [load for load in committed_loads(home) if load["source"] == source and load["entity"] == entity]


def committed_tip(home: Home, source: str, entity: str, cursor_column: str | None) -> Tip:
    """Where the committed loads of a feed end: the stored cursor."""
    return _tip(feed_loads(home, source, entity), cursor_column)


def feed_tip(home: Home, source: str, entity: str, cursor_column: str | None) -> Tip:
    """Where a feed ends, the extracts that wait included.

    They are read before the loads: what landing commits in between is found in one of the two.
    """
    waiting = [extract.facts | {"load_id": extract.load_id} for extract in sealed_extracts(home, source, entity)]
    loads = feed_loads(home, source, entity)
    known = {load["load_id"] for load in loads}
    return _tip([*loads, *(one for one in waiting if one["load_id"] not in known)], cursor_column)


def connected(loads: Sequence[Manifest], extracts: Iterable[Extract]) -> tuple[list[Extract], list[Extract]]:
    """Tell the extracts that go on from what is loaded from those whose load before was withdrawn.

    Args:
        loads: all committed loads.
        extracts: in the order in which they were sealed.
    """
    reached = _reached([load for load in loads if load["source"] != FILES])
    good, lost = [], []
    for extract in extracts:
        if _goes_on(extract.facts, reached):
            reached.add(extract.load_id)
            good.append(extract)
        else:
            lost.append(extract)
    return good, lost


def _goes_on(facts: Manifest, reached: set[str]) -> bool:
    """Whether nothing is missing before it: it asked for all rows, or what it follows is there."""
    return facts.get("cursor_from") is None or facts.get("follows") in reached


def _reached(loads: Iterable[Manifest]) -> set[str]:
    reached: set[str] = set()
    for load in loads:
        if _goes_on(load, reached):
            reached.add(str(load["load_id"]))
    return reached


def _tip(loads: Sequence[Manifest], cursor_column: str | None) -> Tip:
    reached = _reached(loads)
    ends = [one for one in loads if one["load_id"] in reached and one.get("cursor_column") == cursor_column]
    if cursor_column is not None and ends and ends[-1].get("cursor_to") is not None:
        return Tip(ends[-1]["load_id"], ends[-1]["cursor_to"])
    return Tip(loads[-1]["load_id"] if loads else None)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
