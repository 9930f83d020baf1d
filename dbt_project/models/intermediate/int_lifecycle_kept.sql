{% set customers = ref('int_lifecycle_customers') %}
{% set changed_orders = ref('int_changed_orders') %}
{% set responses = ref('int_responses') %}

{% if is_increment() %}
with days as (

    select
        since_as_of,
        {{ add_days('since_as_of', 1) }} as next_day,
        as_of_date
    from {{ source('raw', 'run_parameters') }}

),

-- Where more than a day has come since, whoever has anything new is replayed, be its past as it was.
changed_customers as (

    select changed.customer_id
    from {{ changed_orders }} as changed
    cross join days
    where changed.changed_from <= days.since_as_of or days.as_of_date > days.next_day
    union distinct
    select responses.customer_id
    from {{ responses }} as responses
    cross join days
    where responses.is_present != responses.was_present and responses.response_on <= days.since_as_of

),

kept as (

    select
        released.customer_id,
        released.lifecycle_stage as stage_before,
        released.stage_since as since_before,
        days.next_day as look_from
    from {{ source('released', 'customer_lifecycle') }} as released
    cross join days
    inner join {{ customers }} as customers on released.customer_id = customers.customer_id
    left join changed_customers on released.customer_id = changed_customers.customer_id
    where customers.is_as_before and changed_customers.customer_id is null

)
{% else %}
with kept as (

    select
        customer_id,
        cast(null as {{ dbt.type_string() }}) as stage_before,
        as_of_date as since_before,
        as_of_date as look_from
    from {{ customers }}
    where false

)
{% endif %}

select * from kept
