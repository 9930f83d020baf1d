"""The release: a sealed folder of readers' files, and the one symlink that says which release is the present one.

`<home>/published -> releases/<run_id>/` holds `retention.duckdb` (marts only), `warehouse.duckdb` (with raw views,
staging, seeds and ops) and `manifest.json`; where the engine writes Parquet, `marts/<table>/` too. Nothing in a release
is changed after the pointer has reached it.
"""

import itertools
import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import NotThereError, PublicationError
from retention.publication.parquet import changed_parquet, release_parquet
from retention.publication.provenance import synthetic_files
from retention.publication.sealing import seal, sha256_of, sync_folder
from retention.runs import Home, Run, write_json
from retention.sql import quoted
from retention.warehouse.candidate import CONFIG


def published_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the result tables, in alphabetical order."""
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"
    ).fetchall()
    return [name for (name,) in rows]


def published_file(home: Home) -> Path:
    """The published result tables, by the release's own path: DuckDB keeps one instance a path, and the pointer's path
    outlives releases.

    Raises:
        NotThereError: nothing has been published.
    """
    file = home.published.resolve() / "retention.duckdb"
    if not file.exists():
        raise NotThereError(f"Nothing has been published in {home.path} yet.", "Run the pipeline first: retention run.")
    return file


def candidate_hashes(run: Run) -> dict[str, str]:
    """The SHA-256 of the candidate's two files, by file name without suffix."""
    files = (run.candidate, run.candidate_marts)
    with ThreadPoolExecutor(len(files)) as side:
        return dict(zip((file.stem for file in files), side.map(sha256_of, files), strict=True))


def write_release(run: Run, audit: Mapping[str, Any], built_from: Mapping[str, Any]) -> dict[str, Any]:
    """Turn an audited candidate into a release folder, complete and read-only, not yet pointed at.

    The files are linked and not copied: they are the candidate's own, sealed.

    Args:
        audit: the audit's record, with the SHA-256 that each file had when it passed.
        built_from: what the tables were made of; the next run decides by it whether it can go on from here.

    Returns:
        The release's manifest. A candidate that has been released already gives that release's.

    Raises:
        PublicationError: the candidate is not the one that was audited, or cannot be read to the end.
    """
    passed: Mapping[str, str] = audit.get("sha256") or {}
    done = next((one for one in releases(run.home) if one["warehouse_sha256"] == passed.get("warehouse")), None)
    if done is not None:
        return done
    if not audit.get("passed"):
        raise PublicationError(f"Run {run.run_id} has not passed its audit.", "See why: retention status.")
    files = (run.candidate, run.candidate_marts)
    if not all(file.exists() for file in files) or candidate_hashes(run) != passed:
        raise PublicationError(
            f"The candidate of run {run.run_id} has changed since its audit.",
            "Build and check it again: retention run.",
        )
    try:
        tables = _read_to_the_end(run.candidate_marts)
    except duckdb.Error as error:
        raise PublicationError(
            f"A table of run {run.run_id} cannot be read to the end: {str(error).splitlines()[0]}",
            "Nothing was published. Start a new run.",
        ) from error
    staged = run.home.releases / f".new-{run.run_id}"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    for file in files:
        (staged / file.name).hardlink_to(file)
    manifest = {
        "release_id": _free_name(run),
        "run_id": run.run_id,
        "as_of_date": run.as_of,
        "known_by": run.known_by,
        "profile": run.profile,
        "is_synthetic": bool(synthetic_files(run.home, built_from.get("loads", {}))),
        "started_at": run.started_at,
        **{f"{name}_sha256": value for name, value in passed.items()},
        "tables": tables,
        "parquet": release_parquet(run, staged, tables),
        "built_from": built_from,
    }
    write_json(staged / "manifest.json", manifest)
    seal(staged)
    return manifest


def _read_to_the_end(marts: Path) -> dict[str, dict[str, Any]]:
    """Read each value of each result table once: a damaged block shows here and not at a reader's.

    Raises:
        PublicationError: the file holds a table that is no result table.

    Returns:
        By table its count of rows and a hash of its content that does not depend on the order of rows.
    """
    with duckdb.connect(str(marts), read_only=True, config=CONFIG) as connection:
        strays = connection.execute(
            "select string_agg(table_schema || '.' || table_name, ', ') from information_schema.tables "
            "where table_schema != 'marts'"
        ).fetchall()[0][0]
        if strays:
            raise PublicationError(
                f"{marts.name} holds {strays}, which is not for readers.",
                "Take `database: retention` from that model; result tables alone go there.",
            )
        return {name: _fingerprint(connection, name) for name in published_tables(connection)}


