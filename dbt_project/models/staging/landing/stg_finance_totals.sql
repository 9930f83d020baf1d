with newest as (

    {{ newest_version('finance_totals', ['month']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

begun_by_then as (

    select
        -- days
        newest.month as month_start,

        -- amounts
        newest.revenue
    from newest
    cross join run_parameters
    where newest.month <= run_parameters.as_of_date

)

select * from begun_by_then
