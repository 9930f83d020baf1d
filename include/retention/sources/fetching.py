"""Files of a source, each fetched once: a copy in the vault, sealed as an extract of its own.

A file is known by its version (tag, or size and time) in the loads of its feed; a new version with known content is
not loaded again. What was fetched and found known is remembered in `seen.json`, which may be lost without harm.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retention.errors import LockBusyError
from retention.landing.deliveries import FORMS, READ, form_of
from retention.landing.extracts import Extract, feed_loads, make_feed_folder, seal, sealed_extracts
from retention.landing.textfile import fingerprint
from retention.runs import Home, write_json
from retention.sources.extractor import Feed, GivesFiles, RemoteFile
from retention.warehouse.lock import writer_lock

SEEN = "seen.json"


@dataclass(frozen=True)
class Known:
    """A file that was fetched before."""

    load_id: str
    version: str
    sha256: str
    waiting: Extract | None = None


@dataclass
class Fetched:
    """What came of the files of a feed."""

    sealed: list[Extract]
    known: int = 0
    left: int = 0


def fetch_files(home: Home, feed: Feed, extractor: GivesFiles, say: Callable[[str], None]) -> Fetched:
    """Fetch the files that were not fetched before.

    Raises:
        SourceError: the source refuses.
    """
    folder = make_feed_folder(home, feed.source, feed.contract.entity)
    known, seen = _known(home, feed), _read_seen(folder)
    done = Fetched([])
    for file in extractor.files(feed):
        contents = {one.sha256 for one in known.values()}
        last = known.get(file.uri)
        remembered = seen.get(file.uri, {})
        if (last and last.version == file.version) or (
            remembered.get("version") == file.version and remembered.get("sha256") in contents
        ):
            done.known += 1
            continue
        trouble = _trouble(file)
        half = folder / ".tmp-file"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        target = half / f"data{_suffix(file.name)}"
        if trouble is None and not extractor.fetch(feed, file, target):
            trouble = "it changed while it was fetched: left for the next run"
        if trouble:
            shutil.rmtree(half)
            say(f"{feed.label}/{file.name}: {trouble}")
            done.left += 1
            continue
        sha256 = fingerprint(target)
        if sha256 in contents if last is None else sha256 == last.sha256:
            shutil.rmtree(half)
            seen[file.uri] = {"version": file.version, "sha256": sha256}
            write_json(folder / SEEN, seen)
            done.known += 1
            continue
        extract = _seal(home, feed, file, target, last)
        known[file.uri] = Known(extract.load_id, file.version, sha256, extract)
        done.sealed.append(extract)
        say(f"{feed.label}/{file.name}: {file.size:,} bytes fetched")
    return done


def _known(home: Home, feed: Feed) -> dict[str, Known]:
    """The newest version of each file in loads and waiting extracts, by address."""
    known = {}
    waiting = sealed_extracts(home, feed.source, feed.contract.entity)  # first: what is landed meanwhile is in one
    for load in feed_loads(home, feed.source, feed.contract.entity):
        known[load["uri"]] = Known(load["load_id"], str(load.get("version")), load["sha256"])
    for extract in waiting:
        known[extract.uri] = Known(extract.load_id, str(extract.facts.get("version")), extract.sha256, extract)
    return known


def _trouble(file: RemoteFile) -> str | None:
    if file.unsettled:
        return f"{file.unsettled}: left for the next run"
    if form_of(Path(file.name)) is None:
        return f"files of this kind are not read ({READ} are)"
    return None if file.size else "the file is empty: left for the next run"


def _suffix(name: str) -> str:
    return next((suffix for suffix in FORMS if name.lower().endswith(suffix)), "")


def _seal(home: Home, feed: Feed, file: RemoteFile, target: Path, last: Known | None) -> Extract:
    """Seal a fetched file; the version of it that still waits is taken away, unless landing is at work."""
    follows = last.load_id if last else None
    content: dict[str, Any] = {
        "source": feed.source,
        "entity": feed.contract.entity,
        "file": target.name,
        "form": form_of(Path(file.name)),
        "columns": dict(feed.columns),
        "uri": file.uri,
        "facts": {
            "follows": follows, "cursor_column": None, "cursor_from": None, "cursor_to": None, "version": file.version,
        },
    }  # fmt: skip
    extract = seal(home, target.parent, content)
    if last and last.waiting:
        with suppress(LockBusyError, FileNotFoundError), writer_lock(home, f"extract {feed.label}"):
            last.waiting.remove()
    return extract


def _read_seen(folder: Path) -> dict[str, dict[str, str]]:
    try:
        content: dict[str, dict[str, str]] = json.loads((folder / SEEN).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content
