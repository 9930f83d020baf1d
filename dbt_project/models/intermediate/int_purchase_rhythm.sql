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

profile as (

    select * from {{ ref('int_profile') }}

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

-- Who comes back after more than active_window_days was not active from that day of the gap on.
described as (

    select
        spaced.customer_id,
        min(spaced.purchase_on) as first_purchase_on,
        min(case when spaced.gap_days is not null then spaced.purchase_on end) as second_purchase_on,
        max(spaced.purchase_on) as last_purchase_on,
        cast(count(*) as integer) as purchase_days,
        {{ median('spaced.gap_days') }} as median_gap_days,
        min(
            case
                when spaced.gap_days > profile.active_window_days
                    then {{ add_days('spaced.purchase_on', 'profile.active_window_days - spaced.gap_days') }}
            end
        ) as first_lapsed_on
    from spaced
    cross join profile
    group by spaced.customer_id

)

select * from described
