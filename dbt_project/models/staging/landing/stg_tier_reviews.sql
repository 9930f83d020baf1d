with newest as (

    {{ newest_version('tier_reviews', ['review_id', 'scheme', 'customer_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

reviewed_by_then as (

    select
        -- ids
        newest.review_id,
        newest.customer_id,

        -- descriptions
        newest.scheme,
        newest.tier_before,
        newest.tier_after,

        -- numerics
        newest.value_at_stake,

        -- days and instants
        newest.reviewed_on,
        newest.opened_at
    from newest
    cross join run_parameters
    where newest.reviewed_on <= run_parameters.as_of_date

)

select * from reviewed_by_then
