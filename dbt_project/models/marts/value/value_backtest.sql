with backtests as (

    select * from {{ ref('int_value_backtests') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

dated as (

    select
        backtests.*,
        run_parameters.as_of_date
    from backtests
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
from dated
