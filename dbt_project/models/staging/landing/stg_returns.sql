with newest as (

    {{ newest_version('returns', ['return_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

returned_by_then as (

    select
        -- ids
        newest.return_id,
        newest.order_id,
        newest.product_id,

        -- descriptions
        newest.reason as return_reason,

        -- amounts
        newest.amount as returned_amount,

        -- days and instants
        newest.returned_at,
        cast(newest.returned_at as date) as returned_on
    from newest
    cross join run_parameters
    where cast(newest.returned_at as date) <= run_parameters.as_of_date

)

select * from returned_by_then
