with months as (

    select * from {{ ref('int_program_months') }}
    where is_complete

),

core as (

    {{ profile_rows(ref('program_core_metrics'), '1') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- A figure of too few says nothing, before or now (decision 59).
measured as (

    select
        metrics.metric,
        metrics.scheme,
        metrics.tier,
        metrics.period_start,
        metrics.actual
    from {{ ref('metric_values') }} as metrics
    cross join profile
    where
        metrics.period_type = 'month'
        and metrics.is_mature
        and metrics.actual is not null
        and coalesce(metrics.denominator >= profile.target_min_count, true)

),

-- Compared in millionths, as targets are.
compared as (

    select
        months.month_start,
        case
            when core.direction = 'at_most' and round(later.actual * 1000000) < round(earlier.actual * 1000000) then 1
            when core.direction = 'at_least' and round(later.actual * 1000000) > round(earlier.actual * 1000000) then 1
            else 0
        end as is_better
    from months
    cross join core
    inner join measured as later
        on
            core.metric = later.metric
            and core.scheme = later.scheme
            and core.tier = later.tier
            and months.month_start = later.period_start
    inner join measured as earlier
        on
            core.metric = earlier.metric
            and core.scheme = earlier.scheme
            and core.tier = earlier.tier
            and {{ add_months('months.month_start', -1) }} = earlier.period_start

),

counted as (

    select
        month_start,
        sum(is_better) as better_metrics,
        count(*) as compared_metrics
    from compared
    group by month_start

)

select * from counted
