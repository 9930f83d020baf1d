with orders as (

    select
        customer_id,
        order_date,
        net_amount,
        margin_amount
    from {{ ref('fct_orders') }}
    where is_purchase

),

rhythm as (

    select * from {{ ref('int_purchase_rhythm') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

summed as (

    select
        rhythm.customer_id,
        count(*) as purchases,
        sum(orders.net_amount) as revenue_amount,
        sum(case when orders.order_date > rhythm.first_purchase_on then orders.net_amount end) as repeat_amount,
        sum(orders.margin_amount) as margin_amount,
        sum(case when orders.margin_amount is not null then orders.net_amount end) as costed_amount,
        count(orders.margin_amount) as costed_purchases
    from orders
    inner join rhythm on orders.customer_id = rhythm.customer_id
    group by rhythm.customer_id

),

described as (

    select
        summed.customer_id,
        rhythm.purchase_days - 1 as repeat_purchase_days,
        {{ days_between('rhythm.first_purchase_on', 'rhythm.last_purchase_on') }} as span_days,
        {{ days_between('rhythm.first_purchase_on', 'run_parameters.as_of_date') }} as age_days,
        cast(summed.repeat_amount as double) / nullif(rhythm.purchase_days - 1, 0) as repeat_day_spend,
        summed.purchases,
        summed.revenue_amount,
        summed.margin_amount,
        summed.costed_amount,
        summed.costed_purchases = summed.purchases as is_margin_known
    from summed
    inner join rhythm on summed.customer_id = rhythm.customer_id
    cross join run_parameters

)

select * from described
