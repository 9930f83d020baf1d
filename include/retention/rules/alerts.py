"""Rules that open alerts: whether a row can be asked, ever opens, and ever closes."""

from collections.abc import Iterator, Mapping, Sequence

from retention.sql import literal

WINDOWED = ("share", "drop", "mean_drop", "number", "amount")
LEVELS = ("customer", "business")
SEVERITIES = ("critical", "warning", "notice")
WITH_BOUND = ("slow_response_share", "low_rating_share")
WITHOUT_THRESHOLD = ("board_abnormal",)
DOWNWARDS = ("days_to_due",)
"""Metrics that alarm when they are low."""


def alert_checks(metrics: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Queries of single rows of alert_rules.csv that are wrong.

    Args:
        metrics: by the metric's name how it is worked out, its unit, its subject and its comparison.
    """
    known = ", ".join(map(literal, metrics))
    windowed = ", ".join(literal(name) for name, about in metrics.items() if about[0] in WINDOWED)
    yield f"""
        select 'alert_rules' as seed, line, profile, 'metric ' || said(metric) || ' is unknown. '
            || meant([{known}], metric) as problem
        from alert_rules where metric not in ({known})
    """
    yield _no_word("level", LEVELS)
    yield _no_word("severity", SEVERITIES)
    yield f"""
        select 'alert_rules' as seed, line, profile, case
                when metric in ({windowed}) and coalesce(try_cast(lookback_days as integer), 0) < 1
                    then 'rule ' || rule_id || ' asks ' || metric || ', which is of a window, and has no '
                        || 'lookback_days. Write the days of the window.'
                when threshold is null and metric not in {_list(WITHOUT_THRESHOLD)}
                    then 'rule ' || rule_id || ' has no threshold. Write the figure at which it opens an alert.'
                when value_bound is null and metric in {_list(WITH_BOUND)}
                    then 'rule ' || rule_id || ' asks ' || metric || ' and has no value_bound. Write the bound of one '
                        || if(metric = 'slow_response_share', 'response, in minutes.', 'rating.')
                when try_cast(reopen_days as integer) < 0
                    then 'reopen_days ' || reopen_days || ' is below 0. Write 0 where nothing is continued.'
                when metric not in {_list(DOWNWARDS)}
                    and try_cast(close_threshold as double) > try_cast(threshold as double)
                    then 'close_threshold ' || close_threshold || ' of rule ' || rule_id || ' is above its threshold '
                        || threshold || ', so that an alert would close before it opens. Write the threshold or less.'
                when metric not in {_list(DOWNWARDS)}
                    and try_cast(critical_threshold as double) < try_cast(threshold as double)
                    then 'critical_threshold ' || critical_threshold || ' of rule ' || rule_id
                        || ' is below its threshold ' || threshold || '. Write a graver figure, or leave it empty.'
            end as problem
        from alert_rules
    """


def whole_alert_checks() -> Iterator[str]:
    """Queries of codes of alerts that nobody has named."""
    yield """
        with codes as (
            select line, profile, rule_id, 'alert_rule' as code_set, rule_id as code from alert_rules
            union all
            select line, profile, rule_id, 'alert_type', alert_type from alert_rules
            union all
            select line, profile, rule_id, 'alert_action', recommended_action from alert_rules
            union all
            select line, profile, rule_id, 'alert_group', digest_group from alert_rules
            union all
            select line, profile, rule_id, 'owner_role', owner_role from alert_rules
        )
        select 'alert_rules' as seed, min(line) as line, arg_min(profile, line) as profile,
            code_set || ' ' || said(code) || ' has no name in labels.csv. Add the row: '
            || code_set || ',' || code || ',English name,中文名称,'
            || arg_min(rule_id, line) || ',What it means' as problem
        from codes
        where code is not null and not exists (
            select 1 from labels where labels.code_set = codes.code_set and labels.code = codes.code
        )
        group by code_set, code
    """


def _no_word(column: str, words: tuple[str, ...]) -> str:
    return f"""
        select 'alert_rules' as seed, line, profile, '{column} ' || said({column}) || ' is unknown. Write '
            || '{" or ".join(words)}.' as problem
        from alert_rules where {column} not in {words}
    """


def _list(words: Sequence[str]) -> str:
    return f"({', '.join(map(literal, words))})"
