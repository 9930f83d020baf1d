{% set history = ref('int_tier_history') %}

with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

days as (

    select * from {{ ref('int_contact_days') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

lifecycle as (

    select * from {{ ref('int_lifecycle_current') }}

),

months as (

    select * from {{ ref('int_contact_months') }}

),

triggers as (

    {{ profile_rows(ref('contact_triggers'), 'rule_rows.trigger') }}

),

-- No event that nobody asks for, nor an order below every amount asked for.
asked as (

    select
        event,
        case when count(min_amount) = count(*) then min(min_amount) end as least_amount
    from triggers
    group by event

),

-- Days by which a purchase can ask for a contact; a join by day spares reading the orders of other days.
purchase_days as (

    {{ day_spine('bounds', 'least(events_from, as_of_date)', 'as_of_date') }}

),

purchases as (

    select
        orders.customer_id,
        orders.order_id,
        orders.ordered_at,
        orders.order_date,
        orders.order_number,
        orders.net_amount,
        orders.currency
    from {{ ref('fct_orders') }} as orders
    inner join purchase_days on orders.order_date = purchase_days.date_day
    where orders.is_purchase

),

responses as (

    select * from {{ ref('int_responses') }}

),

contracts as (

    select
        {{ golden_customer('contracts.customer_id') }} as customer_id,
        contracts.contract_id,
        contracts.usage_cycle_days,
        contracts.starts_on,
        contracts.ends_on
    from {{ ref('stg_contracts') }} as contracts
    {{ join_golden_customer('contracts.customer_id') }}

),

contracts_to_come as (

    select
        {{ golden_customer('contracts.customer_id') }} as customer_id,
        contracts.contract_id,
        contracts.starts_on,
        contracts.ends_on
    from {{ ref('stg_contracts_to_come') }} as contracts
    {{ join_golden_customer('contracts.customer_id') }}

),

severities as (

    select
        ticket_id,
        severity
    from {{ ref('fct_tickets') }}

),

priorities as (

    {{ profile_rows(ref('severity_map'), 'lower(trim(rule_rows.source_severity))') }}

),

-- A complaint that is opened again asks again, and is no longer settled.
complaints as (

    select
        openings.*,
        -- What the map does not know stays the word that it is.
        coalesce(priorities.priority, severities.severity) as severity
    from {{ ref('int_ticket_openings') }} as openings
    inner join severities on openings.ticket_id = severities.ticket_id
    left join priorities on lower(trim(severities.severity)) = lower(trim(priorities.source_severity))
    where openings.customer_id is not null and openings.ticket_type = 'complaint'
    -- Reopened twice on a day it asks once.
    qualify row_number() over (
        partition by openings.ticket_id, openings.opened_on, openings.is_reopening order by openings.opened_at desc
    ) = 1

),

years as (

    select
        days.date_day as january_first,
        cast(extract(year from days.date_day) as integer) as calendar_year
    from days
    cross join bounds
    where
        extract(month from days.date_day) = 1
        and extract(day from days.date_day) = 1
        and extract(year from days.date_day) between extract(year from bounds.events_from)
        and extract(year from bounds.events_until)

),

-- Whose silence a trigger asks for: by their tier of a month, or everybody's.
silence_tiers as (

    select distinct
        scheme,
        tier
    from triggers
    where event = 'last_activity'

),

silent_customers as (

    select distinct history.customer_id
    from {{ history }} as history
    inner join months on history.snapshot_on = months.tier_on
    inner join bounds on months.plan_month >= bounds.first_trigger_month
    inner join silence_tiers on {{ tier_of_scheme('silence_tiers.scheme', 'history') }} = silence_tiers.tier
    union distinct
    select customers.customer_id
    from customers
    inner join silence_tiers on silence_tiers.scheme is null

),

-- What is over has the day on which it ended: a contact that was due until then does not vanish.
activity_days as (

    select
        purchases.customer_id,
        purchases.order_date as event_on
    from purchases
    inner join silent_customers on purchases.customer_id = silent_customers.customer_id
    union distinct
    select
        responses.customer_id,
        responses.response_on as event_on
    from responses
    inner join silent_customers on responses.customer_id = silent_customers.customer_id
    cross join bounds
    where responses.is_present and responses.response_on >= bounds.events_from

),

activities as (

    select
        *,
        lead(event_on) over (partition by customer_id order by event_on) as ended_on
    from activity_days

),

last_activities as (

    select
        lifecycle.customer_id,
        {{ add_days('bounds.as_of_date', '-lifecycle.days_since_last_activity') }} as event_on,
        cast(null as date) as ended_on
    from lifecycle
    inner join silent_customers on lifecycle.customer_id = silent_customers.customer_id
    cross join bounds
    where lifecycle.days_since_last_activity is not null
    union all
    select
        customer_id,
        event_on,
        ended_on
    from activities
    where ended_on > {{ add_days('event_on', 1) }}

),

-- A birthday or first purchase of 29 February is kept on the 28th in other years.
birthdays as (

    select
        customers.customer_id,
        years.calendar_year,
        least(
            {{ add_days(
                add_months('years.january_first', 'customers.birth_month - 1'), 'customers.birth_day - 1'
            ) }},
            {{ add_days(add_months('years.january_first', 'customers.birth_month'), -1) }}
        ) as event_on
    from customers
    cross join years
    where customers.birth_month is not null and customers.birth_day is not null

),

anniversaries as (

    select
        customers.customer_id,
        customers.first_order_on,
        years.calendar_year - cast(extract(year from customers.first_order_on) as integer) as years_since,
        {{ add_months(
            'customers.first_order_on', '12 * (years.calendar_year - extract(year from customers.first_order_on))'
        ) }} as event_on
    from customers
    inner join years on extract(year from customers.first_order_on) < years.calendar_year

),

-- A contract without an end is nobody's to renew, and renews those before it.
known_contracts as (

    select
        customer_id,
        contract_id,
        starts_on,
        ends_on
    from contracts
    union all
    select
        customer_id,
        contract_id,
        starts_on,
        ends_on
    from contracts_to_come

),

ending_contracts as (

    select
        *,
        lead(starts_on) over (
            partition by customer_id order by coalesce(ends_on, cast('9999-12-31' as date)), contract_id
        ) as ended_on
    from known_contracts

),

-- A usage cycle runs from the contract's start, and from each purchase anew.
cycle_days as (

    select
        customer_id,
        contract_id,
        usage_cycle_days,
        ends_on,
        starts_on as cycle_on
    from contracts
    where usage_cycle_days > 0
    union distinct
    select
        contracts.customer_id,
        contracts.contract_id,
        contracts.usage_cycle_days,
        contracts.ends_on,
        orders.order_date as cycle_on
    from contracts
    inner join {{ ref('fct_orders') }} as orders
        on contracts.customer_id = orders.customer_id and contracts.starts_on < orders.order_date
    cross join bounds
    where
        orders.is_purchase
        and contracts.usage_cycle_days > 0
        and {{ add_days('orders.order_date', 'contracts.usage_cycle_days') }} >= bounds.events_from

),

usage_cycles as (

    select
        customer_id,
        contract_id,
        ends_on,
        {{ add_days('cycle_on', 'usage_cycle_days') }} as event_on,
        lead(cycle_on) over (partition by customer_id, contract_id order by cycle_on) as ended_on
    from cycle_days

),

events as (

    select
        last_activities.customer_id,
        'last_activity' as {{ quoted('event') }},
        cast(last_activities.event_on as {{ dbt.type_string() }}) as occasion,
        last_activities.event_on,
        last_activities.ended_on,
        0 as event_hour,
        cast(null as decimal(18, 2)) as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        cast(null as {{ dbt.type_string() }}) as {{ quoted('fields') }}
    from last_activities
    union all
    select
        purchases.customer_id,
        'first_purchase' as {{ quoted('event') }},
        purchases.order_id as occasion,
        purchases.order_date as event_on,
        cast(null as date) as ended_on,
        cast(extract(hour from purchases.ordered_at) as integer) as event_hour,
        purchases.net_amount as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        {{ contact_fields({
            'first_order_on': 'cast(purchases.order_date as ' ~ dbt.type_string() ~ ')',
            'first_order_amount': as_text('purchases.net_amount'),
            'coupon_from_amount': as_text('floor(purchases.net_amount * profile.contact_coupon_share)', 0),
            'currency': 'purchases.currency',
        }) }} as {{ quoted('fields') }}
    from purchases
    inner join asked
        on
            asked.event = 'first_purchase'
            and coalesce(purchases.net_amount >= asked.least_amount, asked.least_amount is null)
    cross join profile
    where purchases.order_number = 1
    union all
    select
        anniversaries.customer_id,
        'first_purchase_anniversary' as {{ quoted('event') }},
        cast(anniversaries.event_on as {{ dbt.type_string() }}) as occasion,
        anniversaries.event_on,
        cast(null as date) as ended_on,
        0 as event_hour,
        cast(null as decimal(18, 2)) as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        {{ contact_fields({
            'first_order_on': 'cast(anniversaries.first_order_on as ' ~ dbt.type_string() ~ ')',
            'years': 'cast(anniversaries.years_since as ' ~ dbt.type_string() ~ ')',
        }) }} as {{ quoted('fields') }}
    from anniversaries
    cross join bounds
    where anniversaries.event_on between bounds.events_from and bounds.events_until
    union all
    select
        birthdays.customer_id,
        'birthday' as {{ quoted('event') }},
        cast(birthdays.calendar_year as {{ dbt.type_string() }}) as occasion,
        birthdays.event_on,
        cast(null as date) as ended_on,
        0 as event_hour,
        cast(null as decimal(18, 2)) as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        '{}' as {{ quoted('fields') }}
    from birthdays
    cross join bounds
    where birthdays.event_on between bounds.events_from and bounds.events_until
    union all
    select
        ending_contracts.customer_id,
        'contract_end' as {{ quoted('event') }},
        ending_contracts.contract_id as occasion,
        ending_contracts.ends_on as event_on,
        ending_contracts.ended_on,
        0 as event_hour,
        cast(null as decimal(18, 2)) as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        {{ contact_fields({
            'contract_id': 'ending_contracts.contract_id',
            'contract_ends_on': 'cast(ending_contracts.ends_on as ' ~ dbt.type_string() ~ ')',
        }) }} as {{ quoted('fields') }}
    from ending_contracts
    where ending_contracts.ends_on is not null
    union all
    select
        usage_cycles.customer_id,
        'usage_cycle_end' as {{ quoted('event') }},
        usage_cycles.contract_id || ' ' || cast(usage_cycles.event_on as {{ dbt.type_string() }}) as occasion,
        usage_cycles.event_on,
        usage_cycles.ended_on,
        0 as event_hour,
        cast(null as decimal(18, 2)) as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        {{ contact_fields({
            'contract_id': 'usage_cycles.contract_id',
            'usage_cycle_ends_on': 'cast(usage_cycles.event_on as ' ~ dbt.type_string() ~ ')',
        }) }} as {{ quoted('fields') }}
    from usage_cycles
    where coalesce(usage_cycles.event_on <= usage_cycles.ends_on, true)
    union all
    select
        complaints.customer_id,
        'complaint' as {{ quoted('event') }},
        complaints.ticket_id
        || case
            when complaints.is_reopening then ' ' || cast(complaints.opened_on as {{ dbt.type_string() }}) else ''
        end as occasion,
        complaints.opened_on as event_on,
        complaints.closed_on as ended_on,
        cast(extract(hour from complaints.opened_at) as integer) as event_hour,
        cast(null as decimal(18, 2)) as amount,
        complaints.severity as event_value,
        {{ contact_fields({'ticket_id': 'complaints.ticket_id'}) }} as {{ quoted('fields') }}
    from complaints
    union all
    select
        purchases.customer_id,
        'large_order' as {{ quoted('event') }},
        purchases.order_id as occasion,
        purchases.order_date as event_on,
        cast(null as date) as ended_on,
        cast(extract(hour from purchases.ordered_at) as integer) as event_hour,
        purchases.net_amount as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        {{ contact_fields({
            'order_id': 'purchases.order_id',
            'order_amount': as_text('purchases.net_amount'),
            'currency': 'purchases.currency',
        }) }} as {{ quoted('fields') }}
    from purchases
    inner join asked
        on
            asked.event = 'large_order'
            and coalesce(purchases.net_amount >= asked.least_amount, asked.least_amount is null)

)

select events.*
from events
cross join bounds
where events.event_on between bounds.events_from and bounds.events_until
