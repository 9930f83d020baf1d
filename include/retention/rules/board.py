"""The board's metrics: whether a row names one that there is, with a target and a window that it can have."""

from collections.abc import Iterator, Mapping, Sequence

from retention.rules.targets import DIRECTIONS
from retention.sql import literal

RANGES: dict[str, tuple[int, int | None]] = {
    "rate": (0, 1),
    "points": (-100, 100),
    "count": (0, None),
    "money": (0, None),
}
"""What a figure can be, by its unit; no upper end for sums."""


def board_checks(metrics: Mapping[str, Sequence[str | int]]) -> Iterator[str]:
    """Queries of rows of board_metrics.csv that nothing can be shown for.

    Args:
        metrics: by the metric's name its unit, its source, mean or sum, and the days of its window where the name says
            them, else 0, or `standing` where it has none.
    """
    known = ", ".join(literal(name) for name in metrics)
    yield f"""
        select 'board_metrics' as seed, line, profile, 'metric ' || said(metric) || ' is unknown. '
            || meant([{known}], metric) as problem
        from board_metrics where metric not in ({known})
    """
    yield f"""
        select 'board_metrics' as seed, line, profile, 'direction ' || said(direction) || ' is unknown. Write '
            || {literal(" or ".join(DIRECTIONS))} || '.' as problem
        from board_metrics where direction not in {DIRECTIONS}
    """
    yield """
        select 'board_metrics' as seed, line, profile, 'position ' || position || ' is no place. Write a whole number '
            || 'from 1 on.' as problem
        from board_metrics where try_cast(position as integer) < 1
    """
    yield _windows(metrics)
    yield _figures(metrics)
    yield """
        select 'board_metrics' as seed, line, profile, 'alarm_at ' || alarm_at || ' of ' || metric || ' (rule '
            || coalesce(rule_id, '') || ') is better than its target ' || target || ' (' || direction
            || '), so that who meets it would raise an alarm. Write a number on the other side.' as problem
        from board_metrics
        where case direction when 'at_most' then -1 else 1 end * try_cast(alarm_at as double)
            > case direction when 'at_most' then -1 else 1 end * try_cast(target as double)
    """


def _windows(metrics: Mapping[str, Sequence[str | int]]) -> str:
    """Windows that a metric cannot have: its name says another, or it stands at a day's end."""
    standing = ", ".join(literal(name) for name, about in metrics.items() if about[3] == "standing")
    fixed = " ".join(
        f"when {literal(name)} then {about[3]}" for name, about in metrics.items() if about[3] not in (0, "standing")
    )
    return f"""
        select 'board_metrics' as seed, line, profile, case
                when metric in ({standing}) then if(window_days is not null, metric || ' is what stands at the end of '
                    || 'a day and has no window. Leave window_days empty.', null)
                when window_days is null or try_cast(window_days as integer) < 1
                    then metric || ' has no window. Write its days, from 1 on, as window_days.'
                when try_cast(window_days as integer) != named
                    then 'window_days ' || window_days || ' is not what the name of ' || metric || ' says. Write '
                        || named || '.'
            end as problem
        from (select *, case metric {fixed} end as named from board_metrics)
    """


def _figures(metrics: Mapping[str, Sequence[str | int]]) -> str:
    """Targets and alarms that a metric cannot reach: most often a rate in percents."""
    lowest = " ".join(f"when {literal(name)} then {RANGES[str(about[0])][0]}" for name, about in metrics.items())
    highest = " ".join(
        f"when {literal(name)} then {RANGES[str(about[0])][1]}"
        for name, about in metrics.items()
        if RANGES[str(about[0])][1] is not None
    )
    return f"""
        with figures as (
            select line, profile, rule_id, metric, case metric {lowest} end as lowest,
                case metric {highest} end as highest,
                unnest([{{'name': 'target', 'said': target}}, {{'name': 'alarm_at', 'said': alarm_at}}]) as figure
            from board_metrics
        )
        select 'board_metrics' as seed, line, profile, figure.name || ' ' || figure.said || ' (rule '
            || coalesce(rule_id, '') || ') is none that ' || metric || ' can have. Write a number from ' || lowest
            || if(highest is null, ' on', ' to ' || highest) || '.' as problem
        from figures
        where try_cast(figure.said as double) < lowest or try_cast(figure.said as double) > highest
    """
