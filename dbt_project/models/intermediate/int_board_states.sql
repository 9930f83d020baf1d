with metrics as (

    select * from {{ ref('int_board_metrics') }}

),

bounds as (

    select * from {{ ref('int_board_bounds') }}

),

-- All that decides who was active on a day that is counted; two orders on one day are one purchase day.
purchase_days as (

    select distinct
        orders.customer_id,
        orders.order_date as purchase_on
    from {{ ref('fct_orders') }} as orders
    inner join bounds on orders.order_date > bounds.purchases_from
    where orders.is_purchase

),

spaced as (

    select
        purchase_days.customer_id,
        purchase_days.purchase_on,
        lag(purchase_days.purchase_on) over (
            partition by purchase_days.customer_id order by purchase_days.purchase_on
        ) as purchase_before_on,
        lead(purchase_days.purchase_on) over (
            partition by purchase_days.customer_id order by purchase_days.purchase_on
        ) as purchase_after_on,
        bounds.active_window_days
    from purchase_days
    cross join bounds

),

-- A stretch of activity goes on as long as the next purchase comes before the customer stops being active.
numbered as (

    select
        customer_id,
        purchase_on,
        active_window_days,
        sum(
            case
                when {{ days_between('purchase_before_on', 'purchase_on') }} <= active_window_days then 0
                else 1
            end
        ) over (partition by customer_id order by purchase_on rows unbounded preceding) as stretch
    from spaced

),

stretches as (

    select
        customer_id,
        min(purchase_on) as active_from,
        {{ add_days('max(purchase_on)', 'max(active_window_days)') }} as active_until
    from numbered
    group by customer_id, stretch

),

-- On a day, who was active so many days before, and who of them is still active.
compared as (

    select
        metrics.metric,
        stretches.customer_id,
        {{ add_days('stretches.active_from', 'metrics.window_days') }} as counts_from,
        {{ add_days('stretches.active_until', 'metrics.window_days') }} as counts_until,
        case when metrics.metric = 'retention_rate' then 0 else 1 end as numerator,
        1 as denominator
    from stretches
    inner join metrics on metrics.metric in ('retention_rate', 'churn_rate_daily', 'churn_rate_30d')

),

stayed as (

    select
        compared.metric,
        compared.customer_id,
        greatest(compared.counts_from, stretches.active_from) as counts_from,
        least(compared.counts_until, stretches.active_until) as counts_until,
        case when compared.metric = 'retention_rate' then 1 else -1 end as numerator,
        0 as denominator
    from compared
    inner join stretches
        on
            compared.customer_id = stretches.customer_id
            and compared.counts_from < stretches.active_until
            and compared.counts_until > stretches.active_from

),

-- A buyer of the window counts until the next purchase day takes over; a repeat buyer while two of them are in it.
bought as (

    select
        metrics.metric,
        spaced.customer_id,
        spaced.purchase_on as counts_from,
        least(
            {{ add_days('spaced.purchase_on', 'metrics.window_days') }},
            coalesce(spaced.purchase_after_on, {{ add_days('spaced.purchase_on', 'metrics.window_days') }})
        ) as counts_until,
        0 as numerator,
        1 as denominator
    from spaced
    inner join metrics on metrics.metric = 'repurchase_rate'

),

repeated as (

    select
        metrics.metric,
        spaced.customer_id,
        spaced.purchase_on as counts_from,
        least(
            {{ add_days('spaced.purchase_before_on', 'metrics.window_days') }},
            coalesce(
                spaced.purchase_after_on, {{ add_days('spaced.purchase_before_on', 'metrics.window_days') }}
            )
        ) as counts_until,
        1 as numerator,
        0 as denominator
    from spaced
    inner join metrics on metrics.metric = 'repurchase_rate'
    where spaced.purchase_before_on is not null

),

active as (

    select
        metrics.metric,
        stretches.customer_id,
        stretches.active_from as counts_from,
        stretches.active_until as counts_until,
        1 as numerator,
        0 as denominator
    from stretches
    inner join metrics on metrics.metric = 'active_customers'

),

spans as (

    select * from compared
    union all
    select * from stayed
    union all
    select * from bought
    union all
    select * from repeated
    union all
    select * from active

),

grouped as (

    select
        spans.metric,
        customers.tier,
        customers.region,
        customers.channel,
        customers.category,
        spans.counts_from,
        spans.counts_until,
        sum(spans.numerator) as numerator,
        sum(spans.denominator) as denominator
    from spans
    inner join {{ ref('int_board_customers') }} as customers on spans.customer_id = customers.customer_id
    cross join bounds
    where
        spans.counts_until > spans.counts_from
        and spans.counts_until > bounds.counted_from
        and spans.counts_from <= bounds.as_of_date
    group by
        spans.metric,
        customers.tier,
        customers.region,
        customers.channel,
        customers.category,
        spans.counts_from,
        spans.counts_until

)

select * from grouped
