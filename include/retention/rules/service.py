"""Service levels: policies, working hours, severities, and the sets that a profile lets count."""

from collections.abc import Iterator

from retention.sql import literal

METRICS = ("contact", "first_response", "resolution", "call_back")
CLOCKS = ("calendar", "business")
PRIORITIES = ("P0", "P1", "P2", "P3")
TICKET_TYPES = ("complaint", "suggestion", "inquiry")
RESERVED = ("strictest", "delivered")
NO_CALENDAR = "none"
LONGEST_NIGHT = 12 * 60
"""Minutes of a shift over midnight; a longer one is taken for two times in the wrong order."""
TIME = "regexp_full_match({}, '([01][0-9]|2[0-3]):[0-5][0-9]{}')"
WORDS = {
    "metric": ("sla_policies", METRICS),
    "clock": ("sla_policies", CLOCKS),
    "priority": ("sla_policies", ("all", *PRIORITIES)),
    "ticket_type": ("sla_policies", ("all", *TICKET_TYPES)),
}


def service_checks() -> Iterator[str]:
    """Queries of single rows that no clock can be set by."""
    for column, (seed, words) in WORDS.items():
        yield _one_of(seed, column, words)
    yield _one_of("severity_map", "priority", PRIORITIES)
    yield """
        select 'sla_policies' as seed, line, profile, rule_id || ' allows ' || minutes || ' minutes. Write 1 or more.'
            as problem
        from sla_policies where try_cast(minutes as integer) < 1
    """
    yield f"""
        select 'sla_policies' as seed, line, profile, 'policy_set ' || said(policy_set)
            || ' can be no name of a set: {" and ".join(RESERVED)} have a meaning of their own, and a comma or blank '
            || 'parts names. Write another.' as problem
        from sla_policies where policy_set in {RESERVED} or regexp_matches(policy_set, '[, ]')
    """
    yield """
        select 'sla_policies' as seed, line, profile, 'scheme ' || said(scheme) || ' and tier ' || said(tier)
            || case when scheme = 'all' or tier = 'all' then ' go together: write all for both, or a scheme '
                || 'and its tier.'
                else ' are no tier of tier_rules.csv. Correct them.' end as problem
        from sla_policies
        where (scheme = 'all') != (tier = 'all') or scheme != 'all' and not exists (
            select 1 from tier_rules
            where tier_rules.scheme = sla_policies.scheme and tier_rules.tier = sla_policies.tier
        )
    """
    yield f"""
        select 'working_hours' as seed, line, profile, 'the shift from ' || opens_at || ' to ' || closes_at
            || ' has no times of day. Write them as 09:00; midnight as an end is 24:00.' as problem
        from working_hours
        where not ({TIME.format("opens_at", "")} and (closes_at = '24:00' or {TIME.format("closes_at", "")}))
    """
    yield """
        select 'working_hours' as seed, line, profile, 'weekday ' || iso_weekday || ' is none. Write 1 for Monday to 7 '
            || 'for Sunday, or 0 for make-up working days.' as problem
        from working_hours where try_cast(iso_weekday as integer) not between 0 and 7
    """
    yield from _shift_checks()


