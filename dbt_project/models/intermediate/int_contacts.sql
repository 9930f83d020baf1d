{% set gap = contact_gap_days() %}
{% set kept = [
    'contact_kind', 'customer_id', 'trigger', 'occasion', 'due_on', 'wanted_on', 'earliest_on', 'latest_on', 'tier',
    'tier_on', 'priority', 'owner', 'channel', 'is_provisional', 'valid_for_days',
] %}
{% set choice = 'plan_month, priority, due_on, trigger, occasion' %}

with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

slots as (

    select * from {{ ref('int_contact_slots') }}

),

triggers as (

    select * from {{ ref('int_contact_triggers') }}

),

places as (

    select * from {{ ref('int_contact_places') }}

),

touches as (

    select * from {{ ref('int_contact_touches') }}

),

touched_periods as (

    {{ stacked('touches', ['customer_id', 'channel', 'touches'], contact_periods('touched_on')) }}

),

-- A touch by any channel counts for a contact that could go by any; a visit is fulfilled by a visit.
touches_in_periods as (

    select
        customer_id,
        period,
        period_start,
        channel,
        sum(touches) as touches
    from touched_periods
    group by customer_id, period, period_start, channel
    union all
    select
        customer_id,
        period,
        period_start,
        '' as channel,
        sum(touches) as touches
    from touched_periods
    group by customer_id, period, period_start

),

last_touches as (

    select
        customer_id,
        channel,
        max(touched_on) as last_touched_on
    from touches
    group by customer_id, channel
    union all
    select
        customer_id,
        '' as channel,
        max(touched_on) as last_touched_on
    from touches
    group by customer_id

),

gap_days as (

    {{ number_spine('profile', '0', gap | string, 'gap_number') }}

),

days_after_touches as (

    select distinct
        touches.customer_id,
        {{ add_days('touches.touched_on', 'gap_days.gap_number') }} as date_day
    from touches
    cross join gap_days

),

due as (

    select
        'cadence' as contact_kind,
        slots.customer_id,
        slots.trigger,
        slots.occasion,
        slots.plan_month,
        slots.wanted_on,
        slots.period_start as earliest_on,
        slots.period_end as latest_on,
        slots.tier,
        slots.tier_on,
        slots.priority,
        slots.owner,
        slots.channel,
        slots.takes_capacity,
        slots.is_provisional,
        slots.is_contactable,
        slots.opted_out_on,
        cast(null as integer) as valid_for_days,
        coalesce(counted.touches, 0) >= slots.slot_number as is_fulfilled
    from slots
    left join touches_in_periods as counted
        on
            slots.customer_id = counted.customer_id
            and slots.period = counted.period
            and slots.period_start = counted.period_start
            and case when slots.is_exchangeable then '' else slots.channel end = counted.channel
    union all
    select
        'trigger' as contact_kind,
        triggers.customer_id,
        triggers.trigger,
        triggers.occasion,
        triggers.plan_month,
        triggers.wanted_on,
        triggers.earliest_on,
        triggers.latest_on,
        triggers.tier,
        triggers.tier_on,
        triggers.priority,
        triggers.owner,
        triggers.channel,
        triggers.takes_capacity,
        triggers.is_provisional,
        triggers.is_contactable,
        triggers.opted_out_on,
        triggers.valid_for_days,
        coalesce(last_touches.last_touched_on >= triggers.earliest_on, false) as is_fulfilled
    from triggers
    left join last_touches
        on
            triggers.customer_id = last_touches.customer_id
            and case when triggers.is_exchangeable then '' else triggers.channel end = last_touches.channel

),

dated as (

    select
        due.*,
        coalesce(places.due_on, due.wanted_on) as due_on,
        due.takes_capacity and places.due_on is null as is_without_place
    from due
    left join places
        on
            due.contact_kind = places.contact_kind
            and due.customer_id = places.customer_id
            and due.trigger = places.trigger
            and due.occasion = places.occasion

),

judged as (

    select
        dated.*,
        case
            when dated.opted_out_on is not null then 'opted_out'
            when not dated.is_contactable then 'no_consent'
            when dated.channel is null then 'no_channel'
            when dated.is_fulfilled or touched.date_day is not null then 'already_contacted'
            when dated.is_without_place then 'no_capacity'
            -- Too late to make sense by the time that its owner is free.
            when dated.due_on > {{ add_days('dated.wanted_on', 'dated.valid_for_days') }} then 'no_capacity'
        end as exclusion
    from dated
    cross join bounds
    left join days_after_touches as touched
        on dated.customer_id = touched.customer_id and dated.due_on = touched.date_day
    where dated.due_on >= bounds.border_from

),

