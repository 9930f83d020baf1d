{#
  A SELECT that makes several rows out of each row of a relation. DuckDB reads a CTE once however many read it; Spark puts
  its text in the place of every reader, so there the relation is read once and its rows are unfolded.

  kept: columns that every new row keeps.
  rows: the new rows; a list of dictionaries of the same keys, SQL by column name.
#}
{% macro stacked(relation, kept, rows) -%}
    {{ return(adapter.dispatch('stacked', 'retention')(relation, kept, rows)) }}
{%- endmacro %}

{% macro duckdb__stacked(relation, kept, rows) -%}
    {% for row in rows -%}
    select
        {{ kept | join(', ') }},
        {% for name, expression in row.items() -%}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{% macro spark__stacked(relation, kept, rows) -%}
    {% if not rows %}{{ return("") }}{% endif %}
    select
        {{ kept | join(', ') }},
        {% for name in rows[0] -%}
        unfolded.{{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ relation }}
    lateral view inline(array(
        {% for row in rows -%}
        struct(
            {%- for name, expression in row.items() %}{{ expression }} as {{ name }}{{ ', ' if not loop.last }}{% endfor -%}
        ){{ ',' if not loop.last }}
        {% endfor -%}
    )) unfolded as {{ rows[0].keys() | join(', ') }}
{%- endmacro %}

{#
  How a CTE is told to be worked out once, before what reads it: `step as {{ worked_out() }} (...)`. DuckDB plans a chain
  of steps as one, and the time that this takes doubles with each (20 windows: 7 s on 40 rows). Spark has no such word.
#}
{% macro worked_out() -%}
    {{ return(adapter.dispatch('worked_out', 'retention')()) }}
{%- endmacro %}

{% macro duckdb__worked_out() -%}
    materialized
{%- endmacro %}

{% macro spark__worked_out() -%}
{%- endmacro %}

{# A boolean that never is: where it is worked out the statement ends, with this text as its error. #}
{% macro stopped(text) -%}
    {{ return(adapter.dispatch('stopped', 'retention')(text)) }}
{%- endmacro %}

{% macro duckdb__stopped(text) -%}
    cast(error({{ text }}) as boolean)
{%- endmacro %}

{% macro spark__stopped(text) -%}
    cast(raise_error({{ text }}) as boolean)
{%- endmacro %}
