with tiers as (

    select * from {{ ref('customer_tiers') }}

),

rfm as (

    select * from {{ ref('customer_rfm') }}

),

summed as (

    select
        tiers.scheme,
        tiers.tier,
        tiers.tier_rank,
        tiers.as_of_date,
        count(*) as customers,
        sum(rfm.monetary_12m) as revenue_12m,
        sum(rfm.frequency_12m) as purchases_12m,
        avg(cast(rfm.recency_days as double)) as avg_recency_days,
        avg(cast(rfm.frequency_12m as double)) as avg_frequency_12m,
        cast(sum(rfm.monetary_12m) as double) / count(*) as avg_monetary_12m
    from tiers
    inner join rfm on tiers.customer_id = rfm.customer_id
    group by tiers.scheme, tiers.tier, tiers.tier_rank, tiers.as_of_date

),

shared as (

    select
        *,
        cast(customers as double) / sum(customers) over (partition by scheme) as customer_share,
        cast(revenue_12m as double) / nullif(cast(sum(revenue_12m) over (partition by scheme) as double), 0)
            as revenue_share,
        cast(revenue_12m as double) / nullif(purchases_12m, 0) as avg_order_value
    from summed

)

select
    scheme,
    tier,
    tier_rank,
    cast(customers as integer) as customers,
    customer_share,
    cast(revenue_12m as decimal(18, 2)) as revenue_12m,
    revenue_share,
    {{ to_decimal('avg_order_value') }} as avg_order_value,
    avg_recency_days,
    avg_frequency_12m,
    {{ to_decimal('avg_monetary_12m') }} as avg_monetary_12m,
    as_of_date
from shared
