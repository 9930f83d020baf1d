"""Whether tables were made of a simulated company's files: then every reader is told, for no such company exists."""

from collections.abc import Collection, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from retention.landing import committed_loads
from retention.quality.results import CheckResult
from retention.runs import Home, Run

SYNTHETIC = "synthetic_"  # the simulator's files begin so; a load keeps its file's name
NOTICE = "SYNTHETIC DATA: made by `retention simulate`; no such company exists."


def synthetic_files(home: Home, pinned: Mapping[str, Collection[str]]) -> dict[str, int]:
    """How many of these loads came from simulated files, by entity; empty when none did.

    Args:
        pinned: load IDs by entity.
    """
    found: dict[str, int] = {}
    for load in committed_loads(home):
        entity = str(load["entity"])
        name = str(load["uri"]).rpartition("/")[2]
        if name.startswith(SYNTHETIC) and load["load_id"] in pinned.get(entity, ()):
            found[entity] = found.get(entity, 0) + 1
    return found


def check_provenance(run: Run) -> list[CheckResult]:
    """One failed check where simulated files were loaded, to be published with the others; none where none were."""
    pinned = run.read("land")["pinned"]
    found = synthetic_files(run.home, pinned)
    now = datetime.now(ZoneInfo(run.timezone)).replace(tzinfo=None, microsecond=0)
    loads = sum(len(pinned[entity]) for entity in found)
    return [
        CheckResult(
            entity="landing",
            check_name="synthetic_data",
            expectation="no_synthetic_files",
            column_name=None,
            observed=f"{sum(found.values())} of {loads} files are synthetic",
            threshold="none",
            passed=False,
            severity="warning",
            checked_at=now,
        )
    ] if found else []  # fmt: skip
