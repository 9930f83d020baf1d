{# Groups whose values of a dimension do not add up to the row of dimension `all`, in any of the summed columns. #}
{% test dimensions_add_up_to_all(model, group, summed) %}
{% set keys = group | join(', ') %}
with parts as (

    select
        {{ keys }},
        dimension,
        {% for column in summed -%}
        sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ model }}
    where dimension != 'all'
    group by {{ keys }}, dimension

),

totals as (

    select {{ keys }}, {{ summed | join(', ') }}
    from {{ model }}
    where dimension = 'all'

)

select parts.*
from parts
left join totals
    on
        {% for key in group -%}
        parts.{{ key }} = totals.{{ key }}{{ ' and' if not loop.last }}
        {% endfor %}
where not coalesce({% for column in summed %}parts.{{ column }} = totals.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}, false)
{% endtest %}
