with since_last_purchase as (

    select * from {{ ref('int_lifecycle_since_last_purchase') }}

),

recent as (

    select * from {{ ref('int_lifecycle_recent') }}

),

whole as (

    select * from {{ ref('int_lifecycle_whole') }}

),

settled as (

    select
        customer_id,
        stage_since
    from since_last_purchase
    where is_settled
    union all
    select
        customer_id,
        stage_since
    from recent
    where is_settled
    union all
    select
        customer_id,
        stage_since
    from whole

)

select * from settled
