with dates as (

    select * from {{ ref('dim_dates') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

months as (

    select distinct
        dates.month_start,
        dates.month_end,
        least(dates.month_end, run_parameters.as_of_date) as closing_on,
        dates.month_end <= run_parameters.as_of_date as is_complete,
        {{ add_days(add_months('dates.month_start', '1 - profile.tier_agreement_months'), -1) }} as tier_held_on
    from dates
    cross join run_parameters
    cross join profile
    where dates.month_start >= {{ add_months(month_start('run_parameters.as_of_date'), '-profile.program_months') }}

)

select * from months
