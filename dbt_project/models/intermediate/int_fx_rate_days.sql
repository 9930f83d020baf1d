with rates as (

    select * from {{ ref('stg_fx_rates') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

longest as (

    select
        {{ add_days('run_parameters.as_of_date', '-profile.fx_max_age_days') }} as first_day,
        run_parameters.as_of_date as last_day
    from run_parameters
    cross join profile

),

days_back as (

    {{ day_spine('longest', 'first_day', 'last_day') }}

),

ages as (

    select {{ days_between('days_back.date_day', 'run_parameters.as_of_date') }} as age_days
    from days_back
    cross join run_parameters

),

followed as (

    select
        rates.currency,
        rates.fx_rate,
        rates.rate_date,
        lead(rates.rate_date) over (partition by rates.currency order by rates.rate_date) as next_rate_date
    from rates
    cross join profile
    where rates.currency != profile.reporting_currency

),

spread as (

    select
        followed.currency,
        followed.fx_rate,
        followed.rate_date,
        followed.next_rate_date,
        {{ add_days('followed.rate_date', 'ages.age_days') }} as rate_day
    from followed
    cross join ages

)

select
    currency,
    rate_day,
    fx_rate,
    rate_date
from spread
where next_rate_date is null or rate_day < next_rate_date
