with returns as (

    select * from {{ ref('stg_returns') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where status in ('completed', 'returned')

),

matched as (

    select
        returns.return_id,
        returns.order_id,
        returns.returned_on,
        items.line_no,
        items.product_id
    from returns
    inner join {{ ref('fct_order_items') }} as items on returns.order_id = items.order_id
    where coalesce(returns.product_id, items.product_id) = items.product_id

),

-- A return that names no product is one of all lines; one of a product that was not ordered is a line of its own.
all_returned as (

    select
        order_id,
        returned_on,
        line_no,
        product_id
    from matched
    union all
    select
        returns.order_id,
        returns.returned_on,
        cast(null as integer) as line_no,
        returns.product_id
    from returns
    left join matched on returns.return_id = matched.return_id
    where matched.return_id is null

),

-- A line counts once, on the day when it first came back.
first_returned as (

    select
        all_returned.order_id,
        all_returned.line_no,
        min(all_returned.product_id) as product_id,
        min(all_returned.returned_on) as returned_on
    from all_returned
    inner join orders on all_returned.order_id = orders.order_id
    group by all_returned.order_id, all_returned.line_no

)

select * from first_returned
