{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['customer_id in (select customer_id from intermediate.int_changed_orders)']
) }}
{% set changed_orders = ref('int_changed_orders') %}

with orders as (

    select * from {{ ref('fct_orders') }}
    {% if is_increment() %}
    where customer_id in (select changed.customer_id from {{ changed_orders }} as changed)
    {% endif %}

),

-- Two orders on one day are one purchase day: the second is no repurchase.
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
        min(case when gap_days is not null then purchase_on end) as second_purchase_on,
        max(purchase_on) as last_purchase_on,
        cast(count(*) as integer) as purchase_days,
        {{ median('gap_days') }} as median_gap_days
    from spaced
    group by customer_id

)

select * from described
