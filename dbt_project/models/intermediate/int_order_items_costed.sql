{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['order_id in (select order_id from staging.stg_changed_order_ids)']
) }}
{% set changed = ref('stg_changed_order_ids') %}

with order_items as (

    {% if is_increment() %}
    {{ stage_order_items(among=changed) }}
    {% else %}
    select * from {{ ref('stg_order_items') }}
    {% endif %}

),

products as (

    select * from {{ ref('stg_products') }}

),

costed as (

    select
        order_items.order_id,
        sum(order_items.quantity * products.unit_cost) as cost_amount,
        -- One line of unknown cost makes the order's cost unknown: a partial sum would overstate the margin.
        count(*) = count(products.unit_cost) as is_cost_known
    from order_items
    left join products on order_items.product_id = products.product_id
    group by order_items.order_id

)

select * from costed
