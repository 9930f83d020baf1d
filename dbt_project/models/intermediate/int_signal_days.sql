with run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

periods as (

    select * from {{ ref('int_evaluation_periods') }}
    where period_type = 'month'

),

profile as (

    select * from {{ ref('int_profile') }}

),

days as (

    select as_of_date as snapshot_on from run_parameters
    union distinct
    select period_end as snapshot_on from periods

),

described as (

    select
        days.snapshot_on,
        cast(row_number() over (order by days.snapshot_on) as integer) as month_number,
        days.snapshot_on = run_parameters.as_of_date as is_as_of,
        periods.period_end is not null as is_month_end,
        {{ add_days('days.snapshot_on', 'profile.active_window_days') }} as outcome_on,
        {{ add_days('days.snapshot_on', 'profile.active_window_days') }} <= run_parameters.as_of_date as is_mature,
        {{ add_days('days.snapshot_on', '-profile.spend_period_days') }} as period_opens_after,
        {{ add_days('days.snapshot_on', '-2 * profile.spend_period_days') }} as previous_period_opens_after,
        {{ add_months('days.snapshot_on', -12) }} as year_opens_after,
        {{ add_days('days.snapshot_on', -180) }} as half_opens_after
    from days
    cross join run_parameters
    cross join profile
    left join periods on days.snapshot_on = periods.period_end

)

select * from described
