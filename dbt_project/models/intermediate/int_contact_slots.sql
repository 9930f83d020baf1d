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

profile as (

    select * from {{ ref('int_profile') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

touched as (

    select
        customer_id,
        min(touched_on) as first_touched_on,
        max(touched_on) as last_touched_on
    from {{ ref('int_contact_touches') }}
    group by customer_id

),

policies as (

    {{ profile_rows(ref('service_policy_rules'), 'rule_rows.scheme') }}

),

channels as (

    {{ profile_rows(ref('contact_channels'), 'rule_rows.channel') }}

),

-- Policies of one tier start at different places of a period, so that a customer's contacts keep apart.
numbered_policies as (

    select
        policies.*,
        coalesce(channels.is_exchangeable, false) as is_exchangeable,
        channels.takes_capacity,
        row_number() over (partition by policies.tier order by policies.priority, policies.policy) as policy_number,
        min(policies.period) over (partition by policies.policy)
        = max(policies.period) over (partition by policies.policy) as is_of_one_period
    from policies
    inner join profile on policies.scheme = profile.contact_scheme
    left join channels on policies.channel = channels.channel
    where policies.contacts > 0

),

slot_numbers as (

    {{ number_spine('profile', '1', '31', 'slot_number') }}

),

open_days as (

    select
        date_day,
        month_start,
        open_number
    from days
    where is_open

),

of_periods as (

    {{ stacked('open_days', ['date_day', 'month_start'], contact_periods('date_day')) }}

),

period_days as (

    select
        *,
        row_number() over (partition by period, period_start order by date_day) - 1 as day_number,
        count(*) over (partition by period, period_start) as period_open_days
    from of_periods

),

-- What a tier is owed in a month: a row for each contact of each period that has an open day in it.
owed as (

    select distinct
        period_days.month_start as plan_month,
        policies.tier,
        policies.policy,
        policies.policy_number,
        policies.is_of_one_period,
        policies.contacts,
        policies.channel as rule_channel,
        policies.is_exchangeable,
        policies.takes_capacity,
        policies.owner_role,
        policies.priority,
        slot_numbers.slot_number,
        period_days.period,
        period_days.period_start,
        period_days.period_end,
        period_days.period_open_days
    from numbered_policies as policies
    inner join slot_numbers on policies.contacts >= slot_numbers.slot_number
    inner join period_days on policies.period = period_days.period
    inner join months on period_days.month_start = months.plan_month

),

owed_tiers as (

    select distinct
        plan_month,
        tier
    from owed

),

tiers as (

    select
        history.customer_id,
        months.plan_month,
        months.tier_on,
        months.is_provisional,
        {{ tier_of_scheme('profile.contact_scheme', 'history') }} as tier
    from {{ history }} as history
    inner join months on history.snapshot_on = months.tier_on
    cross join profile

),

tiers_with_contacts as (

    select tiers.*
    from tiers
    inner join owed_tiers on tiers.plan_month = owed_tiers.plan_month and tiers.tier = owed_tiers.tier

),

-- Months before the plan show what touches were for, of customers that have touches.
in_tiers as (

    select
        tiers.*,
        touched.first_touched_on,
        touched.last_touched_on,
        tiers.plan_month >= bounds.first_month as is_planned
    from tiers_with_contacts as tiers
    cross join bounds
    left join touched on tiers.customer_id = touched.customer_id
    where tiers.plan_month >= bounds.first_month or touched.customer_id is not null

),

-- Where in a period a customer's contacts lie: the same place in every one, so that they come at an even pace.
placed as (

    select
        customers.customer_id,
        customers.preferred_channel,
        customers.account_owner,
        customers.is_contactable,
        customers.opted_out_on,
        preferred.channel as known_preferred_channel,
        preferred.is_exchangeable,
        preferred.takes_capacity,
        {{ text_draw('customers.customer_id') }} as draw
    from customers
    left join channels as preferred on customers.preferred_channel = preferred.channel

),

-- Of what is before the plan, a period without a touch takes none; but a policy that has another period for another
-- tier can put a contact of that one aside.
owed_to_customers as (

    select
        in_tiers.customer_id,
        in_tiers.first_touched_on is not null as is_touched,
        in_tiers.plan_month,
        in_tiers.is_planned,
        in_tiers.tier_on,
        in_tiers.is_provisional,
        in_tiers.tier,
        owed.policy,
        owed.priority,
        owed.slot_number,
        owed.period,
        owed.period_start,
        owed.period_end,
        owed.is_exchangeable,
        owed.takes_capacity,
        coalesce(placed.account_owner, owed.owner_role) as {{ quoted('owner') }},
        {{ contact_channel('owed.rule_channel', 'placed.known_preferred_channel', 'owed', 'placed') }} as channel,
        placed.is_contactable,
        placed.opted_out_on,
        placed.draw,
        cast(floor(
            (
                cast((placed.draw + 648056 * owed.policy_number) % {{ draw_range() }} as double)
                + (owed.slot_number - 1) * cast({{ draw_range() }} as double)
            )
            * owed.period_open_days / (owed.contacts * cast({{ draw_range() }} as double))
        ) as integer) as day_number
    from in_tiers
    inner join owed on in_tiers.plan_month = owed.plan_month and in_tiers.tier = owed.tier
    inner join placed on in_tiers.customer_id = placed.customer_id
    where
        in_tiers.is_planned
        or not owed.is_of_one_period
        or (in_tiers.first_touched_on <= owed.period_end and in_tiers.last_touched_on >= owed.period_start)

),

-- A period that reaches into two months has its contact in the one that holds its day.
dated as (

    select
        owed_to_customers.*,
        period_days.date_day as wanted_on
    from owed_to_customers
    inner join period_days
        on
            owed_to_customers.period = period_days.period
            and owed_to_customers.period_start = period_days.period_start
            and owed_to_customers.day_number = period_days.day_number
            and owed_to_customers.plan_month = period_days.month_start

)

select
    dated.customer_id,
    dated.policy as {{ quoted('trigger') }},
    cast(dated.period_start as {{ dbt.type_string() }}) || '#'
    || cast(dated.slot_number as {{ dbt.type_string() }}) as occasion,
    dated.period,
    dated.period_start,
    dated.period_end,
    dated.slot_number,
    dated.tier,
    dated.tier_on,
    dated.plan_month,
    dated.is_provisional,
    dated.wanted_on,
    dated.priority,
    dated.owner,
    dated.channel,
    dated.is_exchangeable,
    coalesce(dated.takes_capacity, channels.takes_capacity, false) as needs_person,
    coalesce(channels.takes_capacity, false) as takes_capacity,
    dated.is_contactable,
    dated.opted_out_on,
    dated.draw,
    dated.is_planned
from dated
cross join bounds
left join channels on dated.channel = channels.channel
where dated.wanted_on >= bounds.border_from or channels.takes_capacity or dated.is_touched
