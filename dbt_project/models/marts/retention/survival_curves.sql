with curves as (

    select * from {{ ref('int_survival_curves') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

)

select
    curves.curve,
    curves.dimension,
    curves.dimension_value,
    cast(curves.after_days as integer) as {{ quoted('day') }},
    cast(curves.at_risk as integer) as at_risk,
    cast(curves.events as integer) as events,
    cast(curves.censored as integer) as censored,
    curves.survival,
    curves.ci_low,
    curves.ci_high,
    run_parameters.as_of_date
from curves
cross join profile
cross join run_parameters
where curves.after_days <= profile.survival_days
