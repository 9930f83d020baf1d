with scope as (

    select * from {{ ref('int_lifecycle_history_scope') }}

),

months as (

    select * from {{ ref('int_lifecycle_months') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

versions as (

    select * from {{ ref('int_order_versions') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- The few month-ends in whose two spend periods a day stands.
period_days as (

    select
        dates.date_day,
        months.month_number,
        months.month_end,
        months.is_described,
        dates.date_day > {{ add_days('months.month_end', '-profile.spend_period_days') }} as is_current
    from months
    cross join profile
    inner join dates
        on
            months.month_end >= dates.date_day
            and {{ add_days('months.month_end', '-2 * profile.spend_period_days') }} < dates.date_day

),

spend as (

    select
        scope.customer_id,
        period_days.month_number,
        cast(
            sum(case when period_days.is_current then versions.net_amount else 0 end) as decimal(18, 2)
        ) as current_spend_amount,
        cast(
            sum(case when period_days.is_current then 0 else versions.net_amount end) as decimal(18, 2)
        ) as previous_spend_amount
    from versions
    inner join scope on versions.customer_id = scope.customer_id
    inner join period_days on versions.order_date = period_days.date_day
    where
        versions.is_purchase
        and versions.valid_from <= period_days.month_end
        and (versions.valid_until is null or versions.valid_until > period_days.month_end)
        and (period_days.is_described or scope.is_changed)
    group by scope.customer_id, period_days.month_number

)

select * from spend
