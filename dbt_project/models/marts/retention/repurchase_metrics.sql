with rhythm as (

    select * from {{ ref('int_purchase_rhythm') }}

),

windows as (

    {{ profile_rows(ref('repurchase_windows'), '1') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

first_purchases as (

    select
        {{ month_start('first_purchase_on') }} as cohort_period,
        {{ days_between('first_purchase_on', 'second_purchase_on') }} as days_to_second
    from rhythm

),

counted as (

    select
        first_purchases.cohort_period,
        windows.window_days,
        count(*) as buyers,
        sum(case when first_purchases.days_to_second <= windows.window_days then 1 else 0 end) as repeat_buyers,
        {{ median(
            'case when first_purchases.days_to_second <= windows.window_days then first_purchases.days_to_second end'
        ) }} as median_days_to_second
    from first_purchases
    cross join windows
    group by first_purchases.cohort_period, windows.window_days

),

-- Ripe when the window of a customer who first bought on the month's last day is over too.
ripened as (

    select
        counted.*,
        run_parameters.as_of_date
        >= {{ add_days(add_days(add_months('counted.cohort_period', 1), -1), 'counted.window_days') }} as is_mature,
        run_parameters.as_of_date
    from counted
    cross join run_parameters

)

select
    cohort_period,
    cast(window_days as integer) as window_days,
    cast(buyers as integer) as buyers,
    cast(repeat_buyers as integer) as repeat_buyers,
    cast(repeat_buyers as double) / buyers as repurchase_rate,
    median_days_to_second,
    is_mature,
    as_of_date
from ripened
