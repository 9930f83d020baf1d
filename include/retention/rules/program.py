"""Programme health and reasons of churn: whether a row can be measured, marked and met."""

from collections.abc import Iterator, Mapping, Sequence

from retention.sql import literal

MEASURES = (
    "completeness",
    "tier_agreement",
    "plan_completion",
    "resource_alignment",
    "timely_rate",
    "nps_score",
    "strategy_iterations",
    "core_metrics_improving",
)
"""What the model program_health_measures computes."""
GROUPS = ("survey", "service", "behaviour")
DIRECTIONS = ("at_least", "at_most")
BEHAVIOURS = ("purchases", "spend")
WEIGHED = {"program_dimensions": "dimension", "program_measures": "measure"}


def program_checks(metrics: Mapping[str, Sequence[str]], signals: Mapping[str, str]) -> Iterator[str]:
    """Queries of single rows that nothing can be made of.

    Args:
        metrics: of target_metrics: by the metric's name its unit, then the kinds of period that it is measured over.
        signals: of churn_signals: by the signal's name whether it is an event or a state.
    """
    yield _unknown("program_measures", "measure", MEASURES)
    yield _unknown("tier_expectations", "behaviour", BEHAVIOURS)
    yield _unknown("program_core_metrics", "direction", DIRECTIONS)
    yield _unknown("program_core_metrics", "metric", [name for name, about in metrics.items() if "month" in about[1:]])
    yield _unknown("churn_reason_rules", "signal", list(signals))
    yield _unknown("churn_reason_rules", "reason_group", GROUPS)
    yield _unknown("churn_reason_rules", "direction", [*DIRECTIONS, "never"])
    for seed, name in WEIGHED.items():
        yield f"""
            select '{seed}' as seed, line, profile, 'the weight ' || weight || ' of ' || {name}
                || ' is below 0. Write 0 to leave it out.' as problem
            from {seed} where try_cast(weight as double) < 0
        """
    yield """
        select 'program_measures' as seed, line, profile, 'zero_mark and full_mark of ' || measure || ' are both '
            || zero_mark || '. Write the values where it has no marks and where it has all.' as problem
        from program_measures where try_cast(zero_mark as double) = try_cast(full_mark as double)
    """
    yield """
        select 'tier_expectations' as seed, line, profile, case
                when try_cast(low as double) > try_cast(high as double)
                    then 'low ' || low || ' is above high ' || high || '. Write the lower number first.'
                when low is null and high is null
                    then 'neither low nor high is given, so that every customer is as expected. Write one of them.'
            end as problem
        from tier_expectations
    """
    yield from _reason_checks(signals)


def whole_program_checks() -> Iterator[str]:
    """Queries of rows that name what no other row gives."""
    yield """
        select 'program_measures' as seed, line, profile, 'dimension ' || said(dimension)
            || ' has no row in program_dimensions.csv. Write one of '
            || (select string_agg(distinct dimension, ', ' order by dimension) from program_dimensions) || '.'
                as problem
        from program_measures where dimension not in (select dimension from program_dimensions)
    """
    yield """
        select 'program_dimensions' as seed, line, profile, 'dimension ' || said(dimension)
            || ' has no measure in program_measures.csv. Give it one, or delete the row.' as problem
        from program_dimensions where dimension not in (select dimension from program_measures)
    """
    for seed, of_all in (("tier_expectations", "false"), ("program_core_metrics", "scheme = 'all' and tier = 'all'")):
        yield f"""
            select '{seed}' as seed, line, profile, 'no rule of scheme ' || said(scheme) || ' gives tier ' || said(tier)
                || ', so that nobody is looked at. Correct scheme or tier.' as problem
            from {seed}
            where not ({of_all}) and not exists (
                select 1 from tier_rules
                where tier_rules.scheme = {seed}.scheme
                    and (tier_rules.tier = {seed}.tier or starts_with(tier_rules.tier, '{{'))
            )
        """
    # Two reasons of one priority would leave it to chance which is the main one.
    yield """
        with held as (
            select profiles.profile, rules.line, rules.reason, rules.priority, rules.direction,
                rules.profile = profiles.profile as is_own
            from profiles inner join churn_reason_rules as rules on rules.profile in (profiles.profile, 'all')
            qualify rank() over (partition by profiles.profile, rules.reason order by rules.profile = 'all') = 1
        )
        select 'churn_reason_rules' as seed, max(line) as line, profile, 'priority ' || priority || ' is that of '
            || string_agg(reason, ' and ' order by line) || ', so that neither goes first. Write another number.'
                as problem
        from held where direction != 'never'
        group by profile, priority having count(*) > 1 and bool_or(is_own)
    """


def _reason_checks(signals: Mapping[str, str]) -> Iterator[str]:
    events, states = ([name for name, kind in signals.items() if kind == one] for one in ("event", "state"))
    yield f"""
        select 'churn_reason_rules' as seed, line, profile, case
                when reason = 'unknown'
                    then 'reason ''unknown'' is what no rule is met for. Give the reason another name.'
                when signal in ({_listed(events)}) and look_back_days is null
                    then 'look_back_days of ' || reason || ' is empty, so that no event counts. Write the days before '
                        || 'the last purchase from which ' || signal || ' is looked for.'
                when signal in ({_listed(states)}) and look_back_days is not null
                    then 'look_back_days of ' || reason || ' is ' || look_back_days || ', but ' || signal
                        || ' is a state of the day of loss. Leave it empty.'
                when try_cast(look_back_days as integer) < 0
                    then 'look_back_days of ' || reason || ' is below 0. Write a number of days.'
                when try_cast(priority as integer) < 1
                    then 'the priority ' || priority || ' of ' || reason || ' is below 1. Write 1 for the first.'
            end as problem
        from churn_reason_rules
    """


def _unknown(seed: str, column: str, words: Sequence[str]) -> str:
    """Rows whose word is none of those that there are."""
    return f"""
        select '{seed}' as seed, line, profile, '{column} ' || said({column}) || ' is unknown. '
            || meant([{_listed(words)}], {column}) as problem
        from {seed} where {column} not in ({_listed(words)})
    """


def _listed(words: Sequence[str]) -> str:
    return ", ".join(literal(word) for word in words)
