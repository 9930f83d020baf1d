{% set is_increment = is_increment() %}
{% set changed = ref('int_changed_order_ids') %}
{# Read by in_reporting_currency and join_golden_customer; named here, since dbt reads dependencies where nothing is an
   increment yet. #}
{% set read = [ref('int_profile'), ref('int_fx_rate_days'), ref('int_merged_customers')] %}

{% if is_increment %}
with before as (

    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_at,
        orders.order_date,
        orders.status,
        orders.gross_amount,
        orders.discount_amount,
        orders.fx_rate
    from {{ source('released', 'fct_orders') }} as orders
    where orders.order_id in (select ids.order_id from {{ changed }} as ids)

),

staged as (

    {{ stage_orders(among=changed) }}

),

priced as (

    {{ in_reporting_currency('staged') }}

),

after as (

    select
        priced.order_id,
        {{ golden_customer('priced.customer_id') }} as customer_id,
        priced.ordered_at,
        priced.order_date,
        priced.status,
        priced.gross_amount,
        cast(priced.discount_amount as decimal(18, 2)) as discount_amount,
        priced.fx_rate
    from priced
    {{ join_golden_customer('priced.customer_id') }}

),

-- A return that was delivered again with another day or for another order was in force before, too.
changed_returns as (

    select
        delivered.order_id,
        min(cast(delivered.returned_at as date)) as changed_from
    from {{ source('raw', 'returns') }} as delivered
    where delivered.return_id in (select later.return_id from {{ source('news', 'returns') }} as later)
    group by delivered.order_id

),

compared as (

    select
        ids.order_id,
        before.customer_id as customer_before,
        after.customer_id as customer_after,
        case
            when
                {{ differs('before.customer_id', 'after.customer_id') }}
                or {{ differs('before.ordered_at', 'after.ordered_at') }}
                or {{ differs('before.status', 'after.status') }}
                or {{ differs('before.gross_amount', 'after.gross_amount') }}
                or {{ differs('before.discount_amount', 'after.discount_amount') }}
                or {{ differs('before.fx_rate', 'after.fx_rate') }}
                then least(before.order_date, after.order_date)
        end as order_changed_from,
        changed_returns.changed_from as return_changed_from
    from {{ changed }} as ids
    left join before on ids.order_id = before.order_id
    left join after on ids.order_id = after.order_id
    left join changed_returns on ids.order_id = changed_returns.order_id

),

by_customer as (

    select
        order_id,
        customer_before as customer_id,
        least(order_changed_from, return_changed_from) as changed_from
    from compared
    union distinct
    select
        order_id,
        customer_after as customer_id,
        least(order_changed_from, return_changed_from) as changed_from
    from compared

),
{% else %}
with by_customer as (

    select
        cast(null as {{ dbt.type_string() }}) as order_id,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        as_of_date as changed_from
    from {{ source('raw', 'run_parameters') }}
    where false

),
{% endif %}

real_changes as (

    select * from by_customer
    where customer_id is not null and changed_from is not null

)

select * from real_changes
