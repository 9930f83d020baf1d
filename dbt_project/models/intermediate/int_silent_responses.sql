with silent as (

    select * from {{ ref('int_silent_customers') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

orders as (

    select
        order_id,
        customer_id,
        ordered_at,
        order_date
    from {{ ref('fct_orders') }}
    where is_purchase

),

contacts as (

    select
        touches.touch_id,
        touches.customer_id,
        touches.channel,
        coalesce(touches.campaign_id, 'none') as campaign,
        touches.touched_at,
        touches.touched_on
    from {{ ref('fct_touches') }} as touches
    cross join profile
    where not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}

),

-- A customer counts once a month, by the first touch of the month.
touched as (

    select
        silent.month_end,
        silent.customer_id,
        contacts.channel,
        contacts.campaign,
        contacts.touched_at,
        contacts.touched_on
    from silent
    inner join contacts
        on
            silent.customer_id = contacts.customer_id
            and silent.opening_on < contacts.touched_on
            and silent.month_end >= contacts.touched_on
    qualify row_number() over (
        partition by silent.month_end, silent.customer_id order by contacts.touched_at, contacts.touch_id
    ) = 1

),

-- Purchases of the month before the touch: who came back by itself was not brought back.
returned_before as (

    select distinct
        touched.month_end,
        touched.customer_id
    from touched
    inner join silent on touched.customer_id = silent.customer_id and touched.month_end = silent.month_end
    inner join orders
        on
            touched.customer_id = orders.customer_id
            and silent.opening_on < orders.order_date
            and touched.touched_on >= orders.order_date
    where not {{ follows_touch('orders', 'touched', 0) }}

),

grouped as (

    select
        silent.month_end,
        silent.customer_id,
        silent.silence as measure,
        silent.tier,
        silent.return_days,
        touched.customer_id is not null and returned_before.customer_id is null as is_touched,
        touched.channel,
        touched.campaign,
        touched.touched_at,
        touched.touched_on,
        silent.month_start
    from silent
    left join touched on silent.customer_id = touched.customer_id and silent.month_end = touched.month_end
    left join returned_before
        on silent.customer_id = returned_before.customer_id and silent.month_end = returned_before.month_end

),

-- The days to come back in begin with the touch; of the others with the month.
returned_after_touch as (

    select distinct
        grouped.month_end,
        grouped.customer_id
    from grouped
    inner join orders on grouped.customer_id = orders.customer_id
    where grouped.is_touched and {{ follows_touch('orders', 'grouped', 'grouped.return_days') }}

),

returned_untouched as (

    select distinct
        grouped.month_end,
        grouped.customer_id
    from grouped
    inner join orders
        on
            grouped.customer_id = orders.customer_id
            and grouped.month_start <= orders.order_date
            and {{ add_days('grouped.month_start', 'grouped.return_days') }} >= orders.order_date
    where not grouped.is_touched

),

returned as (

    select * from returned_after_touch
    union all
    select * from returned_untouched

),

judged as (

    select
        grouped.month_end,
        grouped.customer_id,
        grouped.measure,
        grouped.tier,
        grouped.is_touched,
        case when grouped.is_touched then grouped.channel end as channel,
        case when grouped.is_touched then grouped.campaign end as campaign,
        returned.customer_id is not null as has_returned
    from grouped
    left join returned on grouped.customer_id = returned.customer_id and grouped.month_end = returned.month_end

)

select * from judged
