{{ config(materialized='view') }}
{% set rows = factor_rows('churn_risk_factors') %}

with signals as (

    select * from {{ ref('int_customer_signals') }}

),

models as (

    select * from {{ ref('int_value_models') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

factors as (

    select
        {% for row in rows -%}
        {{ factor_score(row, 'signals') }} as {{ row.factor }}_score,
        {% endfor -%}
        {% for signal in signals() -%}
        signals.{{ signal }},
        {% endfor -%}
        signals.customer_id,
        signals.snapshot_on,
        signals.is_as_of,
        signals.is_month_end,
        signals.is_mature,
        signals.is_active,
        signals.is_silent_after
    from signals

),

weighed as (

    select
        *,
        ({{ sum_of_factors(rows) }}) / {{ weight_of_factors(rows) }} as raw_score,
        {{ missing_factors(rows) }} as missing_factors
    from factors

),

calibrated as (

    select
        weighed.*,
        models.churn_calibration_fit_id as calibration_fit_id,
        case
            when models.churn_calibration_fit_id is null then weighed.raw_score
            else 1 / (
                1 + exp(
                    -(models.churn_calibration_intercept + models.churn_calibration_slope * weighed.raw_score)
                )
            )
        end as churn_risk
    from weighed
    cross join models

),

banded as (

    select
        calibrated.*,
        case
            when calibrated.churn_risk >= profile.churn_risk_high_from then 'high'
            when calibrated.churn_risk >= profile.churn_risk_medium_from then 'medium'
            when calibrated.churn_risk is not null then 'low'
        end as risk_band
    from calibrated
    cross join profile

)

select * from banded
