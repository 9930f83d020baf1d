{# Days of a survival curve on which not just those are at risk who had not left, or survival is not the last row's times 1 - events / at_risk. #}
{% test survival_follows_from_its_counts(model) %}
{% set day_before = 'over (partition by curve, dimension, dimension_value order by day)' %}
select *
from (
    select
        *,
        lag(at_risk - events - censored) {{ day_before }} as left_over,
        coalesce(lag(survival) {{ day_before }}, 1) as survival_before
    from {{ model }}
) as followed
where
    (day > 0 and left_over is null)
    or left_over != at_risk
    or abs(survival - survival_before * (1 - cast(events as double) / at_risk)) > 0.00000001
{% endtest %}
