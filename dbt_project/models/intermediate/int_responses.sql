with touches as (

    select * from {{ ref('fct_touches') }}

),

-- A response can be dated before its touch by mistake; it counts from the touch on.
responses as (

    select distinct
        customer_id,
        greatest(cast(responded_at as date), touched_on) as response_on
    from touches
    where responded_at is not null

)

select * from responses
