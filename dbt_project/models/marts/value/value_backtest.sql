with backtests as (

    select * from {{ ref('stg_value_backtests') }}

),

fits as (

    select * from {{ ref('stg_value_fits') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

of_fits as (

    select
        fits.fit_id,
        fits.model,
        fits.data_until,
        fits.holdout_days,
        backtests.measure,
        backtests.method,
        backtests.group_name,
        backtests.group_number,
        backtests.customers,
        backtests.actual,
        backtests.predicted,
        backtests.mean_absolute_error,
        backtests.root_mean_square_error,
        max(case when backtests.group_name = 'all' then backtests.actual end) over (
            partition by backtests.fit_id, backtests.measure, backtests.method
        ) as overall_actual,
        run_parameters.as_of_date
    from backtests
    inner join fits on backtests.fit_id = fits.fit_id
    cross join run_parameters

)

select
    fit_id as model_run_id,
    model,
    measure,
    method,
    group_name,
    group_number,
    {{ add_days('data_until', '-holdout_days') }} as calibrated_until,
    data_until as held_out_until,
    customers,
    {{ rounded('actual', 6) }} as actual,
    {{ rounded('predicted', 6) }} as predicted,
    {{ rounded('mean_absolute_error', 6) }} as mean_absolute_error,
    {{ rounded('root_mean_square_error', 6) }} as root_mean_square_error,
    {{ rounded('actual / nullif(overall_actual, 0)', 6) }} as lift,
    as_of_date
from of_fits
