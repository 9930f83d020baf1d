"""Every target beside what was reached, from the published release (G)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from retention.errors import NotThereError, SettingsError
from retention.languages import check_language
from retention.publication.chosen_release import find_release, opened
from retention.runs import Home

PLANS = {"resource_plan": "resource_budgets", "plan_progress": "plan_objectives"}
"""Tables that stand beside the targets, and the seeds that a company fills them by."""
STATUSES = ("met", "behind", "warning", "alarm", "too_few", "not_ripe", "no_data")
# The worst first: a list of targets is read from its top.
TARGETS = """
    select
        tracked.scheme, coalesce(schemes.{name}, tracked.scheme) as scheme_name, tracked.tier,
        if(tracked.tier = 'all', coalesce(schemes.{name}, 'all'), tracked.tier) as tier_name,
        tracked.metric, metrics.{name} as metric_name, tracked.period_type, tracked.period_start, tracked.period_end,
        tracked.direction, tracked.target, tracked.actual, tracked.numerator, tracked.denominator, tracked.gap,
        tracked.unit, tracked.status, statuses.{name} as status_name, tracked.missing_reason,
        reasons.{name} as missing_reason_name, tracked.warn_at, tracked.alarm_at, tracked.expected_low,
        tracked.expected_high, tracked.owner, coalesce(owners.{name}, tracked.owner) as owner_name, tracked.rule_id,
        tracked.reason
    from marts.target_tracking as tracked
    -- That a target is of all has its name among the dimensions: it is no scheme.
    left join marts.dim_labels as schemes
        on schemes.code_set = if(tracked.scheme = 'all', 'dimension', 'scheme') and schemes.code = tracked.scheme
    left join marts.dim_labels as metrics on metrics.code_set = 'target_metric' and metrics.code = tracked.metric
    left join marts.dim_labels as statuses on statuses.code_set = 'target_status' and statuses.code = tracked.status
    left join marts.dim_labels as reasons
        on reasons.code_set = 'metric_reason' and reasons.code = tracked.missing_reason
    left join marts.dim_labels as owners on owners.code_set = 'owner_role' and owners.code = tracked.owner
    where tracked.is_latest
    order by
        list_position(['alarm', 'warning', 'behind', 'met', 'too_few', 'not_ripe', 'no_data'], tracked.status),
        -- Of one status the greatest miss, as a share of its target.
        case tracked.direction when 'at_most' then -1 else 1 end
        * (tracked.actual - tracked.target) / nullif(abs(tracked.target), 0) nulls last,
        tracked.scheme, tracked.tier, tracked.metric, tracked.period_type
"""


@dataclass(frozen=True)
class Wanted:
    """Which targets are asked for.

    Attributes:
        scheme: tier scheme; `all` for those of the whole company; None: every target.
        statuses: empty: every status.
    """

    scheme: str | None = None
    statuses: Sequence[str] = ()


def list_targets(home: Home, wanted: Wanted, language: str = "en", as_of: date | None = None) -> list[dict[str, Any]]:
    """The targets with their latest actuals, the worst first.

    Args:
        as_of: of this day's release; default: of the published one.

    Raises:
        NotThereError: there is no such release, it is older than targets, or no target is of that scheme.
        SettingsError: there is no such language or status.
    """
    _check(wanted, language)
    with opened(find_release(home, as_of), "target_tracking", called="tracked targets") as release:
        rows = release.rows(TARGETS.format(name=f"name_{language}"))
    schemes = sorted({row["scheme"] for row in rows})
    if wanted.scheme is not None and wanted.scheme not in schemes:
        raise NotThereError(f"No target is of scheme '{wanted.scheme}'.", f"Schemes: {', '.join(schemes) or 'none'}.")
    return [
        row
        for row in rows
        if wanted.scheme in (None, row["scheme"]) and (not wanted.statuses or row["status"] in wanted.statuses)
    ]


def empty_plans(home: Home, as_of: date | None = None) -> list[str]:
    """Tables of plans and budgets that the release has without rows, each with the seed that fills it."""
    with opened(find_release(home, as_of)) as release:
        return [
            f"{table} is empty: the profile of the release has no rows in seeds/{seed}.csv"
            for table, seed in PLANS.items()
            if table in release.tables and not release.rows(f"from marts.{table} limit 1")
        ]


def _check(wanted: Wanted, language: str) -> None:
    check_language(language)
    for status in wanted.statuses:
        if status not in STATUSES:
            raise SettingsError(f"There is no status '{status}'.", f"Use one of {', '.join(STATUSES)}.")
