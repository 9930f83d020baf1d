with curves as (

    select * from {{ ref('int_survival_curves') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A quantile is the first day on which no more than the share is left; nobody knows it before the curve falls so far.
summed as (

    select
        curve,
        dimension,
        dimension_value,
        sum(events + censored) as customers,
        sum(events) as events,
        max(after_days) as followed_days,
        min(case when survival <= 0.75 then after_days end) as first_quartile_days,
        min(case when survival <= 0.5 then after_days end) as median_days,
        min(case when survival <= 0.25 then after_days end) as third_quartile_days,
        min(case when coalesce(ci_low, survival) <= 0.5 then after_days end) as median_ci_low_days,
        min(case when ci_high <= 0.5 then after_days end) as median_ci_high_days
    from curves
    group by curve, dimension, dimension_value

)

select
    summed.curve,
    summed.dimension,
    summed.dimension_value,
    cast(summed.customers as integer) as customers,
    cast(summed.events as integer) as events,
    cast(summed.followed_days as integer) as followed_days,
    cast(summed.first_quartile_days as integer) as first_quartile_days,
    cast(summed.median_days as integer) as median_days,
    cast(summed.third_quartile_days as integer) as third_quartile_days,
    cast(summed.median_ci_low_days as integer) as median_ci_low_days,
    cast(summed.median_ci_high_days as integer) as median_ci_high_days,
    case when summed.median_days is null then 'not_reached' end as missing_reason,
    run_parameters.as_of_date
from summed
cross join run_parameters
