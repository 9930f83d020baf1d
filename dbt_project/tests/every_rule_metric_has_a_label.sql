-- Every metric that a rule may ask about has its English and Chinese name, code set rule_metric.
with metrics as (

    {% for metric in rule_metrics() -%}
    select {{ sql_text(metric) }} as metric
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select metrics.metric
from metrics
left join {{ ref('dim_labels') }} as labels on labels.code_set = 'rule_metric' and metrics.metric = labels.code
where labels.code is null
