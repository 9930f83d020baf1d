{# Medians that engines write differently. A median of an even count is the mean of the two middle values. #}

{# Median of a group; nulls are left out. #}
{% macro median(expression) -%}
    {{ return(adapter.dispatch('median', 'retention')(expression)) }}
{%- endmacro %}

{% macro duckdb__median(expression) -%}
    cast(median({{ expression }}) as double)
{%- endmacro %}

{% macro spark__median(expression) -%}
    cast(percentile({{ expression }}, 0.5) as double)
{%- endmacro %}

{# Median of a partition's rows up to the current one, in an order without ties; nulls are left out. #}
{% macro running_median(expression, partition, order) -%}
    {{ return(adapter.dispatch('running_median', 'retention')(expression, partition, order)) }}
{%- endmacro %}

{% macro duckdb__running_median(expression, partition, order) -%}
    cast(
        median({{ expression }}) over (
            partition by {{ partition }} order by {{ order }} rows between unbounded preceding and current row
        ) as double
    )
{%- endmacro %}

{% macro spark__running_median(expression, partition, order) -%}
    cast(
        percentile({{ expression }}, 0.5) over (
            partition by {{ partition }} order by {{ order }} rows between unbounded preceding and current row
        ) as double
    )
{%- endmacro %}
