{#
  Contracts on Spark. The contracts name DuckDB's types; Parquet tables on Spark know no constraints. So the types are
  named as Spark names them, and what must not be null is looked for in the table that was built.
#}

{# A type of a contract or a seed as the engine names it. #}
{% macro engine_type(name) -%}
    {{ return(adapter.dispatch('engine_type', 'retention')(name)) }}
{%- endmacro %}

{% macro default__engine_type(name) -%}
    {{ return(name) }}
{%- endmacro %}

{% macro spark__engine_type(name) -%}
    {% set plain = name | trim | lower %}
    {{ return({"varchar": "string", "timestamp": "timestamp_ntz"}.get(plain, plain)) }}
{%- endmacro %}

{# Replaces dbt's: the empty row that a model's columns are compared with. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    select
    {% for column in columns.values() %}
        cast(null as {{ engine_type(column.data_type) }}) as {{ adapter.quote(column.name) }}{{ "," if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# Replaces dbt's, which adds constraints to Delta tables only. #}
{% macro spark__persist_constraints(relation, model) -%}
    {% if not config.get('contract').enforced %}{{ return('') }}{% endif %}
    {% set required = [] %}
    {% for column in model.columns.values() %}
        {% for constraint in column.constraints if constraint.type == 'not_null' %}
            {% do required.append(column.name) %}
        {% endfor %}
    {% endfor %}
    {% if not required %}{{ return('') }}{% endif %}
    {% set query %}
        select
        {% for name in required %}
            count(*) - count({{ adapter.quote(name) }}) as {{ adapter.quote(name) }}{{ "," if not loop.last }}
        {% endfor %}
        from {{ relation }}
    {% endset %}
    {% set missing = run_query(query).rows[0] %}
    {% for name in required %}
        {% if missing[loop.index0] > 0 %}
            {{ exceptions.raise_compiler_error(
                "Column " ~ name ~ " of " ~ relation ~ " is null in " ~ missing[loop.index0]
                ~ " rows; its contract says not_null."
            ) }}
        {% endif %}
    {% endfor %}
{%- endmacro %}
