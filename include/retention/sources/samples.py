"""Write a sample as landing files: `LANDING/<entity>/<sample>.<kind>`, the same bytes every time.

The same bytes matter: landing knows a file by its content, so a second `make run` loads nothing twice.
"""

import importlib.util
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.sources.cdnow import CDNOW, CDNOW_SAMPLE
from retention.sources.complete_journey import COMPLETE_JOURNEY
from retention.sources.sample import EntityQuery, Sample

SAMPLES: Mapping[str, Sample] = {sample.name: sample for sample in (COMPLETE_JOURNEY, CDNOW, CDNOW_SAMPLE)}

_COPY_OPTIONS = {
    "csv": "format csv, header",
    "csv.gz": "format csv, header, compression gzip",
    "parquet": "format parquet, compression zstd",
}


@dataclass(frozen=True)
class SampleReport:
    """What was written.

    Attributes:
        name: the sample.
        rows: landing entity → rows in its file.
        files: landing entity → its file.
        caveats: source, licence, and what the data cannot say; one sentence or two each.
    """

    name: str
    rows: Mapping[str, int]
    files: Mapping[str, Path]
    caveats: tuple[str, ...]


def write_sample(name: str, landing: Path, progress: Callable[[str], None]) -> SampleReport:
    """Write the landing files of a sample, replacing its files of before, each whole or not at all.

    Args:
        name: one of `SAMPLES`.
        landing: folder with one sub-folder per entity; made when it is not there.
        progress: told one line for each file.

    Raises:
        SettingsError: no such sample, the folder holds another sample's files, or it cannot be written.
        NotThereError: the package that carries the data is not installed.
    """
    sample = _find_sample(name)
    _refuse_a_mixture(sample, landing)
    inputs = {table: _find_input(sample, file) for table, file in sample.inputs.items()}
    # One thread, so that the order of row groups cannot depend on who finishes first.
    with duckdb.connect(config={"threads": 1}) as connection:
        for table, path in inputs.items():
            sample.open_input(connection, path).create_view(table)
        files = {entity: landing / entity / f"{name}.{query.suffix}" for entity, query in sample.entities.items()}
        rows = {}
        for entity, query in sample.entities.items():
            rows[entity] = _write(connection, query, files[entity])
            progress(f"{name}: {rows[entity]:,} {entity} in {files[entity]}")
        return SampleReport(name, rows, files, sample.caveats(connection))


def _find_sample(name: str) -> Sample:
    if name not in SAMPLES:
        raise SettingsError(f"There is no sample {name!r}.", f"Choose one of: {', '.join(SAMPLES)}.")
    return SAMPLES[name]


def _refuse_a_mixture(sample: Sample, landing: Path) -> None:
    """Keep two companies out of one landing folder: their customers would be counted as one company's."""
    for other in SAMPLES.values():
        if other is sample:
            continue
        for entity, query in other.entities.items():
            path = landing / entity / f"{other.name}.{query.suffix}"
            if path.exists():
                raise SettingsError(
                    f"{path} belongs to the sample {other.name!r}; with {sample.name!r} beside it, two companies "
                    "would be loaded as one.",
                    "Name another folder with --landing and another --home, or delete that sample's files and home.",
                )


def _find_input(sample: Sample, file: str) -> Path:
    """Find a file of an installed package by path. Importing the package could fail or be slow, and gives nothing."""
    spec = importlib.util.find_spec(sample.package)
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder) / file
        if path.is_file():
            return path
    raise NotThereError(
        f"The data of the sample {sample.name!r} is not installed: no {file} in the Python package {sample.package!r}.",
        "Run: make setup, or: pip install 'retention-pipeline[samples]'.",
    )


def _write(connection: duckdb.DuckDBPyConnection, query: EntityQuery, path: Path) -> int:
    """Write one file beside its place and rename it there, so that landing never reads half of it."""
    beside = path.with_name(f".{path.name}.new")
    target = str(beside).replace("'", "''")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        copied = connection.execute(f"copy ({query.select}) to '{target}' ({_COPY_OPTIONS[query.suffix]})")
        [(rows,)] = copied.fetchall()
        beside.replace(path)
    except (OSError, duckdb.IOException) as error:
        with suppress(OSError):
            beside.unlink()
        raise SettingsError(
            f"Cannot write {path}: {error}.", "Name a folder with room that you may write to, with --landing."
        ) from error
    return int(rows)
