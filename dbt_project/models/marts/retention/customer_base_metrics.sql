{% set customer_months = ref('int_customer_months') %}

-- A large table that is read twice is read by its name: engines copy a shared CTE.
with orders as (

    select * from {{ ref('fct_orders') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

category_months as (

    select * from {{ ref('int_category_months') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

months as (

    select distinct
        dates.month_start,
        dates.month_end,
        dates.month_end <= run_parameters.as_of_date as is_mature,
        profile.history_months = 0
        or dates.month_start >= {{ add_months(
            month_start(add_days('run_parameters.as_of_date', 1)), '-profile.history_months'
        ) }} as is_shown
    from dates
    cross join run_parameters
    cross join profile

),

ordered as (

    select
        {{ month_start('order_date') }} as month_start,
        count(*) as purchases,
        count(margin_amount) as purchases_with_margin,
        sum(net_amount) as revenue,
        sum(margin_amount) as margin_amount
    from orders
    where is_purchase
    group by {{ month_start('order_date') }}

),

ranked as (

    select
        ranking.month_start,
        ranking.revenue,
        row_number() over (partition by ranking.month_start order by ranking.revenue desc) as place,
        count(*) over (partition by ranking.month_start) as customers
    from {{ customer_months }} as ranking
    inner join months on ranking.month_start = months.month_start
    where months.is_shown

),

-- Of 11 buyers the top 10 % are 2: a part of a customer counts whole.
concentrated as (

    select
        ranked.month_start,
        sum(case when ranked.place - 1 < ranked.customers * profile.concentration_share then ranked.revenue else 0 end)
            as top_revenue
    from ranked
    cross join profile
    group by ranked.month_start

),

bought as (

    select
        buying.month_start,
        count(*) as customers
    from {{ customer_months }} as buying
    group by buying.month_start

),

acquired as (

    select
        {{ month_start('first_order_on') }} as month_start,
        count(*) as customers
    from customers
    where first_order_on is not null
    group by {{ month_start('first_order_on') }}

),

counted as (

    select
        months.*,
        coalesce(bought.customers, 0) as customers,
        coalesce(ordered.purchases, 0) as purchases,
        coalesce(ordered.purchases_with_margin, 0) as purchases_with_margin,
        coalesce(ordered.revenue, 0) as revenue,
        coalesce(ordered.margin_amount, 0) as margin_amount,
        concentrated.top_revenue,
        coalesce(category_months.customers, 0) as category_customers,
        coalesce(category_months.cross_sell_customers, 0) as cross_sell_customers,
        sum(coalesce(ordered.revenue, 0)) over (
            order by months.month_start rows between unbounded preceding and current row
        ) as revenue_so_far,
        sum(coalesce(acquired.customers, 0)) over (
            order by months.month_start rows between unbounded preceding and current row
        ) as customers_so_far
    from months
    left join bought on months.month_start = bought.month_start
    left join ordered on months.month_start = ordered.month_start
    left join concentrated on months.month_start = concentrated.month_start
    left join category_months on months.month_start = category_months.month_start
    left join acquired on months.month_start = acquired.month_start

),

measured as (

    select
        *,
        cast(revenue as double) / nullif(purchases, 0) as average_order,
        cast(cross_sell_customers as double) / nullif(category_customers, 0) as cross_sell_share,
        cast(revenue_so_far as double) / nullif(customers_so_far, 0) as lifetime_revenue
    from counted

),

compared as (

    select
        *,
        lag(average_order) over (order by month_start) as average_order_before,
        lag(cross_sell_share) over (order by month_start) as cross_sell_share_before,
        lag(lifetime_revenue, 12) over (order by month_start) as lifetime_revenue_before
    from measured

),

-- A part of a month is compared with no whole one.
described as (

    select
        *,
        case when is_mature then average_order / nullif(average_order_before, 0) - 1 end as average_order_growth,
        case when is_mature then cross_sell_share / nullif(cross_sell_share_before, 0) - 1 end as cross_sell_growth,
        case when is_mature then lifetime_revenue / nullif(lifetime_revenue_before, 0) - 1 end
            as lifetime_revenue_growth,
        case
            when purchases = 0 then 'no_purchases'
            when purchases_with_margin = 0 then 'no_unit_costs'
            when purchases_with_margin < purchases then 'unit_costs_incomplete'
        end as margin_missing_reason,
        case
            when purchases = 0 then 'no_purchases'
            when category_customers = 0 then 'no_categories'
        end as cross_sell_missing_reason
    from compared

)

select
    described.month_end,
    cast(described.customers as integer) as customers,
    cast(described.purchases as integer) as purchases,
    cast(described.revenue as decimal(18, 2)) as revenue,
    {{ to_decimal('described.average_order') }} as avg_order_value,
    {{ rounded('described.average_order_growth', 6) }} as avg_order_value_growth_rate,
    {{ to_decimal('cast(described.revenue as double) / nullif(described.customers, 0)') }} as revenue_per_customer,
    {{ to_decimal(
        'case when described.margin_missing_reason is null'
        ~ ' then cast(described.margin_amount as double) / described.customers end'
    ) }} as margin_per_customer,
    cast(described.purchases_with_margin as double) / nullif(described.purchases, 0) as margin_known_share,
    described.margin_missing_reason,
    cast(described.category_customers as integer) as category_customers,
    cast(described.cross_sell_customers as integer) as cross_sell_customers,
    described.cross_sell_share,
    {{ rounded('described.cross_sell_growth', 6) }} as cross_sell_growth_rate,
    described.cross_sell_missing_reason,
    cast(described.top_revenue as double) / nullif(cast(described.revenue as double), 0) as top_customers_revenue_share,
    {{ to_decimal('described.lifetime_revenue') }} as lifetime_revenue_per_customer,
    {{ rounded('described.lifetime_revenue_growth', 6) }} as lifetime_revenue_growth_rate,
    described.is_mature,
    run_parameters.as_of_date
from described
cross join run_parameters
where described.is_shown
