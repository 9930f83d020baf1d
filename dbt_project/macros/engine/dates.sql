{# Date arithmetic that engines write differently. Every macro takes and gives DATE expressions. #}

{# The day n months from a day; the last day of a shorter month where the day is missing there (03-31 minus 1 is 02-28). #}
{% macro add_months(day, months) -%}
    {{ return(adapter.dispatch('add_months', 'retention')(day, months)) }}
{%- endmacro %}

{% macro duckdb__add_months(day, months) -%}
    cast({{ day }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__add_months(day, months) -%}
    add_months({{ day }}, {{ months }})
{%- endmacro %}

{# The day n days from a day. #}
{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days', 'retention')(day, days)) }}
{%- endmacro %}

{% macro duckdb__add_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, cast({{ days }} as int))
{%- endmacro %}

{# Whole days from one day to another. #}
{% macro days_between(from_day, to_day) -%}
    {{ return(adapter.dispatch('days_between', 'retention')(from_day, to_day)) }}
{%- endmacro %}

{% macro duckdb__days_between(from_day, to_day) -%}
    cast(date_diff('day', {{ from_day }}, {{ to_day }}) as integer)
{%- endmacro %}

{% macro spark__days_between(from_day, to_day) -%}
    datediff({{ to_day }}, {{ from_day }})
{%- endmacro %}

{# The first day of a day's month. #}
{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{# The first day of a day's quarter. #}
{% macro quarter_start(day) -%}
    cast(date_trunc('quarter', {{ day }}) as date)
{%- endmacro %}

{# Months from one day's month to another's, whatever the days: 01-31 to 02-01 is 1. #}
{% macro months_apart(from_day, to_day) -%}
    cast(
        (extract(year from {{ to_day }}) - extract(year from {{ from_day }})) * 12
        + extract(month from {{ to_day }}) - extract(month from {{ from_day }})
        as integer
    )
{%- endmacro %}

{# One row a day, column date_day, from the first to the last day of a relation's two DATE columns. #}
{% macro day_spine(relation, first_day, last_day) -%}
    {{ return(adapter.dispatch('day_spine', 'retention')(relation, first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__day_spine(relation, first_day, last_day) -%}
    select cast(unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day)) as date) as date_day
    from {{ relation }}
{%- endmacro %}

{% macro spark__day_spine(relation, first_day, last_day) -%}
    select explode(sequence({{ first_day }}, {{ last_day }}, interval 1 day)) as date_day
    from {{ relation }}
{%- endmacro %}

{# The day of the week as ISO numbers it: Monday 1 to Sunday 7. #}
{% macro iso_weekday(day) -%}
    {{ return(adapter.dispatch('iso_weekday', 'retention')(day)) }}
{%- endmacro %}

{% macro duckdb__iso_weekday(day) -%}
    cast(isodow({{ day }}) as integer)
{%- endmacro %}

{% macro spark__iso_weekday(day) -%}
    (weekday({{ day }}) + 1)
{%- endmacro %}

{# The Monday of a day's week; weeks are named by it. #}
{% macro week_start(day) -%}
    {{ add_days(day, '1 - ' ~ iso_weekday(day)) }}
{%- endmacro %}
