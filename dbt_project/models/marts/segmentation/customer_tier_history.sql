{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=[
        'month_end not in (select snapshot_on from intermediate.int_snapshot_dates where is_month_end and not is_rebuilt)'
    ],
    on_schema_change='fail'
) }}
{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}
{% set dates = ref('int_snapshot_dates') %}
{% set rows = tiers_by_scheme(schemes) %}

-- A large table that is read once per scheme is read by its name: engines copy a shared CTE.
with long as (

    {% if rows %}{{ stacked(
        '(select history.* from ' ~ history ~ ' as history where history.snapshot_on in (select dates.snapshot_on from '
        ~ dates ~ ' as dates where dates.is_month_end and dates.is_rebuilt)) as months',
        ['customer_id', 'snapshot_on'],
        rows
    ) }}{% endif %}

)

select
    customer_id,
    scheme,
    snapshot_on as month_end,
    tier,
    cast(tier_rank as integer) as tier_rank
from long
