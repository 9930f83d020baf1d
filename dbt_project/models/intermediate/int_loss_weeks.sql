with dates as (

    select * from {{ ref('dim_dates') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Before the first day of data nobody is a customer: the week that holds it has no customers at its start.
weeks as (

    select
        dates.date_day as week_start,
        {{ add_days('dates.date_day', -1) }} as opening_on,
        least({{ add_days('dates.date_day', 6) }}, run_parameters.as_of_date) as closing_on,
        {{ add_days('dates.date_day', 6) }} <= run_parameters.as_of_date as is_mature
    from dates
    cross join run_parameters
    cross join profile
    where
        dates.iso_weekday = 1
        and dates.date_day
        > {{ add_days(week_start('run_parameters.as_of_date'), '-7 * profile.churn_reason_weeks') }}
        and dates.date_day > (select min(all_dates.date_day) from {{ ref('dim_dates') }} as all_dates)

)

select * from weeks
