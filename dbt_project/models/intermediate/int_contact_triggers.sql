{% set history = ref('int_tier_history') %}

with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

days as (

    select * from {{ ref('int_contact_days') }}

),

months as (

    select * from {{ ref('int_contact_months') }}

),

events as (

    select * from {{ ref('int_contact_events') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

triggers as (

    {{ profile_rows(ref('contact_triggers'), 'rule_rows.trigger') }}

),

channels as (

    {{ profile_rows(ref('contact_channels'), 'rule_rows.channel') }}

),

asked as (

    select
        events.customer_id,
        events.event,
        events.occasion,
        events.event_on,
        events.ended_on,
        -- Nothing tells the day on which the next contract was signed: once it is known, no call is owed.
        events.event = 'contract_end' and events.ended_on is not null as is_renewed,
        events.fields,
        triggers.trigger,
        triggers.offset_days,
        triggers.within_hours,
        triggers.valid_for_days,
        triggers.scheme,
        triggers.tier,
        triggers.channel as rule_channel,
        triggers.owner_role,
        triggers.priority,
        {{ add_days('events.event_on', 'triggers.offset_days') }} as earliest_on,
        case
            when triggers.within_hours is not null
                then {{ add_days('events.event_on', 'floor((events.event_hour + triggers.within_hours) / 24.0)') }}
            else {{ add_days('events.event_on', 'triggers.offset_days + triggers.valid_for_days') }}
        end as latest_on
    from events
    inner join triggers on events.event = triggers.event
    where
        coalesce(events.amount >= triggers.min_amount, triggers.min_amount is null)
        and (
            triggers.event_values is null
            or position(
                ';' || lower(trim(events.event_value)) || ';'
                in ';' || lower(replace(triggers.event_values, ' ', '')) || ';'
            ) > 0
        )

),

-- Nobody is contacted on a quiet day: the next open one takes its place, never an earlier one, before the event.
dated as (

    select
        asked.*,
        days.next_open_on as wanted_on,
        months.plan_month,
        months.tier_on,
        months.is_provisional
    from asked
    inner join days on asked.earliest_on = days.date_day
    inner join months on {{ month_start('days.next_open_on') }} = months.plan_month
    cross join bounds
    where
        days.next_open_on >= bounds.first_trigger_month
        -- What was over before the contact's day was never due.
        and coalesce(asked.ended_on >= days.next_open_on, true)

),

in_tiers as (

    select dated.*
    from dated
    left join {{ history }} as history
        on dated.customer_id = history.customer_id and dated.tier_on = history.snapshot_on
    where dated.scheme is null or dated.tier = {{ tier_of_scheme('dated.scheme', 'history') }}

),

owned as (

    select
        in_tiers.*,
        coalesce(customers.account_owner, in_tiers.owner_role) as {{ quoted('owner') }},
        coalesce(of_rule.is_exchangeable, false) as is_exchangeable,
        of_rule.takes_capacity as is_by_person,
        {{ contact_channel('in_tiers.rule_channel', 'preferred.channel', 'of_rule', 'preferred') }} as channel,
        customers.is_contactable,
        customers.opted_out_on,
        {{ text_draw('customers.customer_id') }} as draw
    from in_tiers
    inner join customers on in_tiers.customer_id = customers.customer_id
    left join channels as of_rule on in_tiers.rule_channel = of_rule.channel
    left join channels as preferred on customers.preferred_channel = preferred.channel

)

select
    owned.customer_id,
    owned.trigger,
    owned.event,
    owned.occasion,
    owned.event_on,
    owned.ended_on,
    owned.is_renewed,
    owned.fields,
    owned.offset_days,
    owned.valid_for_days,
    owned.earliest_on,
    owned.latest_on,
    case
        when owned.within_hours is null then owned.latest_on
        else {{ add_days('owned.wanted_on', 'owned.valid_for_days') }}
    end as expires_on,
    owned.scheme,
    owned.tier,
    owned.tier_on,
    owned.plan_month,
    -- The tier of a month to come is not known yet, nor whether who has not bought by today will have bought by then.
    (owned.scheme is not null and owned.is_provisional)
    or (owned.event in ('last_activity', 'usage_cycle_end') and owned.wanted_on > bounds.as_of_date) as is_provisional,
    owned.wanted_on,
    owned.priority,
    owned.owner,
    owned.channel,
    owned.is_exchangeable,
    coalesce(owned.is_by_person, channels.takes_capacity, false) as needs_person,
    coalesce(channels.takes_capacity, false) as takes_capacity,
    owned.is_contactable,
    owned.opted_out_on,
    owned.draw
from owned
cross join bounds
left join channels on owned.channel = channels.channel
where owned.wanted_on >= bounds.triggers_from or channels.takes_capacity
