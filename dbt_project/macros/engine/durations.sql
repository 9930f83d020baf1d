{# Whole minutes from one TIMESTAMP to another by the clock, cut off towards 0; null where either is. #}
{% macro minutes_between(from_instant, to_instant) -%}
    {{ return(adapter.dispatch('minutes_between', 'retention')(from_instant, to_instant)) }}
{%- endmacro %}

{% macro duckdb__minutes_between(from_instant, to_instant) -%}
    cast(datesub('minute', {{ from_instant }}, {{ to_instant }}) as integer)
{%- endmacro %}

{% macro spark__minutes_between(from_instant, to_instant) -%}
    cast(timestampdiff(minute, {{ from_instant }}, {{ to_instant }}) as int)
{%- endmacro %}
