{% set rules = rule_rows('tier_rules') %}
{% set schemes = rules | map(attribute='scheme') | unique | list %}

with metrics as (

    select * from {{ ref('int_customer_metrics') }}
    where is_as_of

)

{% for scheme in schemes %}
{{ first_match('metrics', scheme, rules, ['customer_id', 'snapshot_on']) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
