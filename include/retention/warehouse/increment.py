"""Whether a run may build on the last release, or has to build everything anew.

An increment keeps the release's large tables and changes in them what is new: rows of later loads, and rows whose day
has come since. It gives the tables that a full build gives, as long as all else is as it was; here it is decided
whether that is so.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from retention.runs import Run

DEFINING = (
    "dbt_project/**/*.sql",
    "dbt_project/**/*.csv",
    "dbt_project/**/*.yml",
    "expectations/contracts/*.yaml",
    "include/retention/landing/*.py",  # how rows reach the models
    "include/retention/warehouse/*.py",
)
NOT_DEFINING = ("target", "logs", "lint")


@dataclass(frozen=True)
class Base:
    """The release that an increment starts from.

    Attributes:
        folder: the release's folder.
        since_load_seq: the newest load that it has seen.
        since_as_of: the day that it describes.
    """

    folder: Path
    since_load_seq: int
    since_as_of: date


@dataclass(frozen=True)
class Decision:
    """How a run builds.

    Attributes:
        base: what it builds on; None for a full build.
        reason: why, in words that follow "increment" or "full build".
    """

    base: Base | None
    reason: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{'increment' if self.base else 'full build'}: {self.reason}"


def project_fingerprint(project_dir: Path, versions: Iterable[str] = ()) -> str:
    """A hash of all that decides what the tables hold, data and parameters aside: models, macros, seeds, contracts,
    and the code that hands rows to them.

    Args:
        versions: names and versions of programs that build.
    """
    digest = hashlib.sha256("\n".join(versions).encode())
    found = sorted({path for pattern in DEFINING for path in project_dir.glob(pattern)})
    for path in found:
        place = path.relative_to(project_dir)
        if place.parts[1] not in NOT_DEFINING:
            digest.update(f"{place.as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def decide(
    run: Run,
    release: Mapping[str, Any] | None,
    fingerprint: str,
    pinned: Mapping[str, Sequence[str]],
    sequence: Mapping[str, int],
    *,
    goes_on: bool = True,
) -> Decision:
    """Decide how a run builds.

    Args:
        release: manifest of the present release, with what it was built from; None before the first.
        fingerprint: the project's, as of now.
        pinned: the loads of each entity that the run sees, in their order.
        sequence: by load its place in the order of loads.
        goes_on: whether the engine can build on a release at all.
    """
    if not goes_on:
        return Decision(None, "this engine builds every table anew")
    if release is None:
        return Decision(None, "nothing has been published yet")
    origin = release.get("built_from") or {"fingerprint": "", "timezone": "", "loads": {}}
    since_as_of = date.fromisoformat(str(release["as_of_date"]))
    seen = {load for loads in origin["loads"].values() for load in loads}
    present = {load for loads in pinned.values() for load in loads}
    since_load_seq = max((sequence[load] for load in seen & present), default=0)
    hindrances = {
        "models, seeds, contracts or versions are not those of the release": origin["fingerprint"] != fingerprint,
        "the release was built on another engine": origin.get("target", "duckdb") != run.target,
        "the release has another profile": release["profile"] != run.profile,
        "the release has another time zone": origin["timezone"] != run.timezone,
        f"the release describes a later day, {since_as_of}": run.as_of is None or run.as_of < since_as_of,
        "a load that the release has seen is gone": bool(seen - present),
        "a load that the release has seen was landed again, after others": any(
            [load for load in pinned.get(entity, []) if load in seen] != list(loads)
            for entity, loads in origin["loads"].items()
        ),
        "a load from before the release has come back": any(
            sequence[load] <= since_load_seq for load in present - seen
        ),
    }
    for reason, holds in hindrances.items():
        if holds:
            return Decision(None, reason)
    news = len(present - seen)
    base = Base(run.home.releases / str(release["release_id"]), since_load_seq, since_as_of)
    return Decision(base, f"{news} new load{'' if news == 1 else 's'} since release {base.folder.name}")
