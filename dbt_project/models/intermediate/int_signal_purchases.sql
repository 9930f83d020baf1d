with versions as (

    select * from {{ ref('int_order_versions') }}
    where is_purchase

),

days as (

    select * from {{ ref('int_signal_days') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

-- The few days in whose periods a date stands, before and after them. What came after one is known as at the end of its
-- window.
seen as (

    select
        dates.date_day,
        days.snapshot_on,
        case when dates.date_day > days.snapshot_on then days.outcome_on else days.snapshot_on end as known_on,
        dates.date_day > days.snapshot_on as is_after,
        dates.date_day <= days.snapshot_on and dates.date_day > days.period_opens_after as is_current,
        dates.date_day <= days.period_opens_after as is_previous
    from dates
    inner join days
        on
            dates.date_day > days.previous_period_opens_after
            and dates.date_day <= case when days.is_mature then days.outcome_on else days.snapshot_on end

),

summed as (

    select
        versions.customer_id,
        seen.snapshot_on,
        sum(case when seen.is_current then 1 else 0 end) as current_purchases,
        sum(case when seen.is_previous then 1 else 0 end) as previous_purchases,
        sum(case when seen.is_after then 1 else 0 end) as purchases_after,
        cast(sum(case when seen.is_current then versions.net_amount else 0 end) as double) as current_spend,
        cast(sum(case when seen.is_previous then versions.net_amount else 0 end) as double) as previous_spend
    from versions
    inner join seen on versions.order_date = seen.date_day
    where
        versions.valid_from <= seen.known_on
        and (versions.valid_until is null or versions.valid_until > seen.known_on)
    group by versions.customer_id, seen.snapshot_on

)

select * from summed
