"""Rules that open alerts: whether a row can be asked, ever opens, and ever closes."""

from collections.abc import Iterator, Mapping, Sequence

from retention.sql import literal

WINDOWED = ("share", "drop", "mean_drop", "number", "amount")
LEVELS = ("customer", "business")
SEVERITIES = ("critical", "warning", "notice")
WITH_BOUND = ("slow_response_share", "low_rating_share")
OF_BOARD = "board"
DOWNWARDS = ("days_to_due",)
"""Metrics that alarm when they are low."""
COUNTED = ("share", "drop", "mean_drop")
BOUNDED = (*WITH_BOUND, "cadence_ratio", "contact_overdue_days")
OF_TICKETS = ("complaints", "slow_response_share", "low_rating_share", "product_complaint_rate")
INSTEAD: Mapping[str, Mapping[str, str]] = {
    "churn_rate_daily": {
        "threshold": "its alarm is alarm_at of board_metrics.csv",
        "min_count": "parameter target_min_count says how many it takes",
    },
    "board_abnormal": {"threshold": "its target is that of board_metrics.csv"},
}
"""Where what a column says is looked up, by metric and column."""
LONGEST_MONTH = 31
FRACTIONS = ("rate", "share")
"""Units of figures that lie between 0 and 1."""
FROM_NOTHING = ("days_to_due", "ticket_overdue_days", "contact_overdue_days")
"""Metrics that 0 is a threshold of: on the day itself."""
OF_CUSTOMERS = ("customer", "ticket")
"""Subjects that make an alert one of level customer."""


