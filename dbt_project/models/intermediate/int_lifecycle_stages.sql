{% set rules = lifecycle_rule_rows() %}
{% set measures = [
    'customer_id',
    'replay_on',
    'is_as_of',
    'customer_type',
    'strategic_label',
    'first_purchase_on',
    'last_purchase_on',
    'purchase_days_lifetime',
    'last_activity_on',
    'own_cadence_days',
    'age_days',
    'recency_days',
    'days_since_last_activity',
    'cadence_ratio',
    'spend_change_rate',
] %}
{# Each axis sees the answers of those before it, the displayed stage last. #}
{% set axes = [
    ('lifecycle_age', 'age_stage', 'age'),
    ('lifecycle_activity', 'activity_state', 'activity'),
    ('lifecycle_curve', 'curve_stage', 'curve'),
    ('lifecycle_stage', 'lifecycle_stage', 'stage'),
] %}
{% set known = measures | list %}

with customer_days as (

    select * from {{ ref('int_lifecycle_metrics') }}

),
{% for scheme, column, name in axes %}
{{ name }}_matched as (

    {{ first_match('customer_days' if loop.first else axes[loop.index0 - 1][2] ~ '_judged', scheme, rules, known) }}

),

{{ name }}_judged as (

    select
        {{ known | join(',\n        ') }},
        tier as {{ column }},
        rule_id as {{ name }}_rule_id,
        reason as {{ name }}_reason
    from {{ name }}_matched

){% if not loop.last %},{% endif %}
{% do known.extend([column, name ~ '_rule_id', name ~ '_reason']) %}
{% endfor %}

select * from stage_judged