def _fingerprint(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    row = connection.execute(
        f"select count(*), cast(coalesce(bit_xor(hash(result)), 0) as varchar) from marts.{quoted(name)} as result"
    ).fetchall()[0]
    return {"rows": row[0], "content_hash": row[1]}


def _free_name(run: Run) -> str:
    """The run's ID, with a number behind it when the run has been released before and was built again since."""
    taken = {path.name for path in run.home.releases.iterdir()}
    tries = (f"{run.run_id}{'' if number == 1 else f'.{number}'}" for number in itertools.count(1))
    return next(name for name in tries if name not in taken)


def commit_release(run: Run, manifest: Mapping[str, Any], keep: int, *, only_forward: bool = False) -> Path:
    """Put the written release in its place, turn the pointer to it and drop the releases beyond `keep`.

    Args:
        only_forward: leave the pointer where it is when its release describes a later day than this one, or the same
            day with more known of it.

    Returns:
        The release's folder.
    """
    release = run.home.releases / str(manifest["release_id"])
    if not release.exists():
        (run.home.releases / f".new-{run.run_id}").rename(release)
        sync_folder(run.home.releases)
    if not (only_forward and _turns_back(run, manifest)):
        point_to(run.home, manifest["release_id"])
    for file in (run.candidate, run.candidate_marts):
        file.unlink(missing_ok=True)
    for folder in (run.engine_folder, run.marts_parquet):
        shutil.rmtree(folder, ignore_errors=True)
    prune(run.home, keep)
    return release


def _turns_back(run: Run, manifest: Mapping[str, Any]) -> bool:
    """Whether readers see a release of a later day, or one of this day that knew more.

    A day still to come is a mistake that readers may be led out of.
    """
    present = next((one for one in releases(run.home) if one["is_published"]), None)
    if present is None:
        return False
    shown, offered = str(present["as_of_date"]), str(manifest["as_of_date"])
    today = run.started_at.date().isoformat()
    if shown == offered:
        return run.known_by is not None and str(present.get("known_by") or today) > str(run.known_by)
    return offered < shown <= today


def point_to(home: Home, release_id: str) -> None:
    """Swap the pointer in one rename. A reader sees the release before or the release after, never neither."""
    earlier = [one for one in shown_before(home) if one != release_id]
    present = present_release(home)
    if present not in (None, release_id):
        earlier = [*(one for one in earlier if one != present), str(present)]
    _turn(home, release_id)
    write_json(_history(home), {"shown_before": earlier})


def _turn(home: Home, release_id: str) -> None:
    beside = home.path / ".published.new"
    with suppress(FileNotFoundError):
        beside.unlink()
    beside.symlink_to(Path("releases") / release_id)
    beside.replace(home.published)
    sync_folder(home.path)


def _history(home: Home) -> Path:
    return home.releases / ".history.json"


def shown_before(home: Home) -> list[str]:
    """Releases that readers saw before the present one and that are still on disk, the last one last."""
    path = _history(home)
    known: list[str] = json.loads(path.read_text(encoding="utf-8"))["shown_before"] if path.exists() else []
    return [one for one in known if (home.releases / one / "manifest.json").exists()]


def releases(home: Home) -> list[dict[str, Any]]:
    """Manifests of the releases on disk, newest first, the present one marked `is_published`."""
    present = present_release(home)
    found = []
    for path in home.releases.glob("[!.]*/manifest.json"):
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found.append(manifest | {"release_id": path.parent.name, "is_published": path.parent.name == present})
    return sorted(found, key=lambda manifest: (str(manifest["started_at"]), manifest["release_id"]), reverse=True)


def present_release(home: Home) -> str | None:
    """The ID of the release that readers see, None before the first."""
    return home.published.readlink().name if home.published.is_symlink() else None


def rollback(home: Home, release_id: str | None) -> str:
    """Turn the pointer back.

    Args:
        release_id: the release to show; None: the one that readers saw before the present one. Rolling back again goes
            further back.

    Raises:
        NotThereError: there is no such release.
        PublicationError: its files are not those that were published.
    """
    earlier = shown_before(home)
    names = {manifest["release_id"]: manifest for manifest in releases(home)}
    if release_id is None and not earlier:
        present = present_release(home)
        raise NotThereError(
            f"Readers saw no release before {present}."
            if present
            else f"Nothing has been published in {home.path} yet.",
            "List the releases with: retention status." if present else "Run the pipeline first: retention run.",
        )
    target = release_id or earlier[-1]
    if target not in names:
        raise NotThereError(f"There is no release {target}.", f"Choose one of: {', '.join(names) or 'none yet'}.")
    changed = changed_file(home, names[target]) or changed_parquet(home.releases / target, names[target])
    if changed is not None:
        raise PublicationError(
            f"{changed} is not the file that was published.", "Choose another release: retention status."
        )
    if release_id is None:
        _turn(home, target)
        write_json(_history(home), {"shown_before": earlier[:-1]})
    else:
        point_to(home, target)
    return target


def changed_file(home: Home, release: Mapping[str, Any]) -> Path | None:
    """The first database of a release that is gone, or is not the one that was published; None when both are whole."""
    for name in ("retention", "warehouse"):
        file = home.releases / str(release["release_id"]) / f"{name}.duckdb"
        if not file.exists() or sha256_of(file) != release[f"{name}_sha256"]:
            return file
    return None


def prune(home: Home, keep: int) -> None:
    """Remove releases, but never the present one, the newest `keep`, or those of the latest `keep` as-of days.

    A backfill of old days is among the newest, and does not push out the days that readers may want back.
    """
    newest = releases(home)
    latest = sorted(newest, key=lambda manifest: str(manifest["as_of_date"]), reverse=True)
    kept = {manifest["release_id"] for manifest in [*newest[:keep], *latest[:keep]]}
    for manifest in newest:
        if not manifest["is_published"] and manifest["release_id"] not in kept:
            shutil.rmtree(home.releases / manifest["release_id"], ignore_errors=True)
            shutil.rmtree(home.work / manifest["run_id"], ignore_errors=True)
