{{ config(materialized='table') }}
{% set is_increment = is_increment() %}

with changed as (

    {% if is_increment %}
    select order_id from {{ source('news', 'orders') }}
    union distinct
    -- A return that is delivered again for another order is no longer one of the order that it was for.
    select delivered.order_id
    from {{ source('raw', 'returns') }} as delivered
    inner join {{ source('news', 'returns') }} as later on delivered.return_id = later.return_id
    union distinct
    select order_id from {{ source('news', 'order_items') }}
    union distinct
    select order_items.order_id
    from {{ source('raw', 'order_items') }} as order_items
    inner join {{ source('news', 'products') }} as products on order_items.product_id = products.product_id
    {% else %}
    select cast(null as {{ dbt.type_string() }}) as order_id
    from {{ source('raw', 'run_parameters') }}
    where false
    {% endif %}

)

select * from changed
where order_id is not null
