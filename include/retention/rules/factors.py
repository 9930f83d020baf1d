"""Factors of churn risk and of health: whether they are computed, and whether a score can be made of them.

The macros of `dbt_project/macros/rules/factors.sql` refuse the same rows one by one when a model is compiled.
"""

from collections.abc import Iterator, Sequence

from retention.sql import literal

FACTOR_SEEDS = ("churn_risk_factors", "health_factors")


def factor_checks(known: Sequence[str]) -> Iterator[str]:
    """Queries of single rows that the macros cannot score.

    Args:
        known: the factors that are computed.
    """
    names = ", ".join(literal(one) for one in known)
    for seed in FACTOR_SEEDS:
        yield f"""
            select '{seed}' as seed, line, profile, 'factor ' || said(factor) || ' is unknown. Did you mean '
                || (select arg_max(name, alike(name, factor)) from (select unnest([{names}]) as name))
                || '? Known are: ' || array_to_string([{names}], ', ') || '.' as problem
            from {seed} where factor not in ({names})
        """
        yield f"""
            select '{seed}' as seed, line, profile, 'the weight ' || weight || ' of ' || factor
                || ' is below 0. Write 0 to leave the factor out.' as problem
            from {seed} where try_cast(weight as double) < 0
        """
        yield f"""
            select '{seed}' as seed, line, profile, 'low and high of ' || factor || ' are both ' || low
                || '. Write the values where its score is 0 and where it is 1.' as problem
            from {seed} where try_cast(low as double) = try_cast(high as double)
        """


def whole_factor_checks() -> Iterator[str]:
    """Queries of profiles whose factors all have the weight 0; a profile without rows of its own is told as all."""
    for seed in FACTOR_SEEDS:
        yield f"""
            select '{seed}' as seed, max(line) as line, profile, 'all weights of profile ' || profile
                || ' are 0, so that nobody has a score. Give one factor a weight above 0.' as problem
            from (
                select profiles.profile, factors.line, factors.weight, factors.profile = profiles.profile as is_own
                from profiles inner join {seed} as factors on factors.profile in (profiles.profile, 'all')
                qualify rank() over (
                    partition by profiles.profile, factors.factor order by factors.profile = 'all'
                ) = 1
            )
            group by profile having sum(abs(try_cast(weight as double))) = 0 and bool_or(is_own)
        """
