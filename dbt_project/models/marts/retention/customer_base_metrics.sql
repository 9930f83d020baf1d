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

-- A customer counts in every month within whose last twelve it bought, once: from each purchase to the next one or the
-- end of the twelve.
gone as (

    select
        stays.left_on as month_start,
        count(*) as customers
    from (
        select
            least(
                {{ add_months('buying.month_start', 12) }},
                coalesce(
                    lead(buying.month_start) over (partition by buying.customer_id order by buying.month_start),
                    {{ add_months('buying.month_start', 12) }}
                )
            ) as left_on
        from {{ customer_months }} as buying
    ) as stays
    group by stays.left_on

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
        ) as customers_so_far,
        sum(coalesce(ordered.revenue, 0)) over (
            order by months.month_start rows between 11 preceding and current row
        ) as year_revenue,
        sum(coalesce(bought.customers, 0) - coalesce(gone.customers, 0)) over (
            order by months.month_start rows between unbounded preceding and current row
        ) as year_customers,
        row_number() over (order by months.month_start) as months_known
    from months
    left join bought on months.month_start = bought.month_start
    left join ordered on months.month_start = ordered.month_start
    left join concentrated on months.month_start = concentrated.month_start
    left join category_months on months.month_start = category_months.month_start
    left join gone on months.month_start = gone.month_start
    left join acquired on months.month_start = acquired.month_start

),

measured as (

    select
        *,
        cast(revenue as double) / nullif(purchases, 0) as average_order,
        cast(cross_sell_customers as double) / nullif(category_customers, 0) as cross_sell_share,
        cast(revenue_so_far as double) / nullif(customers_so_far, 0) as lifetime_revenue,
        -- The first month of a history is seldom whole: twelve others are needed.
        case when months_known > 12 then cast(year_revenue as double) / nullif(year_customers, 0) end as year_value
    from counted

),

compared as (

    select
        *,
        lag(average_order) over (order by month_start) as average_order_before,
        lag(cross_sell_share) over (order by month_start) as cross_sell_share_before,
        lag(year_value, 12) over (order by month_start) as year_value_before,
        lag(year_customers, 12) over (order by month_start) as year_customers_before
    from measured

),

-- A part of a month is compared with no whole one.
described as (

    select
        *,
        case when is_mature then average_order / nullif(average_order_before, 0) - 1 end as average_order_growth,
        case when is_mature then cross_sell_share / nullif(cross_sell_share_before, 0) - 1 end as cross_sell_growth,
        case when is_mature then year_value / nullif(year_value_before, 0) - 1 end as year_value_growth,
        case
            when not is_mature then 'month_not_over'
            when months_known <= 24 then 'too_little_history'
            when coalesce(year_value, 0) = 0 or coalesce(year_value_before, 0) = 0 then 'no_purchases'
        end as growth_missing_reason,
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
    cast(case when described.months_known > 12 then described.year_customers end as integer) as customers_12m,
    {{ to_decimal('described.year_value') }} as revenue_per_customer_12m,
    cast(case when described.growth_missing_reason is null then described.year_customers_before end as integer)
        as customers_12m_before,
    {{ rounded('case when described.growth_missing_reason is null then described.year_value_growth end', 6) }}
        as lifetime_revenue_growth_rate,
    described.growth_missing_reason,
    described.is_mature,
    run_parameters.as_of_date
from described
cross join run_parameters
where described.is_shown
