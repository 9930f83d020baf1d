with periods as (

    select * from {{ ref('int_evaluation_periods') }}

),

tiers as (

    select * from {{ ref('int_customer_tiers') }}

),

snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

versions as (

    select * from {{ ref('int_order_versions') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Who bought in a period, and on how many days; a return counts if it had come in by the period's last day.
purchase_days as (

    select
        periods.period_type,
        periods.period_start,
        versions.customer_id,
        count(distinct versions.order_date) as purchase_days
    from periods
    inner join versions
        on
            versions.order_date between periods.period_start and periods.period_end
            and periods.period_end >= versions.valid_from
            and (versions.valid_until is null or periods.period_end < versions.valid_until)
            and versions.is_purchase
    group by periods.period_type, periods.period_start, versions.customer_id

),

starters as (

    select
        periods.period_type,
        periods.period_start,
        periods.period_end,
        tiers.scheme,
        tiers.tier,
        tiers.tier_rank,
        tiers.customer_id,
        opening.last_purchase_on is not null as had_bought,
        coalesce(closing.recency_days < profile.active_window_days, false) as is_active_at_end,
        coalesce(purchase_days.purchase_days, 0) as purchase_days
    from periods
    cross join profile
    inner join tiers on periods.opening_on = tiers.snapshot_on
    inner join snapshots as opening
        on tiers.customer_id = opening.customer_id and periods.opening_on = opening.snapshot_on
    left join snapshots as closing
        on tiers.customer_id = closing.customer_id and periods.period_end = closing.snapshot_on
    left join purchase_days
        on
            periods.period_type = purchase_days.period_type
            and periods.period_start = purchase_days.period_start
            and tiers.customer_id = purchase_days.customer_id

),

closing_tiers as (

    select
        periods.period_type,
        periods.period_start,
        tiers.scheme,
        tiers.tier,
        count(*) as customers
    from periods
    inner join tiers on periods.period_end = tiers.snapshot_on
    group by periods.period_type, periods.period_start, tiers.scheme, tiers.tier

),

counted as (

    select
        starters.period_type,
        starters.period_start,
        starters.period_end,
        starters.scheme,
        starters.tier,
        min(starters.tier_rank) as tier_rank,
        count(*) as customers_at_start,
        sum(case when starters.is_active_at_end then 1 else 0 end) as retained_customers,
        sum(case when starters.purchase_days >= 1 then 1 else 0 end) as buyers,
        sum(case when starters.purchase_days >= 2 then 1 else 0 end) as repeat_buyers,
        sum(case when starters.had_bought then 1 else 0 end) as customers_who_had_bought
    from starters
    group by
        starters.period_type, starters.period_start, starters.period_end, starters.scheme, starters.tier

),

joined as (

    select
        counted.*,
        coalesce(closing_tiers.customers, 0) as tier_customers_at_end
    from counted
    left join closing_tiers
        on
            counted.period_type = closing_tiers.period_type
            and counted.period_start = closing_tiers.period_start
            and counted.scheme = closing_tiers.scheme
            and counted.tier = closing_tiers.tier

)

select * from joined
