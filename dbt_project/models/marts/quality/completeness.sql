with weeks as (

    select * from {{ ref('int_completeness_weeks') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

)

select
    weeks.entity,
    weeks.column_name as {{ quoted('column') }},
    weeks.week_start,
    cast(weeks.row_count as bigint) as {{ quoted('rows') }},
    cast(weeks.missing_count as bigint) as missing,
    cast(weeks.row_count - weeks.missing_count as double) / nullif(weeks.row_count, 0) as completeness_rate,
    cast(weeks.threshold as double) as threshold,
    -- In whole numbers, so that 95 of 100 reach 0.95 on every engine.
    case
        when weeks.row_count > 0
            then (weeks.row_count - weeks.missing_count) * 1000000 >= weeks.row_count * weeks.threshold * 1000000
    end as is_met,
    weeks.missing_reason,
    run_parameters.as_of_date
from weeks
cross join run_parameters
