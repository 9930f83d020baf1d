with counts as (

    select * from {{ ref('int_churn_counts') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

judged as (

    select
        *,
        case
            when not is_mature then 'month_not_over'
            when not is_revenue_known then 'history_too_short'
            when revenue_before = 0 then 'no_revenue_before'
        end as revenue_missing_reason
    from counts

),

rated as (

    select
        *,
        case when is_mature and is_revenue_known then revenue_before end as known_revenue_before,
        case when is_mature and is_revenue_known then gross_retained_revenue end as known_gross_retained,
        case when is_mature and is_revenue_known then net_retained_revenue end as known_net_retained,
        case when revenue_missing_reason is null then cast(revenue_before as double) end as base
    from judged

)

select
    rated.month_end,
    rated.dimension,
    rated.dimension_value,
    rated.customers_at_start,
    rated.churned_customers,
    rated.reactivated_customers,
    rated.new_customers,
    rated.customers_at_end,
    rated.lapsed_customers_at_end,
    cast(rated.churned_customers as double) / nullif(rated.customers_at_start, 0) as churn_rate,
    rated.known_revenue_before as revenue_before,
    rated.known_gross_retained as gross_retained_revenue,
    rated.known_net_retained as net_retained_revenue,
    cast(rated.gross_retained_revenue as double) / rated.base as gross_revenue_retention,
    cast(rated.net_retained_revenue as double) / rated.base as net_revenue_retention,
    rated.revenue_missing_reason,
    rated.is_mature,
    run_parameters.as_of_date
from rated
cross join run_parameters
