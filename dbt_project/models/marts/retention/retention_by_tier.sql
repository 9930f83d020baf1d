with counts as (

    select * from {{ ref('int_tier_retention_counts') }}

),

targets as (

    {{ profile_rows(
        ref('targets'), 'rule_rows.scheme, rule_rows.tier, rule_rows.metric, rule_rows.period_type'
    ) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A tier in which nobody had ever bought (customers without a score) has nobody to keep: it is left out.
rated as (

    select
        *,
        cast(retained_customers as double) / customers_at_start as retention_rate,
        cast(repeat_buyers as double) / nullif(buyers, 0) as repurchase_rate
    from counts
    where customers_who_had_bought > 0

),

compared as (

    select
        rated.*,
        cast(targets.target as double) as target_rate
    from rated
    left join targets
        on
            rated.scheme = targets.scheme
            and rated.tier = targets.tier
            and rated.period_type = targets.period_type
            and targets.metric = 'retention_rate'

)

select
    compared.period_type,
    compared.period_start,
    compared.period_end,
    compared.scheme,
    compared.tier,
    cast(compared.tier_rank as integer) as tier_rank,
    cast(compared.customers_at_start as integer) as customers_at_start,
    cast(compared.retained_customers as integer) as customers_at_end,
    cast(compared.retained_customers as integer) as retained_customers,
    cast(compared.tier_customers_at_end as integer) as tier_customers_at_end,
    compared.retention_rate,
    cast(compared.buyers as integer) as buyers,
    cast(compared.repeat_buyers as integer) as repeat_buyers,
    compared.repurchase_rate,
    compared.target_rate,
    {{ gap_points('compared.retention_rate', 'compared.target_rate') }} as gap_points,
    run_parameters.as_of_date
from compared
cross join run_parameters
