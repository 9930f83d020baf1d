with orders as (

    select * from {{ ref('fct_orders') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

definitions as (

    select * from {{ ref('retention_definitions') }}

),

-- A purchase of amount 0 is a purchase and makes its customer active.
customer_months as (

    select
        customer_id,
        {{ month_start('order_date') }} as activity_month,
        sum(net_amount) as revenue
    from orders
    where is_purchase
    group by customer_id, {{ month_start('order_date') }}

),

spans as (

    select
        customer_id,
        min(activity_month) as cohort_period,
        max(activity_month) as last_activity_month
    from customer_months
    group by customer_id

),

cohort_sizes as (

    select
        cohort_period,
        count(*) as cohort_size
    from spans
    group by cohort_period

),

months as (

    select distinct
        month_start as activity_month,
        month_end,
        as_of_date
    from dates

),

-- Every month from the cohort's own to the as-of day's, whether anybody came back in it or not.
cells as (

    select
        cohort_sizes.cohort_period,
        cohort_sizes.cohort_size,
        months.activity_month,
        {{ months_apart('cohort_sizes.cohort_period', 'months.activity_month') }} as period_number,
        months.month_end <= months.as_of_date as is_mature,
        months.as_of_date
    from cohort_sizes
    inner join months on cohort_sizes.cohort_period <= months.activity_month

),

active_in_month as (

    select
        spans.cohort_period,
        customer_months.activity_month,
        count(*) as customers,
        sum(customer_months.revenue) as revenue
    from customer_months
    inner join spans on customer_months.customer_id = spans.customer_id
    group by spans.cohort_period, customer_months.activity_month

),

last_active_in_month as (

    select
        cohort_period,
        last_activity_month,
        count(*) as customers
    from spans
    group by cohort_period, last_activity_month

),

counted as (

    select
        cells.*,
        coalesce(active_in_month.customers, 0) as active_customers,
        -- Active in this month or later: all whose last month is this one or a later one.
        sum(coalesce(last_active_in_month.customers, 0)) over (
            partition by cells.cohort_period order by cells.activity_month desc
            rows between unbounded preceding and current row
        ) as still_active_customers,
        coalesce(active_in_month.revenue, 0) as revenue,
        sum(coalesce(active_in_month.revenue, 0)) over (
            partition by cells.cohort_period order by cells.activity_month
            rows between unbounded preceding and current row
        ) as cumulative_revenue
    from cells
    left join active_in_month
        on
            cells.cohort_period = active_in_month.cohort_period
            and cells.activity_month = active_in_month.activity_month
    left join last_active_in_month
        on
            cells.cohort_period = last_active_in_month.cohort_period
            and cells.activity_month = last_active_in_month.last_activity_month

),

by_definition as (

    select
        counted.*,
        definitions.definition,
        case
            when definitions.counts_later_periods then counted.still_active_customers
            else counted.active_customers
        end as retained_customers
    from counted
    cross join definitions

)

select
    cohort_period,
    'month' as period_type,
    definition,
    'all' as dimension,
    'all' as dimension_value,
    period_number,
    cast(cohort_size as integer) as cohort_size,
    cast(retained_customers as integer) as retained_customers,
    cast(retained_customers as double) / cohort_size as retention_rate,
    cast(revenue as decimal(18, 2)) as revenue,
    {{ to_decimal('cast(cumulative_revenue as double) / cohort_size') }} as cumulative_revenue_per_customer,
    is_mature,
    as_of_date
from by_definition
