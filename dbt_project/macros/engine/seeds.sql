{#
  Seeds on Spark. dbt-spark writes an empty field as the text 'None' and leaves apostrophes as they are; these two
  replace its macros. Column types are named as the seeds' own files name them (DuckDB's).
#}

{% macro spark__create_csv_table(model, agate_table) -%}
    {% set types = model['config'].get('column_types', {}) %}
    {% set sql %}
        create table {{ this.render() }} (
        {% for name in agate_table.column_names %}
            {{ adapter.quote(name) }} {{ engine_type(types.get(name, adapter.convert_type(agate_table, loop.index0))) }}
            {{- "," if not loop.last }}
        {% endfor %}
        )
        {{ file_format_clause() }}
    {% endset %}
    {% call statement('_') -%}
        {{ sql }}
    {%- endcall %}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark__load_csv_rows(model, agate_table) -%}
    {% set types = model['config'].get('column_types', {}) %}
    {% set sql %}
        insert into {{ this.render() }} values
        {% for row in agate_table.rows %}
            (
            {%- for name in agate_table.column_names -%}
                cast({{ spark_literal(row[name]) }} as
                {{ engine_type(types.get(name, adapter.convert_type(agate_table, loop.index0))) }})
                {{- ", " if not loop.last }}
            {%- endfor -%}
            ){{ "," if not loop.last }}
        {% endfor %}
    {% endset %}
    {% if agate_table.rows %}{% do adapter.add_query(sql, abridge_sql_log=True) %}{% endif %}
    {{ return(sql) }}
{%- endmacro %}

{# A value as Spark SQL writes it: a backslash is an escape there. #}
{% macro spark_literal(value) -%}
    {% if value is none %}{{ return('null') }}{% endif %}
    {{ return("'" ~ value | string | replace("\\", "\\\\") | replace("'", "\\'") ~ "'") }}
{%- endmacro %}

{# The line of a seed's CSV that a row comes from, where the engine keeps the order of rows; else null. #}
{% macro seed_line(relation) -%}
    {{ return(adapter.dispatch('seed_line', 'retention')(relation)) }}
{%- endmacro %}

{% macro duckdb__seed_line(relation) -%}
    {{ relation }}.rowid + 2
{%- endmacro %}

{% macro spark__seed_line(relation) -%}
    cast(null as bigint)
{%- endmacro %}
