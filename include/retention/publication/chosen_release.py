"""The release that something is told of: the one that readers see, or one of another day."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from retention.errors import NotThereError
from retention.publication.release import releases
from retention.runs import Home


@dataclass(frozen=True)
class Release:
    """A release on disk.

    Attributes:
        known_by: the day by which it knew, where it was made to look back.
        is_published: whether readers see it.
    """

    release_id: str
    as_of: date
    known_by: str | None
    is_synthetic: bool
    is_published: bool
    file: Path


def find_release(home: Home, as_of: date | None = None) -> Release:
    """The release that readers see, or of another day one that is on disk, the one that readers see first.

    Raises:
        NotThereError: nothing is published, or no release on disk describes the day.
    """
    known = releases(home)
    found = [one for one in known if (one["is_published"] if as_of is None else str(one["as_of_date"]) == str(as_of))]
    if not found:
        if as_of is None:
            raise NotThereError(f"Nothing has been published in {home.path} yet.", "Run the pipeline: retention run.")
        days = ", ".join(sorted({str(one["as_of_date"]) for one in known})) or "none"
        raise NotThereError(f"No release on disk describes {as_of}.", f"There are releases of: {days}.")
    one = max(found, key=lambda manifest: bool(manifest["is_published"]))
    return Release(
        str(one["release_id"]),
        date.fromisoformat(str(one["as_of_date"])),
        one.get("known_by") and str(one["known_by"]),
        bool(one.get("is_synthetic")),
        bool(one["is_published"]),
        home.releases / str(one["release_id"]) / "retention.duckdb",
    )
