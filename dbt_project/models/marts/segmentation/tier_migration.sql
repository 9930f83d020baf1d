{% set kept = '(select from_month_end, to_month_end from intermediate.int_migration_pairs where not is_rebuilt)' %}
{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['(from_month_end, to_month_end) not in ' ~ kept],
    on_schema_change='fail'
) }}
{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set customers = ref('int_customer_combinations') %}
{% set tiers = tier_columns(schemes) %}
{% set rows = moves_by_scheme(schemes) %}

with pairs as (

    select * from {{ ref('int_migration_pairs') }}
    where is_rebuilt

),

combinations as (

    select * from {{ ref('int_tier_combinations') }}

),

-- A large table that is read twice is read by its name: engines copy a shared CTE, and join copies in a bad order.
-- Whoever stands in a month-end stands in every later one: nobody leaves the history but by being merged, which takes a
-- customer out of all of it.
moves as (

    select
        pairs.from_month_end,
        pairs.to_month_end,
        pairs.span_months,
        opened.combination as from_combination,
        closed.combination as to_combination,
        count(*) as customers
    from pairs
    inner join {{ customers }} as closed on pairs.to_month_end = closed.snapshot_on
    left join {{ customers }} as opened
        on closed.customer_id = opened.customer_id and pairs.from_month_end = opened.snapshot_on
    group by
        pairs.from_month_end,
        pairs.to_month_end,
        pairs.span_months,
        opened.combination,
        closed.combination

),

described as (

    select
        moves.from_month_end,
        moves.to_month_end,
        moves.span_months,
        moves.customers,
        {% for tier in tiers %}
        opened.{{ tier }} as from_{{ tier }},
        closed.{{ tier }} as to_{{ tier }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from moves
    inner join combinations as closed on moves.to_combination = closed.combination
    left join combinations as opened on moves.from_combination = opened.combination

),

by_scheme as (

    {% if rows %}
    {{ stacked('described', ['from_month_end', 'to_month_end', 'span_months', 'customers'], rows) }}
    {% endif %}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

)

select
    by_scheme.scheme,
    by_scheme.from_month_end,
    by_scheme.to_month_end,
    cast(by_scheme.span_months as integer) as span_months,
    coalesce(by_scheme.from_tier, 'entered') as from_tier,
    cast(min(by_scheme.from_tier_rank) as integer) as from_tier_rank,
    by_scheme.to_tier,
    cast(min(by_scheme.to_tier_rank) as integer) as to_tier_rank,
    cast(sum(by_scheme.customers) as integer) as customers,
    run_parameters.as_of_date
from by_scheme
cross join run_parameters
group by
    by_scheme.scheme,
    by_scheme.from_month_end,
    by_scheme.to_month_end,
    by_scheme.span_months,
    coalesce(by_scheme.from_tier, 'entered'),
    by_scheme.to_tier,
    run_parameters.as_of_date
