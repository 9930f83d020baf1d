"""What an engineer asks at night: what is published, what ran, what was loaded, what failed."""

from typing import Any

import duckdb

from retention.closing import closings
from retention.landing import committed_loads
from retention.pipeline import runs
from retention.publication.release import releases
from retention.runs import Home

SHOWN = 10


def read_status(home: Home) -> dict[str, list[dict[str, Any]]]:
    """The last releases, closed months, runs with their errors, loads, and what failed in the published release."""
    return {
        "releases": [
            {
                "release_id": release["release_id"],
                "as_of_date": release["as_of_date"],
                "known_by": release.get("known_by"),
                "profile": release["profile"],
                "is_published": release["is_published"],
                "tables": len(release["tables"]),
            }
            for release in releases(home)[:SHOWN]
        ],
        "closings": closings(home)[:SHOWN],
        "runs": [
            {
                "run_id": run["run_id"],
                "as_of_date": run["as_of"],
                "known_by": run.get("known_by"),
                "last_step": run["steps"][-1] if run["steps"] else None,
                "failed_step": run["failure"]["step"] if run["failure"] else None,
                "error": run["failure"]["error"] if run["failure"] else None,
            }
            for run in runs(home)[:SHOWN]
        ],
        "loads": [
            {"entity": load["entity"], "file": load["uri"].rsplit("/", 1)[-1]}
            | {name: load[name] for name in ("load_id", "rows_in", "rows_loaded", "rows_duplicate")}
            | {"rows_quarantined": load["rows_quarantined"], "finished_at": load["finished_at"]}
            for load in reversed(committed_loads(home)[-SHOWN:])
        ],
        "failed_checks": _failed_checks(home),
    }


def _failed_checks(home: Home) -> list[dict[str, Any]]:
    published = home.published.resolve() / "retention.duckdb"
    if not published.exists():
        return []
    with duckdb.connect(str(published), read_only=True) as connection:
        result = connection.execute(
            'select severity, entity, "check", "column", observed, threshold from marts.data_quality '
            'where not passed order by severity, entity, "check", "column"'
        )
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
