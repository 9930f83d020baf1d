{% set merged_customers = ref('int_merged_customers') %}

with delivered as (

    select touch_id from {{ ref('stg_changed_touch_ids') }}

),

{% if is_increment() %}
-- Whose touches may belong to another customer than before.
moved as (

    select distinct coalesce(former_golden_customer_id, customer_id) as customer_id
    from {{ merged_customers }}
    where is_changed

),

changed as (

    select touch_id from delivered
    union distinct
    select touches.touch_id
    from {{ source('released', 'fct_touches') }} as touches
    inner join moved on touches.customer_id = moved.customer_id

)
{% else %}
changed as (

    select touch_id from delivered

)
{% endif %}

select * from changed
