{# Groups of rows of which none holds to a condition. #}
{% test every_group_has(model, group, condition) %}
select {{ group | join(', ') }}, count(*) as row_count
from {{ model }}
group by {{ group | join(', ') }}
having max(case when {{ condition }} then 1 else 0 end) = 0
{% endtest %}
