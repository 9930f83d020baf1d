{% set rows = factor_rows('churn_risk_factors') %}

with customers as (

    select customer_id from {{ ref('dim_customers') }}

),

scores as (

    select * from {{ ref('int_churn_scores') }}
    where is_as_of

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

contributions as (

    select
        {% for row in rows -%}
        {{ row.weight }} * {{ row.factor }}_score as {{ row.factor }}_part,
        {% endfor -%}
        *
    from scores

),

first_drivers as (

    select
        *,
        {{ greatest_factor(rows, '_part') }} as driver_1
    from contributions

),

second_drivers as (

    select
        *,
        {{ greatest_factor(rows, '_part', ['driver_1']) }} as driver_2
    from first_drivers

),

third_drivers as (

    select
        *,
        {{ greatest_factor(rows, '_part', ['driver_1', 'driver_2']) }} as driver_3
    from second_drivers

),

told as (

    select
        *,
        {{ told_factor(rows, 'driver_1') }} as told_1,
        {{ told_factor(rows, 'driver_2') }} as told_2,
        {{ told_factor(rows, 'driver_3') }} as told_3,
        {{ told_factor(rows, only_known_factor(rows)) }} as told_only
    from third_drivers

),

described as (

    select
        customers.customer_id,
        {{ rounded('told.churn_risk', 6) }} as churn_risk,
        {{ rounded('told.raw_score', 6) }} as raw_score,
        told.risk_band,
        case when told.customer_id is not null then told.calibration_fit_id is not null and told.is_active end
            as is_calibrated,
        told.calibration_fit_id as calibration_run_id,
        told.driver_1,
        told.driver_2,
        told.driver_3,
        case
            when told.driver_1 is not null
                then {{ dbt.concat([
                    "'M8: '",
                    'told.told_1',
                    "coalesce(" ~ dbt.concat(["'; '", 'told.told_2']) ~ ", '')",
                    "coalesce(" ~ dbt.concat(["'; '", 'told.told_3']) ~ ", '')",
                ]) }}
            when told.told_only is not null
                then {{ dbt.concat(["'M8: the only known factor is at its best: '", 'told.told_only']) }}
            when told.raw_score is not null and told.missing_factors is not null
                then 'M8: every known factor is at its best'
            when told.raw_score is not null then 'M8: every factor is at its best'
        end as reason,
        told.missing_factors,
        not told.is_active as is_churned,
        {% for signal in signals() -%}
        {{ rounded('told.' ~ signal, 6) }} as {{ signal }},
        {% endfor -%}
        case
            when told.customer_id is null then 'never_bought'
            when told.raw_score is null then 'no_factor'
        end as missing_reason,
        run_parameters.as_of_date
    from customers
    left join told on customers.customer_id = told.customer_id
    cross join run_parameters

)

select * from described
