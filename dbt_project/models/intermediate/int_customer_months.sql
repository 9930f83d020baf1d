with orders as (

    select * from {{ ref('fct_orders') }}

),

summed as (

    select
        customer_id,
        {{ month_start('order_date') }} as month_start,
        cast(sum(net_amount) as decimal(18, 2)) as revenue
    from orders
    where is_purchase
    group by customer_id, {{ month_start('order_date') }}

)

select * from summed
