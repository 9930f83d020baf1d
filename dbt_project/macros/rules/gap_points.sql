{# How far a rate stands from its target, in percentage points (0.92 against 0.95 is -3); negative is below. #}
{% macro gap_points(rate, target) -%}
    {{ rounded('(' ~ rate ~ ' - ' ~ target ~ ') * 100', 4) }}
{%- endmacro %}
