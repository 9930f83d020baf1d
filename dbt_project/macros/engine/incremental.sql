{#
  Large facts and histories are changed in place on DuckDB and made anew elsewhere: Parquet tables know no delete. Whether
  a run may go on from the last release is decided before dbt starts (retention.warehouse.increment); models learn it
  from the run's parameters.
#}

{# How a large table is materialised on this engine. #}
{% macro changed_in_place() -%}
    {{ return('incremental' if target.type == 'duckdb' else 'table') }}
{%- endmacro %}

{# Whether this run goes on from the last release. False while the project is parsed, and in unit tests. #}
{% macro is_increment() -%}
    {% set parameters = source('raw', 'run_parameters') %}
    {% if not execute or target.type != 'duckdb' or model.resource_type == 'unit_test' %}{{ return(false) }}{% endif %}
    {% set found = run_query("select since_load_seq is not null as is_increment from " ~ parameters) %}
    {{ return(found.rows | length > 0 and found.rows[0].is_increment) }}
{%- endmacro %}

{#
  The incremental strategy `replace`: the rows that the model selects take the place of those with the same unique_key,
  where it has one, and of all rows that a predicate of incremental_predicates names (SQL over the target's columns).
  A row that holds as_of_date describes that day, changed or not.
#}
{% macro get_incremental_replace_sql(arguments) -%}
    {% set target_relation = arguments["target_relation"] %}
    {% set temporary = arguments["temp_relation"] %}
    {% set columns = arguments["dest_columns"] | map(attribute="quoted") | join(", ") %}
    {% set names = arguments["dest_columns"] | map(attribute="name") | list %}
    {% set gone = arguments["incremental_predicates"] or [] %}
    {% set key = arguments["unique_key"] %}
    {% if not is_increment() %}
        {% set gone = ["true"] %}
    {% elif key %}
        {% set gone = gone + [key ~ " in (select " ~ key ~ " from " ~ temporary ~ ")"] %}
    {% endif %}
    delete from {{ target_relation }} where {{ gone | join(" or ") }};
    insert into {{ target_relation }} ({{ columns }}) select {{ columns }} from {{ temporary }};
    {% if "as_of_date" in names -%}
    update {{ target_relation }}
    set as_of_date = (select as_of_date from {{ source('raw', 'run_parameters') }})
    where as_of_date != (select as_of_date from {{ source('raw', 'run_parameters') }});
    {%- endif %}
{%- endmacro %}
