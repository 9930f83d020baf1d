{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=[
        'snapshot_on not in (select snapshot_on from intermediate.int_snapshot_dates where not is_rebuilt)'
    ]
) }}
{% set rules = rule_rows('tier_rules') %}
{% set schemes = rules | map(attribute='scheme') | unique | list %}

with metrics as (

    select * from {{ ref('int_customer_metrics') }}

),

matched as (

    select
        {% for scheme in schemes %}
        {{ first_matching_group(rule_groups(scheme, rules)) }} as match_{{ loop.index }},
        {% endfor %}
        {% for metric in tier_metrics(rules) %}
        {{ metric }},
        {% endfor %}
        customer_id,
        snapshot_on,
        last_purchase_on
    from metrics

),

-- A scheme's columns carry its number among the schemes in the order of their names: a name need be no column's.
named as (

    select
        customer_id,
        snapshot_on,
        {% for scheme in schemes %}
        {% set groups = rule_groups(scheme, rules) %}
        {{ of_matching_group('match_' ~ loop.index, groups, 'tier') }} as tier_{{ loop.index }},
        {{ of_matching_group('match_' ~ loop.index, groups, 'rule_rank') }} as tier_rank_{{ loop.index }},
        {% endfor %}
        last_purchase_on
    from matched

)

select * from named
