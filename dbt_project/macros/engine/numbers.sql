{#
  Rounding. The engines agree on rounding to whole numbers, and on decimals. They differ where a binary fraction stands
  for a decimal border: round(1.005, 2) and cast(1.005e0 as decimal(18, 2)) are 1.00 on DuckDB, which multiplies first,
  and 1.01 on Spark, which reads the shortest text of the number.
#}

{# A DOUBLE rounded to a count of decimals; halves go away from zero. #}
{% macro rounded(number, decimals) -%}
    (round(({{ number }}) * {{ 10 ** decimals }}) / {{ 10 ** decimals }})
{%- endmacro %}

{# A number as a DECIMAL, rounded where it has more decimals; halves go away from zero. #}
{% macro to_decimal(number, precision=18, scale=2) -%}
    {{ return(adapter.dispatch('to_decimal', 'retention')(number, precision, scale)) }}
{%- endmacro %}

{% macro duckdb__to_decimal(number, precision, scale) -%}
    cast({{ number }} as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}

{% macro spark__to_decimal(number, precision, scale) -%}
    cast(
        cast(round(({{ number }}) * {{ 10 ** scale }}) as decimal({{ precision + 2 }}, 0))
        * cast({{ "1e-" ~ scale }} as decimal({{ scale + 1 }}, {{ scale }}))
        as decimal({{ precision }}, {{ scale }})
    )
{%- endmacro %}

{# One row per whole number, in the named column, from the first to the last of a relation's two INTEGER columns. #}
{% macro number_spine(relation, first, last, name) -%}
    {{ return(adapter.dispatch('number_spine', 'retention')(relation, first, last, name)) }}
{%- endmacro %}

{% macro duckdb__number_spine(relation, first, last, name) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }})) as integer) as {{ name }}
    from {{ relation }}
{%- endmacro %}

{% macro spark__number_spine(relation, first, last, name) -%}
    select explode(sequence({{ first }}, {{ last }})) as {{ name }}
    from {{ relation }}
{%- endmacro %}
