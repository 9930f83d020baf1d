{{ config(materialized='view') }}
{% set rows = factor_rows('health_factors') %}

with signals as (

    select * from {{ ref('int_customer_signals') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

factors as (

    select
        {% for row in rows -%}
        {{ factor_score(row, 'signals') }} as {{ row.factor }}_score,
        {% endfor -%}
        signals.customer_id,
        signals.snapshot_on,
        signals.is_as_of,
        signals.is_month_end,
        signals.is_active
    from signals

),

weighed as (

    select
        *,
        {{ weight_of_factors(rows) }} as weight_sum,
        {{ missing_factors(rows) }} as missing_factors
    from factors

),

scored as (

    select
        *,
        {{ rounded('100 * (' ~ sum_of_factors(rows) ~ ') / weight_sum', 4) }} as score
    from weighed

),

banded as (

    select
        scored.*,
        case
            when scored.score is not null and not scored.is_active then 'red'
            when scored.score >= profile.health_green_from then 'green'
            when scored.score >= profile.health_yellow_from then 'yellow'
            when scored.score is not null then 'red'
        end as band
    from scored
    cross join profile

)

select * from banded
