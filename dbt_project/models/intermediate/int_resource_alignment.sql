{% set tier_schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}
{% set scores = ref('int_customer_scores') %}

with months as (

    select * from {{ ref('int_program_months') }}

),

budgets as (

    {{ profile_rows(ref('resource_budgets'), 'rule_rows.scheme') }}

),

-- A row without a quarter stands for every quarter that has none of its own.
budgeted as (

    select
        months.month_start,
        budgets.scheme,
        budgets.tier,
        budgets.budget
    from months
    inner join budgets
        on
            coalesce(budgets.quarter_start, {{ quarter_start('months.month_start') }})
            = {{ quarter_start('months.month_start') }}
    qualify row_number() over (
        partition by months.month_start, budgets.scheme, budgets.tier
        order by case when budgets.quarter_start is null then 1 else 0 end
    ) = 1

),

schemes as (

    select distinct scheme from budgeted

),

-- A large table that is read once per scheme is read by its name: engines copy a shared CTE.
held as (

    {{ stacked(
        '(select history.* from ' ~ history ~ ' as history where history.snapshot_on in (select months.closing_on'
        ~ ' from months)) as closings',
        ['customer_id', 'snapshot_on'],
        tiers_by_scheme(tier_schemes)
    ) }}

),

valued as (

    select
        months.month_start,
        held.scheme,
        held.tier,
        sum(scores.monetary_12m) as revenue_12m
    from held
    inner join months on held.snapshot_on = months.closing_on
    inner join {{ scores }} as scores
        on held.customer_id = scores.customer_id and held.snapshot_on = scores.snapshot_on
    where held.scheme in (select schemes.scheme from schemes)
    group by months.month_start, held.scheme, held.tier

),

tiers_of_months as (

    select
        month_start,
        scheme,
        tier
    from budgeted
    union distinct
    select
        valued.month_start,
        valued.scheme,
        valued.tier
    from valued
    inner join budgeted on valued.month_start = budgeted.month_start and valued.scheme = budgeted.scheme

),

shared as (

    select
        tiers_of_months.month_start,
        tiers_of_months.scheme,
        cast(coalesce(budgeted.budget, 0) as double)
        / nullif(cast(sum(coalesce(budgeted.budget, 0)) over (
            partition by tiers_of_months.month_start, tiers_of_months.scheme
        ) as double), 0) as budget_share,
        cast(coalesce(valued.revenue_12m, 0) as double)
        / nullif(cast(sum(coalesce(valued.revenue_12m, 0)) over (
            partition by tiers_of_months.month_start, tiers_of_months.scheme
        ) as double), 0) as value_share
    from tiers_of_months
    left join budgeted
        on
            tiers_of_months.month_start = budgeted.month_start
            and tiers_of_months.scheme = budgeted.scheme
            and tiers_of_months.tier = budgeted.tier
    left join valued
        on
            tiers_of_months.month_start = valued.month_start
            and tiers_of_months.scheme = valued.scheme
            and tiers_of_months.tier = valued.tier

),

-- What lies in the same tier on both sides; decimals, so that the order of the tiers changes nothing.
overlaid as (

    select
        month_start,
        scheme,
        sum({{ to_decimal('least(budget_share, value_share)', 18, 12) }}) as aligned_share
    from shared
    where budget_share is not null and value_share is not null
    group by month_start, scheme

),

-- Plans of several schemes count alike.
aligned as (

    select
        month_start,
        cast(sum(aligned_share) as double) / count(*) as aligned_share,
        count(*) as schemes
    from overlaid
    group by month_start

),

budgeted_months as (

    select distinct month_start from budgeted

),

known as (

    select
        months.month_start,
        budgeted_months.month_start is not null as is_budgeted,
        aligned.aligned_share
    from months
    left join budgeted_months on months.month_start = budgeted_months.month_start
    left join aligned on months.month_start = aligned.month_start

)

select * from known
