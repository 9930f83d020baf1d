"""Targets, budgets, plans and what satisfaction is measured by: whether a row can be met, spent, begun or compared."""

from collections.abc import Iterator, Mapping, Sequence

from retention.sql import literal

OF_METRICS = ("targets", "plan_objectives")
NUMBERS = {
    "targets": ("target", "warn_at", "alarm_at", "expected_low", "expected_high"),
    "plan_objectives": ("baseline", "target"),
}
"""Columns that hold a figure of the metric."""
RANGES = {"rate": (0, 1), "growth": (-1, 5), "points": (-100, 100), "score": (1, 7)}
"""What a figure can be, by its unit; a growth of more than 500 % is taken for a percent without its sign."""
DIRECTIONS = ("at_least", "at_most")
PLAN_TYPES = ("short_term", "long_term")
STATISTICS = ("net_share", "positive_share", "mean")
DIMENSIONS = ("all", "touchpoint", "channel", "region", "tier")


def target_checks(metrics: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Queries of single rows that nothing can be held against.

    Args:
        metrics: by the metric's name its unit, then the kinds of period that it is measured over.
    """
    known = ", ".join(literal(name) for name in metrics)
    periods = " ".join(f"when {literal(name)} then {list(about[1:])}" for name, about in metrics.items())
    for seed in OF_METRICS:
        yield f"""
            select '{seed}' as seed, line, profile, 'metric ' || said(metric) || ' is unknown. '
                || meant([{known}], metric) as problem
            from {seed} where metric not in ({known})
        """
        yield f"""
            select '{seed}' as seed, line, profile, metric || ' is not measured by ' || said(period_type) || '. Write '
                || array_to_string(known, ' or ') || '.' as problem
            from (select *, case metric {periods} end as known from {seed})
            where not list_contains(known, period_type)
        """
        yield _no_word(seed, "direction", DIRECTIONS)
        yield _out_of_range(seed, metrics)
    yield """
        with numbered as (
            select line, profile, direction, target, warn_at, alarm_at,
                case direction when 'at_most' then -1 else 1 end as sign,
                try_cast(target as double) as goal, try_cast(warn_at as double) as warning,
                try_cast(alarm_at as double) as alarm
            from targets
        )
        select 'targets' as seed, line, profile, case
                when sign * warning > sign * goal
                    then 'warn_at ' || warn_at || ' is better than the target ' || target || ' (' || direction
                        || '), so that who meets it would be warned. Write a number on the other side.'
                when sign * alarm > sign * coalesce(warning, goal)
                    then 'alarm_at ' || alarm_at || ' comes before ' || if(warning is null, 'the target ' || target,
                        'warn_at ' || warn_at) || ' (' || direction || '). Write the worst number as alarm_at.'
            end as problem
        from numbered
    """
    yield """
        select 'targets' as seed, line, profile, 'expected_low ' || expected_low || ' is above expected_high '
            || expected_high || '. Write the lower number first.' as problem
        from targets where try_cast(expected_low as double) > try_cast(expected_high as double)
    """
    yield from _plan_checks()
    yield from _satisfaction_checks()


def whole_target_checks() -> Iterator[str]:
    """Queries of rows of tiers that no rule gives."""
    yield _BENCHMARKS_OF_NOBODY
    for seed in (*OF_METRICS, "resource_budgets"):
        of_all = "true" if seed == "resource_budgets" else "not (scheme = 'all' and tier = 'all')"
        what = {"targets": "target", "plan_objectives": "objective", "resource_budgets": "budget"}[seed]
        yield f"""
            select '{seed}' as seed, line, profile, 'no rule of scheme ' || said(scheme) || ' gives tier ' || said(tier)
                || ', so that the {what} is nobody''s. Correct scheme or tier.' as problem
            from {seed}
            where {of_all} and not exists (
                select 1 from tier_rules
                where tier_rules.scheme = {seed}.scheme
                    and (tier_rules.tier = {seed}.tier or starts_with(tier_rules.tier, '{{'))
            )
        """


# Who answers is split by the tiers of the profile's primary scheme; a row of all is for the schemes of all profiles.
_BENCHMARKS_OF_NOBODY = """
    with known as (
        select benchmarks.line, list(distinct tier_rules.tier order by tier_rules.tier) as tiers
        from satisfaction_benchmarks as benchmarks
        inner join profile_parameters as named
            on named.parameter = 'primary_scheme'
                and (benchmarks.profile = 'all' or named.profile in (benchmarks.profile, 'all'))
        inner join tier_rules on tier_rules.scheme = named.value
        where benchmarks.dimension = 'tier'
        group by benchmarks.line
    )
    select 'satisfaction_benchmarks' as seed, benchmarks.line, benchmarks.profile, case
            when benchmarks.dimension = 'all' and benchmarks.dimension_value != 'all'
                then 'dimension all has no value ' || said(benchmarks.dimension_value)
                    || ', so that the benchmark is nobody''s. Write all, or the dimension whose value it is.'
            when benchmarks.dimension = 'tier' and benchmarks.dimension_value != 'unknown'
                and not coalesce(list_contains(tiers, benchmarks.dimension_value), false)
                and not coalesce(list_bool_or(list_transform(tiers, lambda tier: starts_with(tier, '{'))), false)
                then 'no rule of the primary scheme gives tier ' || said(benchmarks.dimension_value)
                    || ', so that the benchmark is nobody''s. '
                    || meant(coalesce(tiers, []), benchmarks.dimension_value)
        end as problem
    from satisfaction_benchmarks as benchmarks
    left join known on benchmarks.line = known.line
"""


def _plan_checks() -> Iterator[str]:
    yield _no_word("plan_objectives", "plan_type", PLAN_TYPES)
    yield """
        select 'plan_objectives' as seed, line, profile, 'objective ' || objective_id || ' ends on ' || ends_on
            || ', before it begins, ' || starts_on || '. Write the earlier day as starts_on.' as problem
        from plan_objectives where try_cast(ends_on as date) < try_cast(starts_on as date)
    """
    # Such an objective would be reached by standing still, and called so after a change for the worse.
    yield """
        select 'plan_objectives' as seed, line, profile, 'baseline ' || baseline || ' of objective ' || objective_id
            || ' (rule ' || coalesce(rule_id, '') || ') is at or beyond its target ' || target || ' (' || direction
            || ') already, so that a change for the worse would be called reached. Write a target '
            || if(direction = 'at_most', 'below', 'above') || ' the baseline, or correct the baseline.' as problem
        from plan_objectives
        where case direction
            when 'at_least' then try_cast(baseline as double) >= try_cast(target as double)
            when 'at_most' then try_cast(baseline as double) <= try_cast(target as double)
        end
    """
    yield """
        select 'resource_budgets' as seed, line, profile, case
                when try_cast(budget as decimal(18, 2)) < 0
                    then 'the budget ' || budget || ' is below 0. Write what may be spent.'
                when try_cast(quarter_start as date) != date_trunc('quarter', try_cast(quarter_start as date))
                    then 'quarter_start ' || quarter_start || ' is not the first day of a quarter. Write '
                        || date_trunc('quarter', try_cast(quarter_start as date))::date || ', or nothing for all.'
            end as problem
        from resource_budgets
    """


def _satisfaction_checks() -> Iterator[str]:
    yield _no_word("survey_scales", "statistic", STATISTICS)
    yield _no_word("satisfaction_benchmarks", "dimension", DIMENSIONS)
    yield """
        select 'survey_scales' as seed, line, null as profile, 'the answers of ' || survey_type || ' are out of order: '
            || 'score_min, negative_until, positive_from and score_max have to rise.' as problem
        from survey_scales
        where not (
            try_cast(score_min as integer) <= try_cast(negative_until as integer)
            and try_cast(negative_until as integer) < try_cast(positive_from as integer)
            and try_cast(positive_from as integer) <= try_cast(score_max as integer)
        )
    """
    yield """
        select 'satisfaction_benchmarks' as seed, rows.line, rows.profile, case
                when scales.survey_type is null
                    then 'survey type ' || said(rows.survey_type) || ' has no row in survey_scales.csv. Write one of '
                        || (select string_agg(survey_type, ', ' order by survey_type) from survey_scales) || '.'
                when try_cast(rows.benchmark as double) not between least_score and greatest_score
                    then 'no score of ' || rows.survey_type || ' can be ' || rows.benchmark || '. Write a number from '
                        || least_score || ' to ' || greatest_score || '.'
            end as problem
        from satisfaction_benchmarks as rows
        left join (
            select survey_type,
                case statistic when 'net_share' then -100 when 'positive_share' then 0
                    else try_cast(score_min as integer) end as least_score,
                case statistic when 'net_share' then 100 when 'positive_share' then 1
                    else try_cast(score_max as integer) end as greatest_score
            from survey_scales
        ) as scales on rows.survey_type = scales.survey_type
    """


def _out_of_range(seed: str, metrics: Mapping[str, Sequence[str]]) -> str:
    """Figures that the metric cannot have: most often a rate in percents."""
    kinds = {name: "growth" if "_growth_" in name else about[0] for name, about in metrics.items()}
    lowest = " ".join(f"when {literal(name)} then {RANGES[kind][0]}" for name, kind in kinds.items())
    highest = " ".join(f"when {literal(name)} then {RANGES[kind][1]}" for name, kind in kinds.items())
    fractions = ", ".join(literal(name) for name, kind in kinds.items() if kind in ("rate", "growth"))
    figures = ", ".join(f"{{'name': {literal(name)}, 'said': {name}}}" for name in NUMBERS[seed])
    return f"""
        with figures as (
            select line, profile, rule_id, metric, unnest([{figures}]) as figure,
                case metric {lowest} end as lowest, case metric {highest} end as highest
            from {seed}
        ),
        numbered as (select *, try_cast(figure.said as double) as number from figures)
        select '{seed}' as seed, line, profile, figure.name || ' ' || figure.said || ' (rule ' || coalesce(rule_id, '')
            || ') is none that ' || metric || ' can have. Write a number from ' || lowest || ' to ' || highest
            || if(metric in ({fractions}) and number between 1 and 100,
                ', ' || printf('%g', number / 100) || ' for ' || figure.said || ' percent.', '.') as problem
        from numbered where number not between lowest and highest
    """


def _no_word(seed: str, column: str, words: Sequence[str]) -> str:
    """Rows whose word is none of those that there are."""
    profile = "null" if seed == "survey_scales" else "profile"
    return f"""
        select '{seed}' as seed, line, {profile} as profile, '{column} ' || said({column}) || ' is unknown. Write '
            || {literal(" or ".join(words))} || '.' as problem
        from {seed} where {column} not in {tuple(words)}
    """
