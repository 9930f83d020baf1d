with orders as (

    select * from {{ ref('stg_orders') }}

),

order_returns as (

    select * from {{ ref('int_order_returns') }}

),

order_costs as (

    select * from {{ ref('int_order_items_costed') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

netted as (

    select
        orders.*,
        coalesce(order_returns.returned_amount, 0) as returned_amount,
        orders.gross_amount - coalesce(order_returns.returned_amount, 0) as net_amount,
        case when order_costs.is_cost_known then order_costs.cost_amount end as cost_amount,
        {{ is_purchase('orders.status', 'orders.gross_amount', 'order_returns.returned_amount') }} as is_purchase
    from orders
    left join order_returns on orders.order_id = order_returns.order_id
    left join order_costs on orders.order_id = order_costs.order_id

),

-- The cost of what came back is taken off in the share of the amount that came back: a return names no quantity.
margined as (

    select
        *,
        case
            when cost_amount is null then null
            when gross_amount = 0 then net_amount - cost_amount
            else net_amount - cost_amount * (cast(net_amount as double) / cast(gross_amount as double))
        end as margin_amount
    from netted

),

numbered as (

    select
        *,
        case
            when is_purchase
                then row_number() over (partition by customer_id, is_purchase order by ordered_at, order_id)
        end as order_number
    from margined

)

select
    numbered.order_id,
    numbered.customer_id,
    numbered.ordered_at,
    numbered.order_date,
    numbered.status,
    numbered.channel,
    numbered.region,
    numbered.currency,
    cast(numbered.gross_amount as decimal(18, 2)) as gross_amount,
    cast(numbered.discount_amount as decimal(18, 2)) as discount_amount,
    cast(numbered.returned_amount as decimal(18, 2)) as returned_amount,
    cast(numbered.net_amount as decimal(18, 2)) as net_amount,
    cast(numbered.margin_amount as decimal(18, 2)) as margin_amount,
    cast(numbered.order_number as integer) as order_number,
    numbered.is_purchase,
    run_parameters.as_of_date
from numbered
cross join run_parameters
