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

{# The values of a group as an array, in an order without ties; nulls are left out. #}
{% macro values_in_order(expression, order) -%}
    {{ return(adapter.dispatch('values_in_order', 'retention')(expression, order)) }}
{%- endmacro %}

{% macro duckdb__values_in_order(expression, order) -%}
    list({{ expression }} order by {{ order }}) filter (where {{ expression }} is not null)
{%- endmacro %}

{% macro spark__values_in_order(expression, order) -%}
    transform(
        array_sort(collect_list(
            case when {{ expression }} is not null then struct({{ order }} as place, {{ expression }} as value) end
        )),
        placed -> placed.value
    )
{%- endmacro %}

{# Median of the first values of an array of whole numbers, `number` of them; null of none. #}
{% macro median_of_first(number, values) -%}
    {{ return(adapter.dispatch('median_of_first', 'retention')(number, values)) }}
{%- endmacro %}

{% macro duckdb__median_of_first(number, values) -%}
    cast(list_aggregate({{ values }}[1:{{ number }}], 'median') as double)
{%- endmacro %}

{% macro spark__median_of_first(number, values) -%}
    case
        when {{ number }} > 0
            then (
                element_at(array_sort(slice({{ values }}, 1, {{ number }})), cast(({{ number }} + 1) div 2 as int))
                + element_at(array_sort(slice({{ values }}, 1, {{ number }})), cast({{ number }} div 2 + 1 as int))
            ) / cast(2 as double)
    end
{%- endmacro %}

{# Median of a group's values up to each row, in an order without ties, null first; nulls are left out, none gives null. #}
{% macro running_median(expression, group, order) -%}
    {{ return(adapter.dispatch('running_median', 'retention')(expression, group, order)) }}
{%- endmacro %}

{% macro duckdb__running_median(expression, group, order) -%}
    cast(
        median({{ expression }}) over (
            partition by {{ group }} order by {{ order }} nulls first rows between unbounded preceding and current row
        ) as double
    )
{%- endmacro %}

{% macro spark__running_median(expression, group, order) -%}
    cast(
        percentile({{ expression }}, 0.5) over (
            partition by {{ group }} order by {{ order }} nulls first rows between unbounded preceding and current row
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

{# The value with the highest measure in a group; of several the last in the order of their bytes. #}
{% macro top_value(value, measure) -%}
    {{ return(adapter.dispatch('top_value', 'retention')(value, measure)) }}
{%- endmacro %}

{% macro duckdb__top_value(value, measure) -%}
    arg_max({{ value }}, row({{ measure }}, {{ value }}))
{%- endmacro %}

{% macro spark__top_value(value, measure) -%}
    max_by({{ value }}, struct({{ measure }}, {{ value }}))
{%- endmacro %}

{# The different texts of a group, in the order of their bytes, as one text; nulls are left out, and none gives null. #}
{% macro joined_texts(expression, separator=',') -%}
    {{ return(adapter.dispatch('joined_texts', 'retention')(expression, separator)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(expression, separator) -%}
    string_agg(distinct {{ expression }}, '{{ separator }}' order by {{ expression }})
{%- endmacro %}

{% macro spark__joined_texts(expression, separator) -%}
    nullif(array_join(array_sort(collect_set({{ expression }})), '{{ separator }}'), '')
{%- endmacro %}

{# The texts of a group as one text, in an order without ties; nulls are left out, and none gives null. #}
{% macro joined_in_order(expression, order, separator=',') -%}
    {{ return(adapter.dispatch('joined_in_order', 'retention')(expression, order, separator)) }}
{%- endmacro %}

{% macro duckdb__joined_in_order(expression, order, separator) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order }})
{%- endmacro %}

{% macro spark__joined_in_order(expression, order, separator) -%}
    nullif(array_join({{ spark__values_in_order(expression, order) }}, '{{ separator }}'), '')
{%- endmacro %}
