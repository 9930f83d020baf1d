{% set parameters = {
    "bg_nbd": ["r", "alpha", "a", "b"],
    "gamma_gamma": ["p", "q", "v"],
    "churn_calibration": ["intercept", "slope", "uses_p_alive"],
} %}

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

found as (

    select
        {% for model, names in parameters.items() -%}
        max(case when newest.model = '{{ model }}' and newest.is_usable then newest.fit_id end) as {{ model }}_fit_id,
        max(case when newest.model = '{{ model }}' and not newest.is_usable then newest.status end)
            as {{ model }}_last_failure,
        max(case when newest.model = '{{ model }}' and newest.is_usable then newest.data_until end)
            as {{ model }}_data_until,
        {% for name in names -%}
        max(
            case
                when newest.model = '{{ model }}' and newest.is_usable and fit_parameters.parameter = '{{ name }}'
                    then fit_parameters.parameter_value
            end
        ) as {{ model }}_{{ name }}{{ "," if not loop.last }}
        {% endfor -%}
        {{ "," if not loop.last }}
        {% endfor -%}
    from newest
    left join fit_parameters on newest.fit_id = fit_parameters.fit_id

),

explained as (

    select
        *,
        {% for model in parameters -%}
        case
            when {{ model }}_fit_id is not null then null
            when {{ model }}_last_failure = 'refused' then 'too_few_data'
            when {{ model }}_last_failure = 'failed' then 'fit_failed'
            else 'not_fitted'
        end as {{ model }}_missing_reason{{ "," if not loop.last }}
        {% endfor -%}
    from found

)

select
    bg_nbd_fit_id,
    bg_nbd_r,
    bg_nbd_alpha,
    bg_nbd_a,
    bg_nbd_b,
    bg_nbd_missing_reason,
    gamma_gamma_fit_id,
    gamma_gamma_p,
    gamma_gamma_q,
    gamma_gamma_v,
    gamma_gamma_missing_reason,
    bg_nbd_data_until,
    churn_calibration_fit_id,
    churn_calibration_intercept,
    churn_calibration_slope,
    churn_calibration_uses_p_alive,
    churn_calibration_data_until
from explained
