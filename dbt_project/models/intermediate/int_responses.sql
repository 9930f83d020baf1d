{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['true']
) }}

with touches as (

    select * from {{ ref('fct_touches') }}

),

-- A response can be dated before its touch by mistake; it counts from the touch on.
present as (

    select distinct
        customer_id,
        greatest(cast(responded_at as date), touched_on) as response_on
    from touches
    where responded_at is not null

),

compared as (

    select
        customer_id,
        response_on,
        1 as is_present,
        0 as was_present
    from present
    {% if is_increment() %}
    union all
    select
        customer_id,
        response_on,
        0 as is_present,
        1 as was_present
    from {{ this }}
    where is_present
    {% endif %}

)

select
    customer_id,
    response_on,
    max(is_present) = 1 as is_present,
    max(was_present) = 1 as was_present
from compared
group by customer_id, response_on
