{# Whether two values differ; null differs from every value and not from null. #}
{% macro differs(left, right) -%}
    not coalesce({{ left }} = {{ right }}, {{ left }} is null and {{ right }} is null)
{%- endmacro %}

{# A 64-bit hash of a key's columns; equal keys have equal hashes, and seldom do others. #}
{% macro key_hash(columns, relation) -%}
    {{ return(adapter.dispatch('key_hash', 'retention')(columns, relation)) }}
{%- endmacro %}

{% macro duckdb__key_hash(columns, relation) -%}
    hash({{ relation }}.{{ columns | join(', ' ~ relation ~ '.') }})
{%- endmacro %}

{% macro spark__key_hash(columns, relation) -%}
    xxhash64({{ relation }}.{{ columns | join(', ' ~ relation ~ '.') }})
{%- endmacro %}