def _shift_checks() -> Iterator[str]:
    """Queries of shifts that are written backwards, and of those that share minutes."""
    minute = "try_cast(substr({0}, 1, 2) as integer) * 60 + try_cast(substr({0}, 4, 2) as integer)"
    opens, closes = minute.format("opens_at"), minute.format("closes_at")
    shifts = f"""
        select *, (iso_day - 1) * 1440 + opens as since,
            (iso_day - 1) * 1440 + closes + if(closes > opens, 0, 1440) as until
        from (
            select line, profile, region, rule_id, opens_at, closes_at, try_cast(iso_weekday as integer) as iso_day,
                {opens} as opens, {closes} as closes
            from working_hours
        )
    """
    yield f"""
        select 'working_hours' as seed, line, profile, 'the shift from ' || opens_at || ' to ' || closes_at
            || ' (rule ' || coalesce(rule_id, '') || ') ends before it begins, so that it would last '
            || printf('%g', (until - since) / 60.0) || ' hours, over midnight. Swap the times; for a '
            || 'night of more than {LONGEST_NIGHT // 60} hours write a shift up to 24:00 and one from 00:00.' as problem
        from ({shifts}) where closes < opens and until - since > {LONGEST_NIGHT}
    """
    # A shift of Sunday's night reaches into Monday; make-up working days (0) meet none but their own.
    yield f"""
        with shifts as ({shifts})
        select distinct 'working_hours' as seed, later.line, later.profile, 'the shift from ' || later.opens_at
            || ' to ' || later.closes_at || ' of weekday ' || later.iso_day || ' (rule '
            || coalesce(later.rule_id, '') || ') overlaps that of line ' || earlier.line
            || ', from ' || earlier.opens_at || ' to ' || earlier.closes_at
            || '. Let one end where the other begins, or delete one.' as problem
        from shifts as earlier
        inner join shifts as later
            on earlier.profile = later.profile and earlier.region = later.region and earlier.line < later.line
                and (earlier.iso_day = 0) = (later.iso_day = 0)
                and not (earlier.iso_day = later.iso_day and earlier.opens_at = later.opens_at)
        cross join (select unnest([-10080, 0, 10080]) as shift) as weeks
        where earlier.since < later.until + weeks.shift and later.since + weeks.shift < earlier.until
    """


def whole_service_checks() -> Iterator[str]:
    """Queries of hours that lack a part, and of sets that are named and not there."""
    yield """
        select 'working_hours' as seed, null as line, 'all' as profile,
            'profile all has no hours of region all. Restore its rows.' as problem
        where not exists (select 1 from working_hours where profile = 'all' and region = 'all')
    """
    yield """
        select 'working_hours' as seed, max(line) as line, profile,
            'region ' || said(region) || ' of profile ' || profile
            || ' has the calendars '
            || string_agg(distinct holiday_calendar, ', ' order by holiday_calendar)
            || '. Write one in all its rows.' as problem
        from working_hours group by profile, region having count(distinct holiday_calendar) > 1
    """
    yield f"""
        select 'working_hours' as seed, line, profile, 'calendar ' || said(holiday_calendar)
            || ' has no day in holidays.csv. Write it with retention holidays write, or write {NO_CALENDAR}.' as problem
        from working_hours
        where holiday_calendar != {literal(NO_CALENDAR)} and holiday_calendar not in (
            select holidays.holiday_calendar from holidays where holidays.holiday_calendar is not null
        )
    """
    yield """
        select 'working_hours' as seed, max(line) as line, profile,
            'region ' || said(region) || ' of profile ' || profile
            || ' has no hours on make-up working days, which its calendar has. Add rows of weekday 0.' as problem
        from working_hours
        where holiday_calendar in (select holidays.holiday_calendar from holidays where lower(is_working_day) = 'true')
        group by profile, region having count(*) filter (iso_weekday = '0') = 0
    """
    yield f"""
        select 'profile_parameters' as seed, line, profile, 'sla_policy_set names the set ' || said(named.policy_set)
            || ', which has no rows for profile ' || profile || '. ' || if(policy_set = 'strictest',
                'Write strictest alone, or sets without it.', meant((
                    select list(distinct known.policy_set order by known.policy_set) from sla_policies as known
                    where known.profile in (named.profile, 'all') and known.policy_set is not null
                ), policy_set) || ' Else write strictest alone.') as problem
        from (
            select line, profile, trim(unnest(string_split(value, ','))) as policy_set, value
            from profile_parameters where parameter = 'sla_policy_set'
        ) as named
        where trim(value) != 'strictest' and policy_set != {literal("delivered")} and not exists (
            select 1 from sla_policies
            where sla_policies.policy_set = named.policy_set and sla_policies.profile in (named.profile, 'all')
        )
    """


def _one_of(seed: str, column: str, words: tuple[str, ...]) -> str:
    return f"""
        select '{seed}' as seed, line, profile, '{column} ' || said({column}) || ' is unknown. Write '
            || '{" or ".join(words)}.' as problem
        from {seed} where {column} not in {words}
    """
