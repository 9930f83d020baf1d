with cohorts as (

    select * from {{ ref('retention_cohorts') }}

),

-- Each cohort weighs by its size: in a plain average of rates, one of three customers would say as much as one of
-- thousands.
averaged as (

    select
        definition,
        period_type,
        dimension,
        dimension_value,
        period_number,
        min(from_days) as from_days,
        min(until_days) as until_days,
        count(*) as cohorts,
        sum(cohort_size) as acquired_customers,
        sum(retained_customers) as retained_customers,
        sum(revenue) as revenue,
        sum(cumulative_revenue) as cumulative_revenue,
        case when count(*) = count(cumulative_margin_amount) then sum(cumulative_margin_amount) end
            as cumulative_margin_amount,
        min(retention_rate) as lowest_rate,
        max(retention_rate) as highest_rate,
        as_of_date
    from cohorts
    where is_mature
    group by definition, period_type, dimension, dimension_value, period_number, as_of_date

)

select
    definition,
    period_type,
    dimension,
    dimension_value,
    period_number,
    from_days,
    until_days,
    cast(cohorts as integer) as cohorts,
    cast(acquired_customers as integer) as acquired_customers,
    cast(retained_customers as integer) as retained_customers,
    cast(retained_customers as double) / acquired_customers as retention_rate,
    lowest_rate,
    highest_rate,
    {{ to_decimal('cast(revenue as double) / acquired_customers') }} as revenue_per_customer,
    {{ to_decimal('cast(cumulative_revenue as double) / acquired_customers') }} as cumulative_revenue_per_customer,
    {{ to_decimal('cast(cumulative_margin_amount as double) / acquired_customers') }}
        as cumulative_margin_per_customer,
    case when cumulative_margin_amount is null then 'cost_unknown' end as margin_missing_reason,
    as_of_date
from averaged
