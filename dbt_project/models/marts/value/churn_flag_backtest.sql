with scores as (

    select
        snapshot_on,
        is_mature,
        is_silent_after,
        risk_band
    from {{ ref('int_churn_scores') }}
    where is_month_end and is_active

),

models as (

    select * from {{ ref('int_value_models') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

counted as (

    select
        snapshot_on,
        is_mature,
        count(*) as customers,
        sum(case when risk_band = 'high' then 1 else 0 end) as flagged,
        sum(case when is_silent_after then 1 else 0 end) as churned,
        sum(case when is_silent_after and risk_band = 'high' then 1 else 0 end) as true_positives
    from scores
    group by snapshot_on, is_mature

),

rated as (

    select
        counted.snapshot_on as month_end,
        counted.is_mature,
        coalesce(
            counted.snapshot_on < models.bg_nbd_data_until
            or (
                models.churn_calibration_fit_id is not null
                and counted.snapshot_on < models.churn_calibration_data_until
            ),
            false
        ) as is_in_sample,
        cast(counted.customers as integer) as customers,
        cast(counted.flagged as integer) as flagged,
        cast(case when counted.is_mature then counted.churned end as integer) as churned,
        cast(case when counted.is_mature then counted.true_positives end as integer) as true_positives,
        case when counted.is_mature then cast(counted.churned as double) / counted.customers end as base_rate,
        case when counted.is_mature then cast(counted.true_positives as double) / nullif(counted.flagged, 0) end
            as flag_precision,
        case when counted.is_mature then cast(counted.true_positives as double) / nullif(counted.churned, 0) end
            as flag_recall,
        run_parameters.as_of_date
    from counted
    cross join models
    cross join run_parameters

)

select
    month_end,
    is_mature,
    is_in_sample,
    customers,
    flagged,
    churned,
    true_positives,
    base_rate,
    flag_precision as {{ quoted('precision') }},
    flag_recall as recall,
    flag_precision / nullif(base_rate, 0) as lift,
    as_of_date
from rated
