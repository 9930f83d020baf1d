{{ config(materialized='table' if target.type == 'spark' else 'view') }}

with orders as (

    select * from {{ ref('fct_orders') }}

),

order_returns as (

    select * from {{ ref('int_order_returns') }}

),

returned_order_versions as (

    select * from {{ ref('int_returned_order_versions') }}

),

-- Few orders come back: the others have one version, which needs no work.
kept_orders as (

    select orders.*
    from orders
    left join order_returns on orders.order_id = order_returns.order_id
    where order_returns.order_id is null

),

versions as (

    select
        order_id,
        customer_id,
        order_date,
        order_date as valid_from,
        cast(null as date) as valid_until,
        net_amount,
        discount_amount,
        is_purchase,
        case when is_purchase then net_amount else 0 end as spend_change
    from kept_orders
    union all
    select
        order_id,
        customer_id,
        order_date,
        valid_from,
        valid_until,
        net_amount,
        discount_amount,
        is_purchase,
        spend_change
    from returned_order_versions

)

select * from versions
