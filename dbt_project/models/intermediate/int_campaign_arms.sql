with members as (

    select * from {{ ref('int_campaign_members') }}

),

conversions as (

    select * from {{ ref('int_campaign_conversions') }}

),

attribution as (

    select * from {{ ref('int_order_attribution') }}

),

counted as (

    select
        members.campaign_id,
        members.variant,
        max(case when members.is_holdout then 1 else 0 end) = 1 as is_holdout,
        min(members.touched_on) as first_touched_on,
        max(members.window_ends_on) as last_window_ends_on,
        count(*) as customers,
        sum(case when members.has_crossed then 1 else 0 end) as crossed_customers,
        sum(case when members.is_overlapped then 1 else 0 end) as overlapped_customers,
        sum(case when members.is_delivered then 1 else 0 end) as delivered,
        sum(case when members.is_opened then 1 else 0 end) as opened,
        sum(case when members.is_clicked then 1 else 0 end) as clicked,
        sum(case when members.has_responded then 1 else 0 end) as responded,
        sum(case when members.is_measured then 1 else 0 end) as measured_customers,
        count(conversions.customer_id) as converted,
        coalesce(sum(conversions.orders), 0) as orders,
        cast(coalesce(sum(conversions.revenue), 0) as decimal(18, 2)) as revenue,
        -- Squares as decimals: a sum of binary fractions would depend on the order of the rows.
        cast(coalesce(sum(conversions.revenue * conversions.revenue), 0) as decimal(38, 4)) as revenue_squared
    from members
    left join conversions
        on members.campaign_id = conversions.campaign_id and members.customer_id = conversions.customer_id
    group by members.campaign_id, members.variant

),

attributed as (

    select
        attribution.campaign_id,
        members.variant,
        count(*) as attributed_orders,
        cast(sum(attribution.net_amount) as decimal(18, 2)) as attributed_revenue
    from attribution
    inner join members
        on attribution.campaign_id = members.campaign_id and attribution.customer_id = members.customer_id
    group by attribution.campaign_id, members.variant

),

joined as (

    select
        counted.*,
        coalesce(attributed.attributed_orders, 0) as attributed_orders,
        coalesce(attributed.attributed_revenue, cast(0 as decimal(18, 2))) as attributed_revenue
    from counted
    left join attributed
        on counted.campaign_id = attributed.campaign_id and counted.variant = attributed.variant

)

select * from joined
