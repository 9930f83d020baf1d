with orders as (

    select * from {{ ref('fct_orders') }}

),

purchase_days as (

    select distinct
        customer_id,
        order_date as purchase_on
    from orders
    where is_purchase

),

spaced as (

    select
        customer_id,
        purchase_on,
        {{ days_between(
            'lag(purchase_on) over (partition by customer_id order by purchase_on)', 'purchase_on'
        ) }} as gap_days
    from purchase_days

),

described as (

    select
        customer_id,
        min(purchase_on) as first_purchase_on,
        max(purchase_on) as last_purchase_on,
        cast(count(*) as integer) as purchase_days,
        {{ median('gap_days') }} as median_gap_days
    from spaced
    group by customer_id

)

select * from described
