{# Groups of rows that disagree on a column. #}
{% test one_value_per_group(model, group, column) %}
select {{ group | join(', ') }}, count(distinct {{ column }}) as value_count
from {{ model }}
group by {{ group | join(', ') }}
having count(distinct {{ column }}) > 1
{% endtest %}
