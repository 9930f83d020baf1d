{#
  Rules that a table keeps, all in one node: dbt takes longer over a node than DuckDB over its rows. The error names every
  rule that is broken and in how many rows, or groups of rows.

  stands_once: by the rule's name, columns whose values together stand in one row alone.
  holds: by the rule's name, a boolean expression over a row that is true of all (null counts as not true).
#}
{% test keeps_its_rules(model, stands_once={}, holds={}) %}
with
{% if holds %}
counted as (
    select
        {% for expression in holds.values() -%}
        count(case when coalesce(({{ expression }}), false) then null else 1 end) as rule_{{ loop.index }}{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ model }}
),
{% endif %}
found as (
    {% for name, columns in stands_once.items() -%}
    select '{{ name }}' as rule, count(*) as row_count
    from (select 1 as one from {{ model }} group by {{ columns | join(', ') }} having count(*) > 1) as repeated
    {{ 'union all' if holds or not loop.last }}
    {% endfor -%}
    {% for name in holds -%}
    select '{{ name }}' as rule, rule_{{ loop.index }} as row_count from counted
    {{ 'union all' if not loop.last }}
    {% endfor %}
),
broken as (
    select {{ joined_texts("rule || ' is broken by ' || row_count", '; ') }} as rules
    from found
    where row_count > 0
)
select rules
from broken
where case when rules is not null then {{ stopped("rules") }} else false end
{% endtest %}
