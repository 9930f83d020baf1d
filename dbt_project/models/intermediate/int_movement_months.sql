with dates as (

    select * from {{ ref('dim_dates') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

months as (

    select distinct
        month_start,
        month_end
    from dates

),

first_days as (

    select min(date_day) as first_day from dates

),

-- Counted back from the month that holds the day after the as-of day, so that a month-end closes its own month.
closed as (

    select
        months.month_end,
        {{ add_months('months.month_start', '1 - profile.movement_period_months') }} as period_start,
        {{ add_months('months.month_start', '1 - 2 * profile.movement_period_months') }} as before_start
    from months
    cross join profile
    cross join run_parameters
    where
        months.month_end <= run_parameters.as_of_date
        and months.month_start >= {{ add_months(
            month_start(add_days('run_parameters.as_of_date', 1)), '-profile.evaluation_months'
        ) }}

),

-- Where the data begin within the period before, nobody could tell who is new.
covered as (

    select closed.*
    from closed
    inner join first_days on closed.before_start >= first_days.first_day

),

spread as (

    select
        covered.month_end,
        covered.period_start,
        {{ add_days('covered.period_start', -1) }} as opening_on,
        months.month_start as activity_month,
        months.month_start < covered.period_start as is_before
    from covered
    inner join months
        on covered.before_start <= months.month_start and covered.month_end >= months.month_end

)

select * from spread
