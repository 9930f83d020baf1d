with finance_totals as (

    select * from {{ ref('stg_finance_totals') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

computed as (

    select
        {{ month_start('order_date') }} as month_start,
        sum(net_amount) as revenue_computed
    from orders
    where is_purchase
    group by {{ month_start('order_date') }}

),

booked_from as (

    select min(month_start) as first_month
    from finance_totals

),

-- Months before finance's first are no gap of finance's; later ones are.
months as (

    select month_start from finance_totals
    union distinct
    select computed.month_start
    from computed
    cross join booked_from
    where computed.month_start >= booked_from.first_month

),

paired as (

    select
        months.month_start,
        finance_totals.revenue as revenue_booked,
        cast(coalesce(computed.revenue_computed, 0) as decimal(18, 2)) as revenue_computed
    from months
    left join finance_totals on months.month_start = finance_totals.month_start
    left join computed on months.month_start = computed.month_start

)

select * from paired
