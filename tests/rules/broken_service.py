"""Rows of service levels that are wrong: policies, working hours, severities, holidays."""

from tests.rules.broken_rules import APPEND

BROKEN_SERVICE: dict[str, tuple[str, str, str, str]] = {
    "metric_of_no_clock": (
        "sla_policies",
        "all,all,all,all,contact,5,",
        "all,all,all,all,contacts,5,",
        "line 2: metric 'contacts' is unknown. Write contact or first_response or resolution or call_back.",
    ),
    "clock_that_is_none": (
        "sla_policies",
        "contact,5,business,",
        "contact,5,working,",
        "line 2: clock 'working' is unknown. Write calendar or business.",
    ),
    "policy_of_no_minutes": ("sla_policies", "contact,5,", "contact,0,", "line 2: C1.fast_contact allows 0 minutes."),
    "policy_of_half_a_tier": (
        "sla_policies",
        "complaint,retention_abcd,A,",
        "complaint,retention_abcd,all,",
        "line {line}: scheme 'retention_abcd' and tier 'all' go together",
    ),
    "policy_of_a_tier_that_is_none": (
        "sla_policies",
        "complaint,retention_abcd,A,",
        "complaint,retention_abcd,S,",
        "line {line}: scheme 'retention_abcd' and tier 'S' are no tier of tier_rules.csv.",
    ),
    "policy_twice": (
        "sla_policies",
        APPEND,
        "all,fast_contact,C1.again,all,all,all,all,contact,7,business,false,Again\n",
        "has the same (profile, policy_set, metric, priority, ticket_type, scheme, tier)",
    ),
    "policy_set_without_a_name": (
        "sla_policies",
        APPEND,
        "all,own_set,C1.own,all,all,all,all,contact,7,business,false,Our own\n",
        "line {line}: policy_set 'own_set' has no name in labels.csv.",
    ),
    "policy_set_of_a_reserved_name": (
        "sla_policies",
        APPEND,
        "all,delivered,C1.own,all,all,all,all,contact,7,business,false,Our own\n",
        "line {line}: policy_set 'delivered' can be no name of a set",
    ),
    "set_that_counts_and_is_not_there": (
        "profile_parameters",
        "fast_contact,call_back_48h",
        "fast_contacts,call_back_48h",
        "line {line}: sla_policy_set names the set 'fast_contacts', which has no rows for profile all. Did you mean "
        "fast_contact?",
    ),
    "severity_of_no_priority": (
        "severity_map",
        "all,p0,P0,",
        "all,p0,P9,",
        "line 2: priority 'P9' is unknown. Write P0 or P1 or P2 or P3.",
    ),
    "severity_twice_in_other_capitals": (
        "severity_map",
        APPEND,
        "all, Serious,P0,C3,Again\n",
        "has the same (profile, source_severity): all,  Serious (capitals and outer blanks of source_severity count",
    ),
    "shift_without_a_time": (
        "working_hours",
        "all,all,1,09:00,12:00,",
        "all,all,1,9:00,12:00,",
        "line 2: the shift from 9:00 to 12:00 has no times of day.",
    ),
    "shift_written_backwards": (
        "working_hours",
        "all,all,1,13:00,18:00,",
        "all,all,1,18:00,13:00,",
        "line 3: the shift from 18:00 to 13:00 (rule C1) ends before it begins, so that it would last 19 hours",
    ),
    "shifts_that_overlap": (
        "working_hours",
        "all,all,3,13:00,18:00,",
        "all,all,3,11:59,18:00,",
        "line 7: the shift from 11:59 to 18:00 of weekday 3 (rule C1) overlaps that of line 6, from 09:00 to 12:00.",
    ),
    "night_that_reaches_into_the_first_shift_of_the_week": (
        "working_hours",
        "retail,all,7,09:00,21:00,",
        "retail,all,7,22:00,09:01,",
        "line {line}: the shift from 22:00 to 09:01 of weekday 7 (rule C1) overlaps that of line 14, from",
    ),
    "make_up_days_that_overlap": (
        "working_hours",
        "all,all,0,13:00,18:00,",
        "all,all,0,10:00,18:00,",
        "line 13: the shift from 10:00 to 18:00 of weekday 0 (rule C1) overlaps that of line 12, from 09:00 to 12:00.",
    ),
    "set_of_no_other_like_it": (
        "profile_parameters",
        "fast_contact,call_back_48h",
        "fast_contact,xyz",
        "sla_policy_set names the set 'xyz', which has no rows for profile all. Known are: call_back_24h, ",
    ),
    "strictest_beside_sets": (
        "profile_parameters",
        "fast_contact,call_back_48h",
        "fast_contact,strictest",
        "sla_policy_set names the set 'strictest', which has no rows for profile all. Write strictest alone, or sets",
    ),
    "weekday_that_is_none": ("working_hours", "retail,all,7,", "retail,all,8,", "line {line}: weekday 8 is none."),
    "hours_of_two_calendars": (
        "working_hours",
        "all,all,5,13:00,18:00,CN,",
        "all,all,5,13:00,18:00,none,",
        "region 'all' of profile all has the calendars CN, none. Write one in all its rows.",
    ),
    "calendar_without_days": (
        "working_hours",
        "retail,all,7,09:00,21:00,none,",
        "retail,all,7,09:00,21:00,DE,",
        "line {line}: calendar 'DE' has no day in holidays.csv.",
    ),
    "holiday_that_is_no_day": (
        "holidays",
        "CN,2024-01-01,",
        "CN,2024-13-01,",
        "line {line}: holiday_on '2024-13-01' is no day. Write it as 2024-03-31.",
    ),
}
