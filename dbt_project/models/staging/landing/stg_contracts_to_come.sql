with newest as (

    {{ newest_version('contracts', ['contract_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

not_begun_by_then as (

    select
        -- ids
        newest.contract_id,
        newest.customer_id,

        -- days
        newest.starts_on,
        newest.ends_on
    from newest
    cross join run_parameters
    where newest.starts_on > run_parameters.as_of_date

)

select * from not_begun_by_then
