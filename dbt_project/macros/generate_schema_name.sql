{# Schemas are named as configured (marts, staging, ...), not prefixed with the target's: readers know them by these names. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
