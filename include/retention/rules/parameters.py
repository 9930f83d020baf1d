"""Parameters of a profile: whether they are known, hold what they should, and name schemes that there are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from retention.sql import literal

WHOLE = "regexp_full_match(value, '[0-9]{1,9}')"
NUMBER = "regexp_full_match(value, '[+-]?[0-9]+([.][0-9]+)?')"
KINDS = {
    "whole": (WHOLE, "a whole number from 0 on"),
    "whole_from_1": (f"{WHOLE} and try_cast(value as integer) >= 1", "a whole number from 1 on"),
    "whole_from_5": (f"{WHOLE} and try_cast(value as integer) >= 5", "a whole number from 5 on"),
    "days_of_a_year": (f"{WHOLE} and try_cast(value as integer) between 1 and 366", "a whole number from 1 to 366"),
    "number": (NUMBER, "a number"),
    "not_negative": (f"{NUMBER} and try_cast(value as double) >= 0", "a number from 0 on"),
    "positive": (f"{NUMBER} and try_cast(value as double) > 0", "a number above 0"),
    "share": (f"{NUMBER} and try_cast(value as double) between 0 and 1", "a number from 0 to 1"),
    "inner_share": (
        f"{NUMBER} and try_cast(value as double) between 0.000001 and 0.999999",
        "a number between 0 and 1",
    ),
    "text": ("trim(value) != ''", "a name"),
    "currency": ("regexp_full_match(trim(value), '[A-Za-z]{3}')", "the three letters of an ISO 4217 code, as USD"),
    "tier": ("value is not null", "the code of a tier"),
    "scheme": ("value is not null", "a scheme of tier_rules.csv"),
    "weekdays": ("regexp_full_match(value, '[1-7](,[1-7])*')", "weekdays, Monday 1 to Sunday 7, parted by commas"),
    "holiday_calendar": ("value in (select holiday_calendar from holidays)", "a calendar of holidays.csv"),
    "policy_sets": ("value is not null", "sets of sla_policies.csv, parted by commas"),
    "schemes": ("value is not null", "schemes of tier_rules.csv, parted by commas"),
}
"""What a parameter can hold: a condition of SQL, and its words. A list in the declaration names the words allowed."""
ORDERED = (
    ("churn_risk_medium_from", "churn_risk_high_from"),
    ("health_yellow_from", "health_green_from"),
    ("program_good_from", "program_excellent_from"),
)
"""Bounds of bands: the first of a pair must not be above the second, or nobody is in its band."""


def parameter_checks(declared: Mapping[str, Any]) -> Iterator[str]:
    """Queries of the problems of profile_parameters.csv.

    Args:
        declared: kinds of the parameters by name: one of KINDS, a list of words, or a dictionary with `kind` and the
            `words` that may stand in its place.
    """
    known = ", ".join(literal(name) for name in declared)
    yield f"""
        select 'profile_parameters' as seed, line, profile,
            'parameter ' || said(parameter) || ' is unknown. Did you mean ' ||
                (select arg_max(name, alike(name, parameter)) from (select unnest([{known}]) as name)) || '?' as problem
        from profile_parameters where parameter not in ({known})
    """
    weekdays = [
        name for name, kind in declared.items() if (kind["kind"] if isinstance(kind, dict) else kind) == "weekdays"
    ]
    yield f"""
        select 'profile_parameters' as seed, line, profile, parameter || ' ' || said(value) || ' (rule '
            || coalesce(rule_id, '') || ') names all seven weekdays, so that no weekday is open for a contact. '
            || 'Leave out the days on which people work, or write none.' as problem
        from profile_parameters
        where parameter in ({", ".join(literal(name) for name in weekdays) or "null"})
            and len(list_distinct(regexp_extract_all(value, '[1-7]'))) = 7
    """
    cases = []
    for name, kind in declared.items():
        right, told = _kind(kind)
        cases.append(f"when {literal(name)} then if(coalesce({right}, true), null, {literal(told)})")
    yield f"""
        select 'profile_parameters' as seed, line, profile,
            parameter || ' is ' || said(value) || '. Write ' || case parameter {" ".join(cases)} end || '.' as problem
        from profile_parameters
    """


def whole_parameter_checks(declared: Mapping[str, Any]) -> Iterator[str]:
    """Queries of what is missing, and of schemes that are named and have no rules."""
    own = [name for name, kind in declared.items() if kind == "currency"]
    yield f"""
        select 'profile_parameters' as seed, null as line, 'all' as profile,
            'profile all has no ' || name || '. Restore its row.' as problem
        from (select unnest([{", ".join(literal(one) for one in declared if one not in own)}]) as name)
        where name not in (select parameter from profile_parameters where profile = 'all' and parameter is not null)
    """
    for name in own:
        yield f"""
            select 'profile_parameters' as seed, null as line, profile,
                'profile ' || profile || ' names no {name}. Add the row: ' || profile
                || ',{name},USD,,I2,Currency of all amounts' as problem
            from profiles
            where profile != 'all' and profile not in (
                select profile from profile_parameters where parameter = {literal(name)} and profile is not null
            )
        """
    yield """
        select 'profile_parameters' as seed, max(line) as line, profile,
            'the three weights of profile ' || profile || ' are 0, so that nobody has a score. Give one a weight.'
                as problem
        from (
            select profiles.profile, parameters.line, parameters.value
            from profiles inner join profile_parameters as parameters on parameters.profile in (profiles.profile, 'all')
            where parameters.parameter in ('recency_weight', 'frequency_weight', 'monetary_weight')
            qualify rank() over (
                partition by profiles.profile, parameters.parameter order by parameters.profile = 'all'
            ) = 1
        )
        group by profile having sum(abs(try_cast(value as double))) = 0
    """
    yield from (_order(lower, upper) for lower, upper in ORDERED)
    schemes = {
        name: kind.get("words", []) if isinstance(kind, dict) else []
        for name, kind in declared.items()
        if (kind["kind"] if isinstance(kind, dict) else kind) in ("scheme", "schemes")
    }
    yield _without_rules(schemes)


def _kind(kind: Any) -> tuple[str, str]:
    if isinstance(kind, list):
        return f"value in ({', '.join(literal(word) for word in kind)})", " or ".join(kind)
    if isinstance(kind, dict):
        right, told = KINDS[kind["kind"]]
        words = kind["words"]
        return f"value in ({', '.join(literal(word) for word in words)}) or {right}", " or ".join([*words, told])
    return KINDS[kind]


def _order(lower: str, upper: str) -> str:
    """A bound above the next one, told of each profile that has a row of its own for one of the two."""
    return f"""
        select 'profile_parameters' as seed, coalesce(
                max(line) filter (is_own and parameter = '{lower}'), max(line) filter (is_own)
            ) as line, profile,
            '{lower} is ' || max(value) filter (parameter = '{lower}') || ' and above {upper}, '
                || max(value) filter (parameter = '{upper}') || ', so that nobody is in the band between. '
                || 'Write the lower number for {lower}.' as problem
        from (
            select profiles.profile, parameters.line, parameters.parameter, parameters.value,
                parameters.profile = profiles.profile as is_own
            from profiles inner join profile_parameters as parameters on parameters.profile in (profiles.profile, 'all')
            where parameters.parameter in ('{lower}', '{upper}')
            qualify rank() over (
                partition by profiles.profile, parameters.parameter order by parameters.profile = 'all'
            ) = 1
        )
        group by profile
        having bool_or(is_own) and max(try_cast(value as double)) filter (parameter = '{lower}')
            > max(try_cast(value as double)) filter (parameter = '{upper}')
    """


def _without_rules(schemes: Mapping[str, Sequence[str]]) -> str:
    """Schemes that parameters name; by parameter the words that may stand in a scheme's place."""
    excepted = " ".join(
        f"when {literal(name)} then named.scheme in ({', '.join(literal(word) for word in ['', *words])})"
        for name, words in schemes.items()
    )
    return f"""
        select 'profile_parameters' as seed, line, profile, parameter || ' names scheme ' || said(scheme)
            || ', which has no rules for profile ' || profile || '. Did you mean '
            || (select arg_max(tier_rules.scheme, alike(tier_rules.scheme, named.scheme)) from tier_rules)
            || '? Else add its rules to tier_rules.csv.' as problem
        from (
            select line, profile, parameter, trim(unnest(string_split(value, ','))) as scheme from profile_parameters
        ) as named
        where not case parameter {excepted} else true end and not exists (
            select 1 from tier_rules
            where tier_rules.scheme = named.scheme and tier_rules.profile in (named.profile, 'all')
        )
    """
