{# Groups of rows whose last row, by a column, does not hold to a condition: an ordered list that must end in a catch-all. #}
{% test last_row_is(model, group, order_by, condition) %}
select *
from (
    select
        *,
        rank() over (partition by {{ group | join(', ') }} order by {{ order_by }} desc) as place
    from {{ model }}
) as placed
where place = 1 and not coalesce(({{ condition }}), false)
{% endtest %}
