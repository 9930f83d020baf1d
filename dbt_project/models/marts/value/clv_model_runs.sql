with fits as (

    select * from {{ ref('int_value_fits') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

dated as (

    select
        fits.*,
        run_parameters.as_of_date
    from fits
    cross join run_parameters

)

select
    fit_id as model_run_id,
    profile,
    model,
    status,
    reason,
    is_in_force,
    status = 'converged' as converged,
    fitted_at,
    data_until,
    fitted_parameters as {{ quoted('parameters') }},
    standard_errors,
    log_likelihood,
    customers as n_customers,
    repeat_customers as n_repeaters,
    holdout_days,
    holdout_mae,
    holdout_rmse,
    naive_mae,
    diagnostics,
    as_of_date
from dated
