with run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

-- From the first day of the first order's month: cohorts and months are whole.
bounds as (

    select
        run_parameters.as_of_date,
        coalesce({{ month_start('min(orders.order_date)') }}, run_parameters.as_of_date) as first_day
    from run_parameters
    left join orders on true
    group by run_parameters.as_of_date

),

days as (

    {{ day_spine('bounds', 'first_day', 'as_of_date') }}

)

select
    days.date_day,
    cast(extract(year from days.date_day) as integer) as calendar_year,
    cast(extract(quarter from days.date_day) as integer) as calendar_quarter,
    cast(extract(month from days.date_day) as integer) as calendar_month,
    {{ iso_weekday('days.date_day') }} as iso_weekday,
    {{ month_start('days.date_day') }} as month_start,
    {{ add_days(add_months(month_start('days.date_day'), 1), -1) }} as month_end,
    {{ add_days(add_months(month_start('days.date_day'), 1), -1) }} = days.date_day as is_month_end,
    run_parameters.as_of_date
from days
cross join run_parameters
