with run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

rolling as (

    select
        'rolling' as period_type,
        {{ add_days('run_parameters.as_of_date', '1 - profile.evaluation_rolling_days') }} as period_start,
        run_parameters.as_of_date as period_end
    from run_parameters
    cross join profile

),

-- Whole calendar months only, and only those that begin after the first day of data: before it nobody is a customer.
-- Counted back from the month that holds the day after the as-of day, so that a month-end closes its own month.
calendar_months as (

    select
        'month' as period_type,
        dates.month_start as period_start,
        dates.date_day as period_end
    from dates
    cross join run_parameters
    cross join profile
    where
        dates.is_month_end
        and dates.month_start >= {{ add_months(
            month_start(add_days('run_parameters.as_of_date', 1)), '-profile.evaluation_months'
        ) }}
        and dates.month_start > (select min(all_dates.date_day) from {{ ref('dim_dates') }} as all_dates)

),

all_periods as (

    select * from rolling
    union all
    select * from calendar_months

),

-- The state at the start is the state at the close of the day before the first day.
opened as (

    select
        period_type,
        period_start,
        period_end,
        {{ add_days('period_start', -1) }} as opening_on
    from all_periods

)

select * from opened
