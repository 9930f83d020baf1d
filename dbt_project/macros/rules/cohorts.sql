{#
  Cohorts (M2). What customers are split by stands in int_cohort_combinations, a column each; published tables are long.
#}

{# What customers are split by as they were acquired; names of columns of int_cohort_customers. #}
{% macro cohort_dimensions() -%}
    {{ return(["channel", "region", "acquisition_tier", "first_category", "first_campaign"]) }}
{%- endmacro %}

{# One row per dimension, for stacked(); dimension_value is null where a row is not split. #}
{% macro values_by_dimension(dimensions, with_all=true) -%}
    {% set rows = [] %}
    {% if with_all %}{% do rows.append({"dimension": "'all'", "dimension_value": "'all'"}) %}{% endif %}
    {% for dimension in dimensions %}
        {% do rows.append({"dimension": sql_text(dimension), "dimension_value": dimension}) %}
    {% endfor %}
    {{ return(rows) }}
{%- endmacro %}

{# One row per length of period, for stacked(): the periods of a customer's first and last purchase day. #}
{% macro periods_by_type(first_day, last_day) -%}
    {{ return([
        {
            "period_type": "'month'",
            "cohort_period": month_start(first_day),
            "last_period": month_start(last_day),
        },
        {
            "period_type": "'quarter'",
            "cohort_period": quarter_start(first_day),
            "last_period": quarter_start(last_day),
        },
        {
            "period_type": "'week'",
            "cohort_period": week_start(first_day),
            "last_period": week_start(last_day),
        },
    ]) }}
{%- endmacro %}

{# Periods from a cohort's own to another, both by their first day. #}
{% macro period_number(period_type, cohort_period, period) -%}
    case {{ period_type }}
        when 'week' then cast({{ days_between(cohort_period, period) }} / 7 as integer)
        when 'quarter' then cast({{ months_apart(cohort_period, period) }} / 3 as integer)
        else {{ months_apart(cohort_period, period) }}
    end
{%- endmacro %}

{# The number of the range of retention_brackets.csv that a count of days is in; null in none. Read when compiled. #}
{% macro bracket_of(days) -%}
    {% set brackets = seed_rows('retention_brackets', '1', ['bracket_number', 'from_days', 'until_days']) %}
    {% if not brackets %}{{ return("cast(null as integer)") }}{% endif %}
    case
        {%- for bracket in brackets %}
        when {{ days }} between {{ bracket.from_days }} and {{ bracket.until_days }} then {{ bracket.bracket_number }}
        {%- endfor %}
    end
{%- endmacro %}
