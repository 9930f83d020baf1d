{% set metrics = ref('int_customer_metrics') %}
{% set rules = rule_rows('tier_rules') %}
{% set schemes = rules | map(attribute='scheme') | unique | list %}

{% for scheme in schemes %}
{{ first_match(metrics, scheme, rules, ['customer_id', 'snapshot_on', 'is_as_of']) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
