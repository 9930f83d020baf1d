with returns as (

    select * from {{ ref('stg_returns') }}

),

summed as (

    select
        order_id,
        sum(returned_amount) as returned_amount,
        max(returned_on) as last_returned_on
    from returns
    group by order_id

)

select * from summed
