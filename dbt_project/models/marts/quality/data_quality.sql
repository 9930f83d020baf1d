-- The shape only: results are known when the build has ended, and the audit writes them.
with run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

)

select
    as_of_date,
    cast(null as {{ dbt.type_string() }}) as entity,
    cast(null as {{ dbt.type_string() }}) as {{ quoted('check') }},
    cast(null as {{ dbt.type_string() }}) as expectation,
    cast(null as {{ dbt.type_string() }}) as {{ quoted('column') }},
    cast(null as {{ dbt.type_string() }}) as observed,
    cast(null as {{ dbt.type_string() }}) as threshold,
    cast(null as boolean) as passed,
    cast(null as {{ dbt.type_string() }}) as severity,
    cast(null as timestamp) as checked_at
from run_parameters
where false
