with orders as (

    select * from {{ ref('fct_orders') }}

),

returns as (

    select * from {{ ref('stg_returns') }}

),

-- A return can be dated before its order by mistake; it counts from the order on.
changes as (

    select
        order_id,
        order_date as valid_from,
        cast(0 as decimal(18, 2)) as returned_amount
    from orders
    union all
    select
        returns.order_id,
        greatest(returns.returned_on, orders.order_date) as valid_from,
        returns.returned_amount
    from returns
    inner join orders on returns.order_id = orders.order_id

),

daily as (

    select
        order_id,
        valid_from,
        sum(returned_amount) as returned_amount
    from changes
    group by order_id, valid_from

),

accumulated as (

    select
        order_id,
        valid_from,
        lead(valid_from) over (partition by order_id order by valid_from) as valid_until,
        sum(returned_amount) over (
            partition by order_id order by valid_from rows between unbounded preceding and current row
        ) as returned_amount
    from daily

),

versions as (

    select
        orders.order_id,
        orders.customer_id,
        orders.order_date,
        accumulated.valid_from,
        accumulated.valid_until,
        cast(orders.gross_amount - accumulated.returned_amount as decimal(18, 2)) as net_amount,
        {{ is_purchase('orders.status', 'orders.gross_amount', 'accumulated.returned_amount') }} as is_purchase
    from accumulated
    inner join orders on accumulated.order_id = orders.order_id

)

select * from versions
