{# A number as text with a fixed count of decimals, the same on every engine. #}
{% macro as_text(number, decimals=2) -%}
    cast({{ to_decimal(number, 18, decimals) }} as {{ dbt.type_string() }})
{%- endmacro %}

{# A column name that is a reserved word. #}
{% macro quoted(name) -%}
    {{ return(adapter.dispatch('quoted', 'retention')(name)) }}
{%- endmacro %}

{% macro duckdb__quoted(name) -%}
    "{{ name }}"
{%- endmacro %}

{% macro spark__quoted(name) -%}
    `{{ name }}`
{%- endmacro %}
