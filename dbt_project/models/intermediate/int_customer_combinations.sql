{% set tiers = tier_columns(rule_rows('tier_rules') | map(attribute='scheme') | unique | list) %}

with pairs as (

    select * from {{ ref('int_migration_pairs') }}
    where is_rebuilt

),

combinations as (

    select * from {{ ref('int_tier_combinations') }}

),

numbered as (

    select
        history.customer_id,
        history.snapshot_on,
        combinations.combination
    from {{ ref('int_tier_history') }} as history
    inner join combinations
        on {{ tiers_equal('history', 'combinations', tiers) }}
    where
        history.snapshot_on in (select pairs.from_month_end from pairs)
        or history.snapshot_on in (select pairs.to_month_end from pairs)

)

select * from numbered
