with orders as (

    select
        customer_id,
        order_date,
        order_number,
        net_amount,
        margin_amount
    from {{ ref('fct_orders') }}
    where is_purchase

),

first_purchases as (

    select
        customer_id,
        order_date as first_purchase_on
    from orders
    where order_number = 1

),

placed as (

    select
        orders.customer_id,
        {{ month_start('orders.order_date') }} as activity_month,
        {{ bracket_of(days_between('first_purchases.first_purchase_on', 'orders.order_date')) }} as bracket_number,
        orders.net_amount,
        orders.margin_amount
    from orders
    inner join first_purchases on orders.customer_id = first_purchases.customer_id

),

-- A purchase of amount 0 is a purchase and makes its customer active.
grouped as (

    select
        customer_id,
        activity_month,
        bracket_number,
        cast(sum(net_amount) as decimal(18, 2)) as revenue,
        cast(sum(margin_amount) as decimal(18, 2)) as margin_amount,
        cast(count(*) - count(margin_amount) as integer) as uncosted_purchases
    from placed
    group by customer_id, activity_month, bracket_number

)

select * from grouped