-- The earlier month chooses first: its plan does not hang on the next one's, which may be provisional.
chosen as (

    select
        *,
        row_number() over (partition by customer_id order by {{ choice }}) as choice_number
    from judged
    where exclusion is null

),

met as (

    select
        *,
        min(choice_number) over (
            partition by customer_id
            order by {{ days_between("date '2000-01-03'", 'due_on') }}
            range between {{ gap }} preceding and {{ gap }} following
        ) as best_choice_number
    from chosen

),

weeks as (

    select
        customer_id,
        period_start as week_start,
        touches as week_touches
    from touches_in_periods
    where period = 'week' and channel = ''

),

months as (

    select
        customer_id,
        period_start as month_start,
        touches as month_touches
    from touches_in_periods
    where period = 'month' and channel = ''

),

in_weeks as (

    select
        met.*,
        coalesce(weeks.week_touches, 0) as week_touches,
        row_number() over (
            partition by met.customer_id, {{ week_start('met.due_on') }} order by met.choice_number
        ) as week_number
    from met
    left join weeks
        on met.customer_id = weeks.customer_id and {{ week_start('met.due_on') }} = weeks.week_start
    where met.choice_number = met.best_choice_number

),

in_months as (

    select
        in_weeks.*,
        coalesce(months.month_touches, 0) as month_touches,
        row_number() over (
            partition by in_weeks.customer_id, in_weeks.plan_month order by in_weeks.choice_number
        ) as month_number
    from in_weeks
    cross join profile
    left join months
        on in_weeks.customer_id = months.customer_id and in_weeks.plan_month = months.month_start
    where in_weeks.week_number + in_weeks.week_touches <= profile.contact_week_cap

),

-- What each stage let go, and what came through all.
told as (

    select
        {{ 'judged.' ~ kept | join(', judged.') }},
        judged.exclusion,
        cast(null as {{ dbt.type_string() }}) as given_way_to,
        case
            when judged.exclusion = 'no_capacity' then 'the days of ' || judged.owner || ' are full'
        end as exclusion_reason
    from judged
    where judged.exclusion is not null
    union all
    select
        {{ 'met.' ~ kept | join(', met.') }},
        'lower_priority' as exclusion,
        better.trigger as given_way_to,
        'gives way to ' || better.trigger || ' of ' || cast(better.due_on as {{ dbt.type_string() }})
            as exclusion_reason
    from met
    inner join chosen as better
        on met.customer_id = better.customer_id and met.best_choice_number = better.choice_number
    where met.choice_number != met.best_choice_number
    union all
    select
        {{ 'in_weeks.' ~ kept | join(', in_weeks.') }},
        'frequency_cap' as exclusion,
        cast(null as {{ dbt.type_string() }}) as given_way_to,
        'number ' || {{ as_text('in_weeks.week_number', 0) }} || ' of the week beside '
        || {{ as_text('in_weeks.week_touches', 0) }} || ' touches made, at most '
        || {{ as_text('profile.contact_week_cap', 0) }} as exclusion_reason
    from in_weeks
    cross join profile
    where in_weeks.week_number + in_weeks.week_touches > profile.contact_week_cap
    union all
    select
        {{ 'in_months.' ~ kept | join(', in_months.') }},
        case
            when in_months.month_number + in_months.month_touches > profile.contact_month_cap then 'frequency_cap'
        end as exclusion,
        cast(null as {{ dbt.type_string() }}) as given_way_to,
        case
            when in_months.month_number + in_months.month_touches > profile.contact_month_cap
                then
                    'number ' || {{ as_text('in_months.month_number', 0) }} || ' of the month beside '
                    || {{ as_text('in_months.month_touches', 0) }} || ' touches made, at most '
                    || {{ as_text('profile.contact_month_cap', 0) }}
        end as exclusion_reason
    from in_months
    cross join profile

),

-- A trigger that is past its time is no longer due.
shown as (

    select
        told.*,
        bounds.as_of_date
    from told
    cross join bounds
    where
        told.due_on between bounds.shown_from and bounds.shown_until
        and (
            told.valid_for_days is null
            or {{ add_days('told.due_on', 'told.valid_for_days') }} >= bounds.as_of_date
        )

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
        coalesce(triggers.fields, {{ contact_fields({'tier': 'shown.tier'}) }}) as {{ quoted('fields') }},
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
    exclusion,
    given_way_to,
    template,
    rule_id,
    fields,
    exclusion is null and due_on <= as_of_date as is_overdue,
    {{ told_contact() }} as reason,
    as_of_date
from ruled
