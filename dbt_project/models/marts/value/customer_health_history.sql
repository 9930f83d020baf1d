with scores as (

    select
        customer_id,
        snapshot_on,
        score,
        band,
        not is_active as is_churned
    from {{ ref('int_health_scores') }}
    where is_month_end and score is not null

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

)

select
    scores.customer_id,
    scores.snapshot_on as month_end,
    scores.score,
    scores.band,
    scores.is_churned,
    run_parameters.as_of_date
from scores
cross join run_parameters
