with fits as (

    select * from {{ ref('stg_value_fits') }}

),

fit_parameters as (

    select * from {{ ref('stg_value_fit_parameters') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A fit that is not to be trusted never takes the place of one that is.
ranked as (

    select
        fits.fit_id,
        fits.model,
        fits.status,
        fits.data_until,
        fits.status = 'converged' as is_usable,
        row_number() over (
            partition by fits.model, fits.status = 'converged'
            order by fits.data_until desc, fits.fitted_at desc, fits.fit_id desc
        ) as place
    from fits
    inner join run_parameters on fits.profile = run_parameters.profile

),

newest as (

    select * from ranked
    where place = 1

),

fits_in_force as (

    select
        max(case when model = 'bg_nbd' and is_usable then fit_id end) as bg_nbd_fit_id,
        max(case when model = 'bg_nbd' and not is_usable then status end) as bg_nbd_last_failure,
        max(case when model = 'gamma_gamma' and is_usable then fit_id end) as gamma_gamma_fit_id,
        max(case when model = 'gamma_gamma' and not is_usable then status end) as gamma_gamma_last_failure,
        max(case when model = 'bg_nbd' and is_usable then data_until end) as bg_nbd_data_until,
        max(case when model = 'churn_calibration' and is_usable then fit_id end) as churn_calibration_fit_id,
        max(case when model = 'churn_calibration' and is_usable then data_until end) as churn_calibration_data_until,
        max(case when model = 'sbg' and is_usable then fit_id end) as sbg_fit_id,
        max(case when model = 'sbg' and not is_usable then status end) as sbg_last_failure
    from newest

),

named as (

    select
        newest.model || '.' || fit_parameters.parameter as parameter,
        fit_parameters.parameter_value
    from newest
    inner join fit_parameters on newest.fit_id = fit_parameters.fit_id
    where newest.is_usable

),

found as (

    select
        max(case when parameter = 'bg_nbd.r' then parameter_value end) as bg_nbd_r,
        max(case when parameter = 'bg_nbd.alpha' then parameter_value end) as bg_nbd_alpha,
        max(case when parameter = 'bg_nbd.a' then parameter_value end) as bg_nbd_a,
        max(case when parameter = 'bg_nbd.b' then parameter_value end) as bg_nbd_b,
        max(case when parameter = 'gamma_gamma.p' then parameter_value end) as gamma_gamma_p,
        max(case when parameter = 'gamma_gamma.q' then parameter_value end) as gamma_gamma_q,
        max(case when parameter = 'gamma_gamma.v' then parameter_value end) as gamma_gamma_v,
        max(case when parameter = 'churn_calibration.intercept' then parameter_value end)
            as churn_calibration_intercept,
        max(case when parameter = 'churn_calibration.slope' then parameter_value end) as churn_calibration_slope,
        max(case when parameter = 'churn_calibration.uses_p_alive' then parameter_value end)
            as churn_calibration_uses_p_alive,
        max(case when parameter = 'sbg.alpha' then parameter_value end) as sbg_alpha,
        max(case when parameter = 'sbg.beta' then parameter_value end) as sbg_beta
    from named

),

explained as (

    select
        fits_in_force.bg_nbd_fit_id,
        found.bg_nbd_r,
        found.bg_nbd_alpha,
        found.bg_nbd_a,
        found.bg_nbd_b,
        case
            when fits_in_force.bg_nbd_fit_id is not null then null
            when fits_in_force.bg_nbd_last_failure = 'refused' then 'too_few_data'
            when fits_in_force.bg_nbd_last_failure = 'failed' then 'fit_failed'
            else 'not_fitted'
        end as bg_nbd_missing_reason,
        fits_in_force.gamma_gamma_fit_id,
        found.gamma_gamma_p,
        found.gamma_gamma_q,
        found.gamma_gamma_v,
        case
            when fits_in_force.gamma_gamma_fit_id is not null then null
            when fits_in_force.gamma_gamma_last_failure = 'refused' then 'too_few_data'
            when fits_in_force.gamma_gamma_last_failure = 'failed' then 'fit_failed'
            else 'not_fitted'
        end as gamma_gamma_missing_reason,
        fits_in_force.bg_nbd_data_until,
        -- It was made on scores with or without P(alive), and holds for such scores alone.
        case
            when found.churn_calibration_uses_p_alive = case when fits_in_force.bg_nbd_fit_id is null then 0 else 1 end
                then fits_in_force.churn_calibration_fit_id
        end as churn_calibration_fit_id,
        fits_in_force.churn_calibration_data_until,
        found.churn_calibration_intercept,
        found.churn_calibration_slope,
        fits_in_force.sbg_fit_id,
        found.sbg_alpha,
        found.sbg_beta,
        case
            when fits_in_force.sbg_fit_id is not null then null
            when fits_in_force.sbg_last_failure = 'refused' then 'too_few_data'
            when fits_in_force.sbg_last_failure = 'failed' then 'fit_failed'
            else 'not_fitted'
        end as sbg_missing_reason
    from fits_in_force
    cross join found

)

select * from explained
