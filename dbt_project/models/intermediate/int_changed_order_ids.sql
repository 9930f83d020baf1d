{% set merged_customers = ref('int_merged_customers') %}

with delivered as (

    select order_id from {{ ref('stg_changed_order_ids') }}

),

{% if is_increment() %}
-- Whose orders may belong to another customer than before: they stand under the customer that the profile had then.
moved as (

    select distinct coalesce(former_golden_customer_id, customer_id) as customer_id
    from {{ merged_customers }}
    where is_changed

),

changed as (

    select order_id from delivered
    union distinct
    select orders.order_id
    from {{ source('released', 'fct_orders') }} as orders
    inner join moved on orders.customer_id = moved.customer_id

)
{% else %}
changed as (

    select order_id from delivered

)
{% endif %}

select * from changed
