with check_results as (

    select * from {{ source('raw', 'check_results') }}

)

select
    as_of_date,
    entity,
    check_name,
    expectation,
    column_name,
    observed,
    threshold,
    passed,
    severity,
    checked_at
from check_results
