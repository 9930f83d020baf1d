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

purchases as (

    select
        customer_id,
        order_id,
        ordered_at,
        order_date,
        order_number,
        net_amount,
        currency
    from {{ ref('fct_orders') }}
    where is_purchase

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

tickets as (

    select * from {{ ref('fct_tickets') }}
    where customer_id is not null and ticket_type = 'complaint' and not is_resolved

),

years as (

    select
        date_day as january_first,
        cast(extract(year from date_day) as integer) as calendar_year
    from days
    where extract(month from date_day) = 1 and extract(day from date_day) = 1

),

last_activities as (

    select
        lifecycle.customer_id,
        {{ add_days('bounds.as_of_date', '-lifecycle.days_since_last_activity') }} as event_on
    from lifecycle
    cross join bounds
    where lifecycle.days_since_last_activity is not null

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

last_contracts as (

    select * from contracts
    where ends_on is not null
    qualify row_number() over (partition by customer_id order by ends_on desc, contract_id desc) = 1

),

last_purchases as (

    select
        customer_id,
        max(order_date) as last_purchase_on
    from purchases
    group by customer_id

),

usage_cycles as (

    select
        contracts.customer_id,
        contracts.contract_id,
        contracts.ends_on,
        {{ add_days(
            'greatest(contracts.starts_on, coalesce(last_purchases.last_purchase_on, contracts.starts_on))',
            'contracts.usage_cycle_days'
        ) }} as event_on
    from contracts
    left join last_purchases on contracts.customer_id = last_purchases.customer_id
    where contracts.usage_cycle_days > 0

),

events as (

    select
        last_activities.customer_id,
        'last_activity' as {{ quoted('event') }},
        cast(last_activities.event_on as {{ dbt.type_string() }}) as occasion,
        last_activities.event_on,
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
    cross join bounds
    cross join profile
    where purchases.order_number = 1 and purchases.order_date >= bounds.events_from
    union all
    select
        anniversaries.customer_id,
        'first_purchase_anniversary' as {{ quoted('event') }},
        cast(anniversaries.event_on as {{ dbt.type_string() }}) as occasion,
        anniversaries.event_on,
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
        0 as event_hour,
        cast(null as decimal(18, 2)) as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        '{}' as {{ quoted('fields') }}
    from birthdays
    cross join bounds
    where birthdays.event_on between bounds.events_from and bounds.events_until
    union all
    select
        last_contracts.customer_id,
        'contract_end' as {{ quoted('event') }},
        last_contracts.contract_id as occasion,
        last_contracts.ends_on as event_on,
        0 as event_hour,
        cast(null as decimal(18, 2)) as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        {{ contact_fields({
            'contract_id': 'last_contracts.contract_id',
            'contract_ends_on': 'cast(last_contracts.ends_on as ' ~ dbt.type_string() ~ ')',
        }) }} as {{ quoted('fields') }}
    from last_contracts
    union all
    select
        usage_cycles.customer_id,
        'usage_cycle_end' as {{ quoted('event') }},
        usage_cycles.contract_id || ' ' || cast(usage_cycles.event_on as {{ dbt.type_string() }}) as occasion,
        usage_cycles.event_on,
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
        tickets.customer_id,
        'complaint' as {{ quoted('event') }},
        tickets.ticket_id as occasion,
        tickets.received_on as event_on,
        cast(extract(hour from tickets.received_at) as integer) as event_hour,
        cast(null as decimal(18, 2)) as amount,
        tickets.severity as event_value,
        {{ contact_fields({'ticket_id': 'tickets.ticket_id'}) }} as {{ quoted('fields') }}
    from tickets
    union all
    select
        purchases.customer_id,
        'large_order' as {{ quoted('event') }},
        purchases.order_id as occasion,
        purchases.order_date as event_on,
        cast(extract(hour from purchases.ordered_at) as integer) as event_hour,
        purchases.net_amount as amount,
        cast(null as {{ dbt.type_string() }}) as event_value,
        {{ contact_fields({
            'order_id': 'purchases.order_id',
            'order_amount': as_text('purchases.net_amount'),
            'currency': 'purchases.currency',
        }) }} as {{ quoted('fields') }}
    from purchases
    cross join bounds
    where purchases.order_date >= bounds.events_from

)

select events.*
from events
cross join bounds
where events.event_on between bounds.events_from and bounds.events_until
