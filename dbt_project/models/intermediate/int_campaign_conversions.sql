with members as (

    select * from {{ ref('int_campaign_members') }}
    where is_measured

),

profile as (

    select * from {{ ref('int_profile') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where is_purchase

),

-- Every purchase in the window counts, whatever else the customer was sent: the draw makes the variants comparable.
converted as (

    select
        members.campaign_id,
        members.customer_id,
        count(*) as orders,
        cast(sum(orders.net_amount) as decimal(18, 2)) as revenue
    from members
    inner join orders on members.customer_id = orders.customer_id
    cross join profile
    where {{ follows_touch('orders', 'members', 'profile.campaign_conversion_days') }}
    group by members.campaign_id, members.customer_id

)

select * from converted
