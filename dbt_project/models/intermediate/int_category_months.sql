{% set orders = ref('fct_orders') %}

with items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Numbers are compared faster than names.
categories as (

    select
        product_id,
        dense_rank() over (order by category) as category_number
    from products
    where category is not null

),

-- Few orders are no purchase: it is cheaper to leave their lines out than to look up every line's order.
other_orders as (

    select orders.order_id from {{ orders }} as orders
    where not orders.is_purchase

),

-- One month more than is shown, to grow from.
bounds as (

    select
        case
            when profile.history_months > 0
                then {{ add_months(
                    month_start(add_days('run_parameters.as_of_date', 1)), '-1 - profile.history_months'
                ) }}
        end as first_month
    from profile
    cross join run_parameters

),

bought as (

    select
        items.customer_id,
        {{ month_start('items.order_date') }} as month_start,
        min(categories.category_number) as lowest_category,
        max(categories.category_number) as highest_category
    from items
    cross join bounds
    inner join categories on items.product_id = categories.product_id
    left join other_orders on items.order_id = other_orders.order_id
    where
        other_orders.order_id is null
        and (bounds.first_month is null or items.order_date >= bounds.first_month)
    group by items.customer_id, {{ month_start('items.order_date') }}

),

counted as (

    select
        month_start,
        count(*) as customers,
        sum(case when lowest_category < highest_category then 1 else 0 end) as cross_sell_customers
    from bought
    group by month_start

)

select * from counted
