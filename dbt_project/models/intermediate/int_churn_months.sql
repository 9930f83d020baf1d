with periods as (

    select * from {{ ref('int_evaluation_periods') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

whole as (

    select
        period_end as month_end,
        opening_on,
        period_end as closing_on,
        true as is_mature
    from periods
    where period_type = 'month'

),

-- Before the first month of data nobody is a customer: a company that is in it has no month yet.
running as (

    select
        dates.month_end,
        {{ add_days('dates.month_start', -1) }} as opening_on,
        dates.date_day as closing_on,
        false as is_mature
    from dates
    inner join run_parameters on dates.date_day = run_parameters.as_of_date
    where
        not dates.is_month_end
        and dates.month_start > (select min(all_dates.date_day) from {{ ref('dim_dates') }} as all_dates)

),

months as (

    select * from whole
    union all
    select * from running

)

select * from months
