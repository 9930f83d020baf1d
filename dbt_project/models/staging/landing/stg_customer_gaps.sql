{% set versions = source('raw', 'customers') %}

with newest as (

    {{ newest_version('customers', ['customer_id'], has_updated_at=true) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

known_by_then as (

    select newest.*
    from newest
    cross join run_parameters
    where newest.registered_at is null or cast(newest.registered_at as date) <= run_parameters.as_of_date

),

-- Each profile stands here once without a column: a merged customer lacks what all its profiles lack.
gaps as (

    select
        customer_id,
        cast(null as {{ dbt.type_string() }}) as column_name
    from known_by_then
    {% for entity in completeness_asked('customers') -%}
    {% for column in entity.columns -%}
    union all
    select
        customer_id,
        '{{ column.column_name }}' as column_name
    from known_by_then
    where {{ column.raw_column }} is null
    {% endfor -%}
    {% endfor %}

)

select * from gaps
