{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['order_id in (select order_id from staging.stg_changed_order_ids)'],
    on_schema_change='fail'
) }}
{% set changed = ref('stg_changed_order_ids') %}

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
        orders.order_date
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
    cast(placed.unit_price as decimal(18, 2)) as unit_price,
    cast(placed.line_amount as decimal(18, 2)) as line_amount,
    cast(placed.discount_amount as decimal(18, 2)) as discount_amount,
    run_parameters.as_of_date
from placed
cross join run_parameters
