-- A stand-in of the board's history, without rows, until the board is merged: the columns of its contract.
select
    cast(null as {{ dbt.type_string() }}) as metric,
    as_of_date as metric_date,
    cast(null as double) as {{ quoted('value') }},
    cast(null as double) as target_value,
    false as is_abnormal,
    as_of_date
from {{ source('raw', 'run_parameters') }}
where false
