with orders as (

    select * from {{ ref('fct_orders') }}

),

returns as (

    select * from {{ ref('stg_returns') }}

),

snapshots as (

    select * from {{ ref('int_snapshot_dates') }}

),

-- Only what had come back by the snapshot counts against an order there.
returned_by_snapshot as (

    select
        returns.order_id,
        snapshots.snapshot_on,
        sum(returns.returned_amount) as returned_amount
    from returns
    inner join snapshots on returns.returned_on <= snapshots.snapshot_on
    group by returns.order_id, snapshots.snapshot_on

),

orders_at_snapshot as (

    select
        orders.customer_id,
        orders.order_date,
        snapshots.snapshot_on,
        orders.order_date > snapshots.rfm_window_opens_after as is_in_rfm_window,
        orders.order_date > snapshots.score_window_opens_after
        or snapshots.score_window_opens_after is null as is_in_score_window,
        orders.gross_amount - coalesce(returned_by_snapshot.returned_amount, 0) as net_amount,
        {{ is_purchase('orders.status', 'orders.gross_amount', 'returned_by_snapshot.returned_amount') }} as is_purchase
    from orders
    inner join snapshots on orders.order_date <= snapshots.snapshot_on
    left join returned_by_snapshot
        on
            orders.order_id = returned_by_snapshot.order_id
            and snapshots.snapshot_on = returned_by_snapshot.snapshot_on

),

summed as (

    select
        customer_id,
        snapshot_on,
        min(order_date) as first_purchase_on,
        max(order_date) as last_purchase_on,
        count(distinct order_date) as purchase_days_lifetime,
        count(*) as frequency_lifetime,
        sum(net_amount) as monetary_lifetime,
        sum(case when is_in_rfm_window then 1 else 0 end) as frequency_12m,
        sum(case when is_in_rfm_window then net_amount else 0 end) as monetary_12m,
        sum(case when is_in_score_window then 1 else 0 end) as scored_frequency,
        sum(case when is_in_score_window then net_amount else 0 end) as scored_monetary
    from orders_at_snapshot
    where is_purchase
    group by customer_id, snapshot_on

)

select * from summed
