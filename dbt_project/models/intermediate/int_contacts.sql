{% set kept = [
    'contact_kind', 'customer_id', 'trigger', 'occasion', 'due_on', 'wanted_on', 'earliest_on', 'latest_on',
    'expires_on', 'tier', 'tier_on', 'priority', 'owner', 'channel', 'is_provisional',
] %}

with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

planned as (

    select * from {{ ref('int_contact_plan') }}

),

backlog as (

    select * from {{ ref('int_contact_backlog') }}

),

triggers as (

    select * from {{ ref('int_contact_triggers') }}

),

-- The plan's reason, or what has become of it up to the as-of day.
settled as (

    select
        {{ 'planned.' ~ kept | join(', planned.') }},
        planned.made_on,
        planned.lapses_on,
        planned.ended_on,
        planned.is_renewed,
        backlog.touched_on,
        coalesce(backlog.next_on, planned.due_on) as next_on,
        case when backlog.next_on is null then planned.plan_exclusion else backlog.exclusion end as exclusion,
        case when backlog.next_on is null then planned.given_way_to else backlog.given_way_to end as given_way_to,
        case when backlog.next_on is null then planned.given_way_on else backlog.given_way_on end as given_way_on,
        case when backlog.next_on is null then planned.week_number else backlog.week_number end as week_number,
        case when backlog.next_on is null then planned.week_touches else backlog.week_touches end as week_touches,
        case when backlog.next_on is null then planned.month_number else backlog.month_number end as month_number,
        case when backlog.next_on is null then planned.month_touches else backlog.month_touches end as month_touches
    from planned
    left join backlog
        on
            planned.contact_kind = backlog.contact_kind
            and planned.customer_id = backlog.customer_id
            and planned.trigger = backlog.trigger
            and planned.occasion = backlog.occasion

),

shown as (

    select
        settled.*,
        {{ told_exclusion('settled', 'profile') }} as exclusion_reason,
        bounds.as_of_date
    from settled
    cross join bounds
    cross join profile
    where settled.due_on between bounds.shown_from and bounds.shown_until

),

policies as (

    {{ profile_rows(ref('service_policy_rules'), 'rule_rows.scheme') }}

),

rules as (

    {{ profile_rows(ref('contact_triggers'), 'rule_rows.trigger') }}

),

-- Kinds are joined by: an engine compares every pair of rows where an outer join asks one side alone.
known_policies as (

    select
        *,
        'cadence' as contact_kind
    from policies

),

known_rules as (

    select
        *,
        'trigger' as contact_kind
    from rules

),

known_triggers as (

    select
        customer_id,
        trigger,
        occasion,
        event,
        event_on,
        fields,
        'trigger' as contact_kind
    from triggers

),

own as (

    select contact_scheme from profile

),

ruled as (

    select
        shown.*,
        coalesce(policies.template, rules.template) as {{ quoted('template') }},
        coalesce(policies.rule_id, rules.rule_id) as rule_id,
        case
            when shown.contact_kind = 'cadence' then {{ contact_fields({'tier': 'shown.tier'}) }}
            -- Silence grows until the day on which the contact is made.
            when triggers.event = 'last_activity'
                then {{ contact_fields({
                    'last_activity_on': 'cast(triggers.event_on as ' ~ dbt.type_string() ~ ')',
                    'silent_days': as_text(days_between('triggers.event_on', 'shown.next_on'), 0),
                }) }}
            else triggers.fields
        end as {{ quoted('fields') }},
        case
            when shown.contact_kind = 'cadence'
                then {{ told_policy('policies', 'shown.tier_on') }}
            else {{ told_trigger('rules', 'triggers', 'shown.tier_on') }}
        end as rule_reason
    from shown
    cross join own
    left join known_policies as policies
        on
            own.contact_scheme = policies.scheme
            and shown.contact_kind = policies.contact_kind
            and shown.tier = policies.tier
            and shown.trigger = policies.policy
    left join known_rules as rules on shown.contact_kind = rules.contact_kind and shown.trigger = rules.trigger
    left join known_triggers as triggers
        on
            shown.contact_kind = triggers.contact_kind
            and shown.customer_id = triggers.customer_id
            and shown.trigger = triggers.trigger
            and shown.occasion = triggers.occasion

)

select
    {{ kept | join(',\n    ') }},
    case when exclusion in ('week_cap', 'month_cap') then 'frequency_cap' else exclusion end as exclusion,
    given_way_to,
    template,
    rule_id,
    fields,
    exclusion is null and due_on <= as_of_date as is_overdue,
    {{ told_contact() }} as reason,
    as_of_date
from ruled
