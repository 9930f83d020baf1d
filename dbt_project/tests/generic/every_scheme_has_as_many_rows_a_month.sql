{# Month-ends at which the schemes do not hold equally many customers: one stands in two tiers of a scheme, or in none. #}
{% test every_scheme_has_as_many_rows_a_month(model) %}
select month_end
from (
    select month_end, scheme, count(*) as customers
    from {{ model }}
    group by month_end, scheme
) as counted
group by month_end
having min(customers) != max(customers) or count(*) != (select count(distinct scheme) from {{ ref('customer_tiers') }})
{% endtest %}
