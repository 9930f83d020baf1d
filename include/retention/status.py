"""What an engineer asks at night: what is published, what ran, what was loaded, what failed."""

from typing import Any

from retention.closing import closings
from retention.errors import NotThereError
from retention.landing import committed_loads
from retention.pipeline import runs
from retention.publication.chosen_release import open_published
from retention.publication.release import releases
from retention.runs import Home

SHOWN = 10
WAITING = """
    select review_id, scheme, count(*) as waiting, sum(value_at_stake) as value_at_stake
    from marts.tier_review_list
    where status = 'waiting'
    group by review_id, scheme
    order by review_id desc, scheme
"""
FAILED = """
    select severity, entity, "check", "column", observed, threshold
    from marts.data_quality
    where not passed
    order by severity, entity, "check", "column"
"""


def read_status(home: Home) -> dict[str, list[dict[str, Any]]]:
    """The last releases, closed months, runs with their errors, loads, and what waits and what failed in it."""
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
        "waiting_reviews": _asked(home, "tier_review_list", WAITING),
        "failed_checks": _asked(home, "data_quality", FAILED),
    }


def _asked(home: Home, table: str, query: str) -> list[dict[str, Any]]:
    """Rows of the published release; none where it has no such table."""
    try:
        with open_published(home, table) as release:
            return release.rows(query)
    except NotThereError:
        return []
