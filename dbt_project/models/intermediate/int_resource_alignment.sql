{% set tier_schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set tiers = [] %}
{% for scheme in tier_schemes %}
{% do tiers.append({'scheme': sql_text(scheme), 'tier': 'tier_' ~ loop.index}) %}
{% endfor %}
{% set history = ref('int_tier_history') %}
{% set scores = ref('int_customer_scores') %}

with months as (

    select * from {{ ref('int_program_months') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

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

-- Added up by all schemes' tiers at once, then told apart: the history is read once. Spend is kept of the as-of day
-- alone: an increment works out no former day's.
combined as (

    select
        history.snapshot_on,
        {% for scheme in tier_schemes %}
        history.tier_{{ loop.index }},
        {% endfor %}
        sum(scores.monetary_12m) as revenue_12m
    from {{ history }} as history
    inner join {{ scores }} as scores
        on history.customer_id = scores.customer_id and history.snapshot_on = scores.snapshot_on
    where
        history.snapshot_on in (select run_parameters.as_of_date from run_parameters)
        and (select count(*) from schemes) > 0
    group by
        {% for scheme in tier_schemes %}
        history.tier_{{ loop.index }},
        {% endfor %}
        history.snapshot_on

),

held as (

    {{ stacked('combined', ['snapshot_on', 'revenue_12m'], tiers) }}

),

valued as (

    select
        months.month_start,
        held.scheme,
        held.tier,
        sum(held.revenue_12m) as revenue_12m
    from held
    inner join months on held.snapshot_on = months.closing_on
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
        months.closing_on = run_parameters.as_of_date as is_kept,
        case when months.closing_on = run_parameters.as_of_date then aligned.aligned_share end as aligned_share
    from months
    cross join run_parameters
    left join budgeted_months on months.month_start = budgeted_months.month_start
    left join aligned on months.month_start = aligned.month_start

)

select * from known
