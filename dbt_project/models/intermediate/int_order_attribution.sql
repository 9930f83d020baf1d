with touches as (

    select * from {{ ref('fct_touches') }}
    where campaign_id is not null

),

recording as (

    select * from {{ ref('int_touch_recording') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where is_purchase

),

-- What never reached the customer earns nothing; where nobody records deliveries, all are taken to have arrived.
contacts as (

    select
        touches.touch_id,
        touches.campaign_id,
        touches.customer_id,
        touches.touched_at,
        touches.touched_on
    from touches
    cross join recording
    cross join profile
    where
        not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}
        and (touches.delivered_at is not null or not recording.is_delivery_recorded)

),

-- The last contact before the order wins it whole.
ranked as (

    select
        orders.order_id,
        orders.customer_id,
        orders.net_amount,
        contacts.campaign_id,
        contacts.touch_id,
        row_number() over (
            partition by orders.order_id order by contacts.touched_at desc, contacts.touch_id desc
        ) as place
    from contacts
    inner join orders on contacts.customer_id = orders.customer_id
    cross join profile
    where {{ follows_touch('orders', 'contacts', 'profile.campaign_conversion_days') }}

)

select
    order_id,
    customer_id,
    campaign_id,
    touch_id,
    net_amount
from ranked
where place = 1
