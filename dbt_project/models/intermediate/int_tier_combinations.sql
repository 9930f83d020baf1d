{% set tiers = tier_columns(rule_rows('tier_rules') | map(attribute='scheme') | unique | list) %}

with pairs as (

    select * from {{ ref('int_migration_pairs') }}
    where is_rebuilt

),

held as (

    select distinct {{ tiers | join(', ') }}
    from {{ ref('int_tier_history') }}
    where
        snapshot_on in (select pairs.from_month_end from pairs)
        or snapshot_on in (select pairs.to_month_end from pairs)

),

numbered as (

    select
        *,
        cast(row_number() over (order by {{ tiers | join(', ') }}) as integer) as combination
    from held

)

select * from numbered
