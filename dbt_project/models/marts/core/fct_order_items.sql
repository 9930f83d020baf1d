{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['order_id in (select order_id from intermediate.int_changed_order_ids)'],
    on_schema_change='fail'
) }}
{% set changed = ref('int_changed_order_ids') %}

with order_items as (

    {% if is_increment() %}
    {{ stage_order_items(among=changed) }}
    {% else %}
    select * from {{ ref('stg_order_items') }}
    {% endif %}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A line is seen when its order is: lines carry no day of their own.
placed as (

    select
        order_items.*,
        orders.customer_id,
        orders.order_date,
        orders.fx_rate
    from order_items
    inner join orders on order_items.order_id = orders.order_id

)

select
    placed.order_id,
    cast(placed.line_no as integer) as line_no,
    placed.customer_id,
    placed.product_id,
    placed.order_date,
    cast(placed.quantity as decimal(18, 3)) as quantity,
    {{ converted('placed.unit_price', 'placed.fx_rate') }} as unit_price,
    {{ converted('placed.line_amount', 'placed.fx_rate') }} as line_amount,
    {{ converted('placed.discount_amount', 'placed.fx_rate') }} as discount_amount,
    run_parameters.as_of_date
from placed
cross join run_parameters
