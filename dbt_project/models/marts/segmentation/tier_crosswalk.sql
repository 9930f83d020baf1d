{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set tiers = tier_columns(schemes) %}
{% set rows = tiers_by_pair(schemes) %}

with as_of_day as (

    select * from {{ ref('int_snapshot_dates') }}
    where is_as_of

),

-- Customers share a few thousand combinations of tiers: these are counted once, for all pairs of schemes.
combinations as (

    select
        as_of_day.snapshot_on,
        {% for tier in tiers %}
        history.{{ tier }},
        {% endfor %}
        count(*) as customers
    from {{ ref('int_tier_history') }} as history
    inner join as_of_day on history.snapshot_on = as_of_day.snapshot_on
    group by
        {% for tier in tiers %}
        history.{{ tier }},
        {% endfor %}
        as_of_day.snapshot_on

),

paired as (

    {% if rows %}
    {{ stacked('combinations', ['snapshot_on', 'customers'], rows) }}
    {% else %}
    -- One scheme alone has none to be held against.
    select
        combinations.*,
        'none' as scheme_a,
        'none' as tier_a,
        0 as tier_rank_a,
        'none' as scheme_b,
        'none' as tier_b,
        0 as tier_rank_b
    from combinations
    where false
    {% endif %}

),

counted as (

    select
        scheme_a,
        tier_a,
        min(tier_rank_a) as tier_rank_a,
        scheme_b,
        tier_b,
        min(tier_rank_b) as tier_rank_b,
        sum(customers) as customers,
        snapshot_on
    from paired
    group by scheme_a, tier_a, scheme_b, tier_b, snapshot_on

)

select
    scheme_a,
    tier_a,
    cast(tier_rank_a as integer) as tier_rank_a,
    scheme_b,
    tier_b,
    cast(tier_rank_b as integer) as tier_rank_b,
    cast(customers as integer) as customers,
    cast(customers as double)
    / cast(sum(customers) over (partition by scheme_a, tier_a, scheme_b) as double) as share_of_tier_a,
    snapshot_on as as_of_date
from counted
