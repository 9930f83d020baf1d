with newest as (

    {{ newest_version('orders', ['order_id'], has_updated_at=true) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

placed_by_then as (

    select
        -- ids
        newest.order_id,
        newest.customer_id,

        -- descriptions: a source without a status delivers finished orders
        coalesce(newest.status, 'completed') as status,
        newest.channel,
        newest.currency,
        newest.region,

        -- amounts
        newest.amount as gross_amount,
        newest.discount_amount,

        -- days and instants
        newest.ordered_at,
        cast(newest.ordered_at as date) as order_date,
        newest.updated_at
    from newest
    cross join run_parameters
    where cast(newest.ordered_at as date) <= run_parameters.as_of_date

)

select * from placed_by_then
