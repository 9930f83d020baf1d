with budgets as (

    {{ profile_rows(ref('resource_budgets'), 'rule_rows.scheme') }}

),

distribution as (

    select * from {{ ref('tier_distribution') }}

),

tracked as (

    select * from {{ ref('target_tracking') }}
    where is_latest

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

quarters as (

    select {{ quarter_start('as_of_date') }} as quarter_start from run_parameters
    union all
    select {{ add_months(quarter_start('as_of_date'), 3) }} as quarter_start from run_parameters

),

-- A row without a quarter stands for every quarter that has none of its own.
budgeted as (

    select
        budgets.scheme,
        budgets.tier,
        quarters.quarter_start,
        budgets.budget,
        budgets.owner,
        budgets.purpose
    from budgets
    inner join quarters on coalesce(budgets.quarter_start, quarters.quarter_start) = quarters.quarter_start
    qualify row_number() over (
        partition by budgets.scheme, budgets.tier, quarters.quarter_start
        order by case when budgets.quarter_start is null then 1 else 0 end
    ) = 1

),

schemes as (

    select distinct
        scheme,
        quarter_start
    from budgeted

),

foretold as (

    select
        tiers.scheme,
        tiers.tier,
        sum(customer_value.clv_12m) as clv_12m
    from {{ ref('customer_tiers') }} as tiers
    inner join {{ ref('customer_value') }} as customer_value on tiers.customer_id = customer_value.customer_id
    where tiers.scheme in (select schemes.scheme from schemes)
    group by tiers.scheme, tiers.tier

),

-- Every tier that somebody holds, budgeted or not, and every budgeted tier, held or not.
tiers_of_schemes as (

    select
        schemes.scheme,
        distribution.tier,
        schemes.quarter_start
    from schemes
    inner join distribution on schemes.scheme = distribution.scheme
    union distinct
    select
        scheme,
        tier,
        quarter_start
    from budgeted

),

joined as (

    select
        tiers_of_schemes.scheme,
        tiers_of_schemes.tier,
        tiers_of_schemes.quarter_start,
        distribution.tier_rank,
        coalesce(distribution.customers, 0) as customers,
        coalesce(distribution.revenue_12m, 0) as revenue_12m,
        coalesce(foretold.clv_12m, 0) as clv_12m,
        coalesce(budgeted.budget, 0) as budget,
        budgeted.scheme is not null as is_budgeted,
        budgeted.owner,
        budgeted.purpose
    from tiers_of_schemes
    left join distribution
        on tiers_of_schemes.scheme = distribution.scheme and tiers_of_schemes.tier = distribution.tier
    left join foretold on tiers_of_schemes.scheme = foretold.scheme and tiers_of_schemes.tier = foretold.tier
    left join budgeted
        on
            tiers_of_schemes.scheme = budgeted.scheme
            and tiers_of_schemes.tier = budgeted.tier
            and tiers_of_schemes.quarter_start = budgeted.quarter_start

),

summed as (

    select
        *,
        sum(customers) over (partition by scheme, quarter_start) as all_customers,
        sum(budget) over (partition by scheme, quarter_start) as all_budget,
        sum(revenue_12m) over (partition by scheme, quarter_start) as all_revenue,
        sum(clv_12m) over (partition by scheme, quarter_start) as all_clv
    from joined

),

shared as (

    select
        *,
        cast(customers as double) / nullif(all_customers, 0) as customer_share,
        cast(budget as double) / nullif(cast(all_budget as double), 0) as budget_share,
        case
            when all_clv > 0 then cast(clv_12m as double) / cast(all_clv as double)
            when all_revenue > 0 then cast(revenue_12m as double) / cast(all_revenue as double)
        end as value_share,
        case when all_clv > 0 then 'clv_12m' when all_revenue > 0 then 'revenue_12m' end as value_basis
    from summed

),

compared as (

    select
        shared.*,
        {{ gap_points('shared.budget_share', 'shared.value_share') }} as share_gap_points,
        abs({{ gap_points('shared.budget_share', 'shared.value_share') }})
        > 100 * cast(profile.resource_departure_share as double) as is_departing,
        cast(profile.resource_departure_share as double) as departure_share
    from shared
    cross join profile

),

aims as (

    select
        scheme,
        tier,
        count(*) as targets,
        sum(case when status = 'met' then 1 else 0 end) as targets_met
    from tracked
    group by scheme, tier

)

select
    compared.scheme,
    compared.tier,
    compared.quarter_start,
    cast(compared.tier_rank as integer) as tier_rank,
    cast(compared.customers as integer) as customers,
    compared.customer_share,
    cast(compared.budget as decimal(18, 2)) as budget,
    compared.is_budgeted,
    compared.budget_share,
    compared.value_share,
    compared.value_basis,
    compared.share_gap_points,
    compared.is_departing,
    {{ to_decimal('cast(compared.budget as double) / nullif(compared.customers, 0)') }} as cost_per_customer,
    cast(coalesce(aims.targets, 0) as integer) as targets,
    cast(coalesce(aims.targets_met, 0) as integer) as targets_met,
    compared.owner,
    compared.purpose,
    case when compared.share_gap_points is null then 'no_data' end as missing_reason,
    'P6: ' || coalesce(
        {{ as_text('compared.budget_share', 4) }} || ' of the budget for ' || {{ as_text('compared.value_share', 4) }}
        || ' of ' || compared.value_basis || case when compared.is_departing then ', departs' else ', within' end
        || ' by the bound of ' || {{ as_text('compared.departure_share', 4) }},
        'shares cannot be told'
    ) || case when compared.is_budgeted then '' else ', no row in resource_budgets' end as reason,
    'P6' as rule_id,
    run_parameters.as_of_date
from compared
cross join run_parameters
left join aims on compared.scheme = aims.scheme and compared.tier = aims.tier
