{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    unique_key='order_id',
    incremental_predicates=['order_id in (select order_id from intermediate.int_changed_order_ids)'],
    on_schema_change='fail'
) }}
{% set is_increment = is_increment() %}
{% set changed = ref('int_changed_order_ids') %}
{% set changed_orders = ref('int_changed_orders') %}

with staged as (

    {% if is_increment %}
    {{ stage_orders(among=changed) }}
    {% else %}
    select * from {{ ref('stg_orders') }}
    {% endif %}

),

orders as (

    {{ in_reporting_currency('staged') }}

),

order_returns as (

    select * from {{ ref('int_order_returns') }}

),

order_costs as (

    select * from {{ ref('int_order_items_costed') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- Returns are in their order's currency, and converted at its rate. Whether they reach its amount is asked there: cents
-- of another currency could round an order away.
returned as (

    select
        orders.*,
        {{ golden_customer('orders.customer_id') }} as golden_customer_id,
        coalesce({{ converted('order_returns.returned_amount', 'orders.fx_rate') }}, 0) as returned_amount,
        case when order_costs.is_cost_known then order_costs.cost_amount end as cost_amount,
        {{ is_purchase('orders.status', 'orders.source_amount', 'order_returns.returned_amount') }} as is_purchase
    from orders
    {{ join_golden_customer('orders.customer_id') }}
    left join order_returns on orders.order_id = order_returns.order_id
    left join order_costs on orders.order_id = order_costs.order_id

),

netted as (

    select
        *,
        gross_amount - returned_amount as net_amount
    from returned

),

-- The cost of what came back is taken off in the share of the amount that came back: a return names no quantity.
margined as (

    select
        order_id,
        golden_customer_id as customer_id,
        ordered_at,
        order_date,
        status,
        channel,
        region,
        currency,
        cast(gross_amount as decimal(18, 2)) as gross_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        cast(returned_amount as decimal(18, 2)) as returned_amount,
        cast(net_amount as decimal(18, 2)) as net_amount,
        case
            when cost_amount is null then null
            when gross_amount = 0 then cast(net_amount - cost_amount as decimal(18, 2))
            else {{ to_decimal(
                'net_amount - cost_amount * (cast(net_amount as double) / cast(gross_amount as double))'
            ) }}
        end as margin_amount,
        source_currency,
        cast(source_amount as decimal(18, 2)) as source_amount,
        fx_rate,
        is_purchase,
        true as is_changed,
        cast(null as integer) as number_before
    from netted

),

{% if is_increment %}
-- A change in the middle of a customer's history moves the numbers of the orders behind it; also for the customer whose
-- order it was before.
customers_concerned as (

    select customer_id from margined
    union distinct
    select customer_id from {{ changed_orders }}

),

unchanged as (

    select
        present.order_id,
        present.customer_id,
        present.ordered_at,
        present.order_date,
        present.status,
        present.channel,
        present.region,
        present.currency,
        present.gross_amount,
        present.discount_amount,
        present.returned_amount,
        present.net_amount,
        present.margin_amount,
        present.source_currency,
        present.source_amount,
        present.fx_rate,
        present.is_purchase,
        false as is_changed,
        present.order_number as number_before
    from {{ this }} as present
    where
        present.customer_id in (select concerned.customer_id from customers_concerned as concerned)
        and present.order_id not in (select ids.order_id from {{ changed }} as ids)

),

to_number as (

    select * from margined
    union all
    select * from unchanged

),
{% else %}
to_number as (

    select * from margined

),
{% endif %}

numbered as (

    select
        *,
        case
            when is_purchase
                then row_number() over (partition by customer_id, is_purchase order by ordered_at, order_id)
        end as order_number
    from to_number

),

to_write as (

    select * from numbered
    where is_changed or {{ differs('order_number', 'number_before') }}

)

select
    to_write.order_id,
    to_write.customer_id,
    to_write.ordered_at,
    to_write.order_date,
    to_write.status,
    to_write.channel,
    to_write.region,
    to_write.currency,
    to_write.gross_amount,
    to_write.discount_amount,
    to_write.returned_amount,
    to_write.net_amount,
    to_write.margin_amount,
    to_write.source_currency,
    to_write.source_amount,
    to_write.fx_rate,
    cast(to_write.order_number as integer) as order_number,
    to_write.is_purchase,
    run_parameters.as_of_date
from to_write
cross join run_parameters
