{# Aggregates that engines write differently. A median of an even count is the mean of the two middle values. #}

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

{# Several quantiles of a group in one pass, between two values by the share of the way (type 7); nulls are left out. #}
{% macro quantiles(expression, shares) -%}
    {{ return(adapter.dispatch('quantiles', 'retention')(expression, shares)) }}
{%- endmacro %}

{% macro duckdb__quantiles(expression, shares) -%}
    quantile_cont({{ expression }}, [{{ shares | join(', ') }}])
{%- endmacro %}

{% macro spark__quantiles(expression, shares) -%}
    percentile({{ expression }}, array({{ shares | join(', ') }}))
{%- endmacro %}

{# One of the quantiles that the macro above gives, counted from 1. #}
{% macro nth_quantile(quantiles, number) -%}
    {{ return(adapter.dispatch('nth_quantile', 'retention')(quantiles, number)) }}
{%- endmacro %}

{% macro duckdb__nth_quantile(quantiles, number) -%}
    {{ quantiles }}[{{ number }}]
{%- endmacro %}

{% macro spark__nth_quantile(quantiles, number) -%}
    element_at({{ quantiles }}, {{ number }})
{%- endmacro %}

{# The value of the latest of a group's rows; rows without a day or without a value are left out. #}
{% macro latest_value(value, day) -%}
    {{ return(adapter.dispatch('latest_value', 'retention')(value, day)) }}
{%- endmacro %}

{% macro duckdb__latest_value(value, day) -%}
    arg_max({{ value }}, {{ day }})
{%- endmacro %}

{% macro spark__latest_value(value, day) -%}
    max_by({{ value }}, case when {{ value }} is not null then {{ day }} end)
{%- endmacro %}
