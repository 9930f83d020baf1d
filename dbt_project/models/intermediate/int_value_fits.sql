with fits as (

    select * from {{ ref('stg_value_fits') }}

),

models as (

    select * from {{ ref('int_value_models') }}

),

judged as (

    select
        fits.*,
        coalesce(fits.fit_id = models.bg_nbd_fit_id, false)
        or coalesce(fits.fit_id = models.gamma_gamma_fit_id, false)
        or coalesce(fits.fit_id = models.churn_calibration_fit_id, false)
        or coalesce(fits.fit_id = models.sbg_fit_id, false) as is_in_force
    from fits
    cross join models

)

select
    fit_id,
    profile,
    model,
    status,
    reason,
    fitted_parameters,
    standard_errors,
    diagnostics,
    holdout_days,
    log_likelihood,
    customers,
    repeat_customers,
    holdout_mae,
    holdout_rmse,
    naive_mae,
    data_until,
    fitted_at,
    is_in_force
from judged
