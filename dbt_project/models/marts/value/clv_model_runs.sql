with fits as (

    select * from {{ ref('stg_value_fits') }}

),

models as (

    select * from {{ ref('int_value_models') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

judged as (

    select
        fits.*,
        coalesce(
            fits.fit_id = models.bg_nbd_fit_id
            or fits.fit_id = models.gamma_gamma_fit_id
            or fits.fit_id = models.churn_calibration_fit_id,
            false
        ) as is_in_force,
        run_parameters.as_of_date
    from fits
    cross join models
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
from judged
