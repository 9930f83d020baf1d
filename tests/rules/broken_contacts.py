"""Rows of policies, triggers, channels and templates that are wrong, in the form of BROKEN_RULES."""

from tests.rules.broken_rules import APPEND

BROKEN_CONTACTS: dict[str, tuple[str, str, str, str]] = {
    "unknown_event": (
        "contact_triggers",
        "all,birthday,birthday,",
        "all,birthday,birthdy,",
        "line 9: event 'birthdy' is unknown. Did you mean birthday?",
    ),
    "scheme_without_a_tier": (
        "contact_triggers",
        "3,retention_abcd,D,",
        "3,retention_abcd,,",
        "line 2: trigger silent_3_days names a scheme without a tier. Fill in both or neither.",
    ),
    "trigger_later_than_its_hours": (
        "contact_triggers",
        "first_purchase,1,48,",
        "first_purchase,3,48,",
        "line 4: trigger first_purchase_guide comes 3 days after its event, later than within 48 hours.",
    ),
    "trigger_that_is_never_valid": (
        "contact_triggers",
        "birthday,-3,,3,",
        "birthday,-3,,-1,",
        "line 9: trigger birthday is valid for -1 days. Write a number from 0 to 366.",
    ),
    "severity_instead_of_its_priority": (
        "contact_triggers",
        ",P0;P1;P2,",
        ",P0;紧急,",
        "line 13: trigger specialist_complaint names severity '紧急', which severity_map.csv reads as P1. Write P1.",
    ),
    "template_that_asks_for_another_events_field": (
        "contact_triggers",
        ",birthday,sms,",
        ",contract_renewal,sms,",
        "line 9: template contract_renewal needs contract_ends_on, contract_id, and birthday has no field.",
    ),
    "trigger_without_a_name": (
        "contact_triggers",
        APPEND,
        "all,own_idea,birthday,1,,3,,,,,birthday,sms,operations,9,P2,x\n",
        "line {line}: contact 'own_idea' has no name in labels.csv. Add the row: contact,own_idea,English name,",
    ),
    "unknown_period": (
        "service_policy_rules",
        "visit,1,quarter,",
        "visit,1,quartr,",
        "line 3: period 'quartr' is unknown. Write week or fortnight or month or quarter or half_year or none.",
    ),
    "policy_without_contacts": (
        "service_policy_rules",
        "phone,1,week,",
        "phone,0,week,",
        "line 5: policy weekly_call has 0 contacts a week. Write 1 to 31.",
    ),
    "unknown_channel": (
        "service_policy_rules",
        ",mail,1,",
        ",mial,1,",
        "line 11: channel 'mial' of gift_month is unknown. Did you mean",
    ),
    "unknown_template": (
        "service_policy_rules",
        "month,gift_month,",
        "month,gift_mont,",
        "line 11: template 'gift_mont' of gift_month has no text in language en. Did you mean gift_month?",
    ),
    "policy_of_an_unknown_tier": (
        "service_policy_rules",
        "all,retention_abcd,A,adviser_month",
        "all,retention_abcd,E,adviser_month",
        "line 9: no rule of scheme 'retention_abcd' gives tier 'E', so that adviser_month is nobody's.",
    ),
    "channel_twice": (
        "contact_channels",
        APPEND,
        "all,phone,true,true,P3,x\n",
        "line {line}: line 2 has the same (profile, channel): all, phone. Delete one of them.",
    ),
    "unknown_variable": (
        "contact_templates",
        "the week of {{ due_on }} to",
        "the week of {{ due_day }} to",
        "line 2: the body of deep_visit uses due_day, which column fields does not name. Add it there, or correct",
    ),
    "owner_in_a_text": (
        "contact_templates",
        "your adviser would like to talk",
        "your adviser {{ owner }} would like to talk",
        "the body of adviser_month uses owner, which column fields does not name. Add it there, or correct",
    ),
    "jinja_that_ends_its_own_sentence": (
        "contact_templates",
        "talk through the month with you.",
        "talk {% unknown %} through the month with you.",
        "Encountered unknown tag 'unknown'. Write fields as {{ name }}.",
    ),
    "nobody_may_be_contacted": (
        "profile_parameters",
        "all,contact_week_cap,3",
        "all,contact_week_cap,0",
        "line {line}: contact_week_cap is '0'. Write a whole number from 1 on.",
    ),
    "contacts_that_are_never_overdue": (
        "profile_parameters",
        "all,contact_overdue_days,14",
        "all,contact_overdue_days,0",
        "line {line}: contact_overdue_days is '0'. Write a whole number from 1 to 366.",
    ),
    "calendar_of_more_than_a_year": (
        "profile_parameters",
        "all,contact_horizon_days,30",
        "all,contact_horizon_days,400",
        "line {line}: contact_horizon_days is '400'. Write a whole number from 1 to 366.",
    ),
    "campaign_that_nobody_can_follow": (
        "profile_parameters",
        "all,campaign_conversion_days,30",
        "all,campaign_conversion_days,0",
        "line {line}: campaign_conversion_days is '0'. Write a whole number from 1 to 366.",
    ),
    "no_weekday_is_open": (
        "profile_parameters",
        'all,contact_quiet_weekdays,"6,7"',
        'all,contact_quiet_weekdays,"1,2,3,4,5,6,7"',
        "line {line}: contact_quiet_weekdays '1,2,3,4,5,6,7' (rule P3) names all seven weekdays, so that no weekday is"
        " open for a contact. Leave out the days on which people work",
    ),
    "template_that_reckons_with_a_text": (
        "contact_templates",
        "talk through the month with you.",
        "talk through the month with you {{ tier + 1 }}.",
        'cannot be filled: can only concatenate str (not "int") to str. Fields are texts: {{ name | int }} is a number',
    ),
    "no_jinja": (
        "contact_templates",
        "talk through the month with you.",
        "talk {% if %} through the month with you.",
        "the body of adviser_month is no Jinja:",
    ),
    "unknown_language": (
        "contact_templates",
        "\nbirthday,zh,",
        "\nbirthday,cn,",
        "language 'cn' is unknown. Write en or zh.",
    ),
}
