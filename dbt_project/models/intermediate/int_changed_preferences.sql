{% set is_asked = 'preferred_category' in asked_metrics() | join(' ') %}
{# Named here, since dbt reads dependencies where nothing is an increment yet. #}
{% set orders, categories = ref('fct_orders'), ref('int_product_categories') %}

{% if is_increment() and is_asked %}
-- Lines are not held against what they were: whoever delivers all of them anew has all days looked at.
with changed as (

    select order_id from {{ source('news', 'order_items') }}
    union distinct
    select order_items.order_id
    from {{ source('raw', 'order_items') }} as order_items
    inner join {{ categories }} as categories on order_items.product_id = categories.product_id
    where categories.is_changed

),

dated as (

    select
        orders.order_id,
        orders.order_date as changed_from
    from {{ orders }} as orders
    inner join changed on orders.order_id = changed.order_id

)
{% else %}
with dated as (

    select
        cast(null as {{ dbt.type_string() }}) as order_id,
        as_of_date as changed_from
    from {{ source('raw', 'run_parameters') }}
    where false

)
{% endif %}

select * from dated