def alert_checks(metrics: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Queries of single rows of alert_rules.csv that are wrong.

    Args:
        metrics: by the metric's name how it is worked out, its unit, its subject and its comparison.
    """
    known = ", ".join(map(literal, metrics))
    windowed = ", ".join(literal(name) for name, about in metrics.items() if about[0] in WINDOWED)
    of_board = ", ".join(literal(name) for name, about in metrics.items() if about[0] == OF_BOARD)
    yield f"""
        select 'alert_rules' as seed, line, profile, 'metric ' || said(metric) || ' is unknown. '
            || meant([{known}], metric) as problem
        from alert_rules where metric not in ({known})
    """
    yield _no_word("level", LEVELS)
    yield _no_word("severity", SEVERITIES)
    yield from _unused(metrics)
    yield _levels(metrics)
    yield from _figures(metrics)
    yield f"""
        select 'alert_rules' as seed, line, profile, case
                when metric in ({windowed}) and coalesce(try_cast(lookback_days as integer), 0) < 1
                    then 'rule ' || rule_id || ' asks ' || metric || ', which is of a window, and has no '
                        || 'lookback_days. Write the days of the window.'
                when threshold is null and metric not in ({of_board})
                    then 'rule ' || rule_id || ' has no threshold. Write the figure at which it opens an alert.'
                when value_bound is null and metric in {_list(WITH_BOUND)}
                    then 'rule ' || rule_id || ' asks ' || metric || ' and has no value_bound. Write the bound of one '
                        || if(metric = 'slow_response_share', 'response, in minutes.', 'rating.')
                when try_cast(reopen_days as integer) < 0
                    then 'reopen_days ' || reopen_days || ' is below 0. Write 0 where nothing is continued.'
                when metric in ({windowed})
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


def _levels(metrics: Mapping[str, Sequence[str]]) -> str:
    """Levels that are not that of what the metric is asked of."""
    subjects = " ".join(f"when {literal(name)} then {literal(about[2])}" for name, about in metrics.items())
    return f"""
        select 'alert_rules' as seed, line, profile, 'level ' || level || ' of rule ' || rule_id || ' is not that of '
            || metric || ', which is asked of a ' || subject || '. Write ' || fit || '.' as problem
        from (
            select *, case metric {subjects} end as subject,
                if(subject in {OF_CUSTOMERS}, 'customer', 'business') as fit
            from alert_rules
        )
        where level in {LEVELS} and level != fit
    """


def _figures(metrics: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Figures that a metric cannot have, most often a percentage, and those that it has with nothing to warn of."""
    fractions = [name for name, about in metrics.items() if about[1] in FRACTIONS]
    # Of more than nothing: a fall, and what is compared by > alone, are judged against 0 as well.
    opening = [name for name, about in metrics.items() if about[3] == ">=" and name not in FROM_NOTHING]
    closing = [name for name in opening if metrics[name][0] not in ("drop", "mean_drop")]
    for column, positive in (("threshold", opening), ("close_threshold", closing), ("critical_threshold", opening)):
        yield f"""
            select 'alert_rules' as seed, line, profile, '{column} ' || {column} || ' of rule ' || rule_id || case
                    when try_cast({column} as double) < 0 or try_cast({column} as double) > highest
                        then ' is none that ' || metric || ' can have. Write a number from 0'
                            || if(highest is null, ' on', ' to ' || highest || ': 0.3 for 30 %') || '.'
                    when try_cast({column} as double) = 0 and metric in {_list(positive)}
                        then ' is reached by ' || metric || ' where nothing happened. Write a number above 0.'
                end as problem
            from (select *, if(metric in {_list(fractions)}, 1, null) as highest from alert_rules)
            where metric in {_list(list(metrics))}
        """


def _unused(metrics: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Figures that a rule's metric does not look at: whoever wrote one believes that it counts."""
    for column, used_by in _columns(metrics).items():
        idle = [name for name in metrics if name not in used_by]
        told = " ".join(
            f"when {literal(name)} then {literal(words[column] + '. ')}"
            for name, words in INSTEAD.items()
            if column in words
        )
        instead = f"case metric {told} else '' end" if told else "''"
        yield f"""
            select 'alert_rules' as seed, line, profile, '{column} ' || said({column}) || ' of rule ' || rule_id
                || ' does nothing: ' || metric || ' does not use it'
                || coalesce(nullif('; ' || {instead}, '; '), '. ') || 'Leave {column} empty.' as problem
            from alert_rules where {column} is not null and metric in ({", ".join(map(literal, idle)) or "null"})
        """


def _columns(metrics: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The metrics that use a column, of the columns that not all of them use."""
    windowed = [name for name, about in metrics.items() if about[0] in WINDOWED]
    asked = [name for name, about in metrics.items() if about[0] != OF_BOARD]
    return {
        "lookback_days": windowed,
        "min_count": [*(name for name in windowed if metrics[name][0] in COUNTED), "cadence_ratio"],
        "min_age_days": [name for name in windowed if metrics[name][2] == "customer"],
        "value_bound": list(BOUNDED),
        "categories": list(OF_TICKETS),
        "threshold": asked,
        "close_threshold": windowed,
        "critical_threshold": [*(name for name in asked if name not in DOWNWARDS), "churn_rate_daily"],
    }


def whole_alert_checks() -> Iterator[str]:
    """Queries of codes of alerts that nobody has named, and of what the board lacks for its alerts."""
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
    yield _board_alarms()
    yield _board_days()


def _board_alarms() -> str:
    """Alarms of the daily churn rate that are not there, or above the figure from which it is critical."""
    return """
        with alarms as (
            select profiles.profile, rules.rule_id, rules.line, rules.critical_threshold,
                board.line as board_line, board.alarm_at
            from profiles
            inner join alert_rules as rules on rules.profile in (profiles.profile, 'all')
            left join board_metrics as board
                on board.profile in (profiles.profile, 'all') and board.metric = rules.metric
            where rules.metric = 'churn_rate_daily' and try_cast(rules.is_enabled as boolean)
            qualify row_number() over (
                partition by profiles.profile, rules.rule_id
                order by rules.profile = 'all', coalesce(board.profile, 'all') = 'all'
            ) = 1
        )
        select if(alarm_at is null and board_line is not null, 'board_metrics', 'alert_rules') as seed,
            if(alarm_at is null, coalesce(board_line, line), line) as line, profile, case
                when alarm_at is null then 'churn_rate_daily has no alarm_at'
                    || if(board_line is null, ' on the board', '') || ', at which rule ' || rule_id
                    || ' of alert_rules.csv opens. Write one, or set is_enabled of the rule to false.'
                when try_cast(critical_threshold as double) < try_cast(alarm_at as double)
                    then 'critical_threshold ' || critical_threshold || ' of rule ' || rule_id || ' is below alarm_at '
                        || alarm_at || ' of board_metrics.csv, line ' || board_line || '. Write a graver figure, or '
                        || 'leave it empty.'
            end as problem
        from (select min(line) as line, min(profile) as profile, rule_id, alarm_at, board_line, critical_threshold
            from alarms group by rule_id, alarm_at, board_line, critical_threshold)
    """


def _board_days() -> str:
    """Boards kept for too few days: an alert on a metric would lose its first day, and with it its ID."""
    return f"""
        select 'profile_parameters' as seed, coalesce(
                max(line) filter (is_own and parameter = 'board_history_days'), max(line) filter (is_own)
            ) as line, profile,
            'board_history_days is ' || max(value) filter (parameter = 'board_history_days') || ' and '
                || 'alert_closed_days ' || max(value) filter (parameter = 'alert_closed_days') || ': alerts on '
                || 'metrics of the board, which last a month at most, would get another ID every day. Write '
                || (max(try_cast(value as integer)) filter (parameter = 'alert_closed_days') + {LONGEST_MONTH})
                || ' or more for board_history_days.' as problem
        from (
            select profiles.profile, parameters.line, parameters.parameter, parameters.value,
                parameters.profile = profiles.profile as is_own
            from profiles inner join profile_parameters as parameters on parameters.profile in (profiles.profile, 'all')
            where parameters.parameter in ('board_history_days', 'alert_closed_days')
            qualify rank() over (
                partition by profiles.profile, parameters.parameter order by parameters.profile = 'all'
            ) = 1
        )
        group by profile
        having bool_or(is_own)
            and max(try_cast(value as integer)) filter (parameter = 'board_history_days')
            < max(try_cast(value as integer)) filter (parameter = 'alert_closed_days') + {LONGEST_MONTH}
    """


def _no_word(column: str, words: tuple[str, ...]) -> str:
    return f"""
        select 'alert_rules' as seed, line, profile, '{column} ' || said({column}) || ' is unknown. Write '
            || '{" or ".join(words)}.' as problem
        from alert_rules where {column} not in {words}
    """


def _list(words: Sequence[str]) -> str:
    return f"({', '.join(map(literal, words))})"
