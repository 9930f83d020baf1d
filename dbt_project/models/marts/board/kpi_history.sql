with changes as (

    select
        metric,
        changed_on,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('int_board_changes') }}
    group by metric, changed_on

),

metrics as (

    select * from {{ ref('int_board_metrics') }}

),

bounds as (

    select * from {{ ref('int_board_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

days as (

    {{ day_spine('bounds', 'counted_from', 'as_of_date') }}

),

sources as (

    select * from {{ ref('int_board_sources') }}

),

metric_days as (

    select
        metrics.*,
        days.date_day as metric_date,
        coalesce(sources.source_rows, 0) > 0 as has_source,
        -- A sum over a window that reaches back before the data would be too low, and rise until it no longer does.
        metrics.statistic = 'sum' and coalesce(
            {{ days_between('sources.first_day', 'days.date_day') }}
            < coalesce(metrics.window_days, bounds.active_window_days) - 1,
            false
        ) as reaches_before_the_data,
        metrics.data_source in ('answers', 'nps', 'csat') as is_of_answers
    from metrics
    cross join days
    cross join bounds
    left join sources on metrics.data_source = sources.data_source

),

counted as (

    select
        metric_days.*,
        sum(coalesce(changes.numerator, 0)) over (
            partition by metric_days.metric order by metric_days.metric_date rows unbounded preceding
        ) as all_numerator,
        sum(coalesce(changes.denominator, 0)) over (
            partition by metric_days.metric order by metric_days.metric_date rows unbounded preceding
        ) as all_denominator
    from metric_days
    left join changes on metric_days.metric = changes.metric and metric_days.metric_date = changes.changed_on

),

judged as (

    select
        counted.*,
        case
            when not counted.has_source then 'no_source'
            when counted.reaches_before_the_data then 'history_too_short'
            when counted.statistic = 'mean' and counted.all_denominator = 0 then 'no_data'
            when counted.is_of_answers and counted.all_denominator < profile.satisfaction_min_responses
                then 'too_few_responses'
        end as missing_reason
    from counted
    cross join profile

),

valued as (

    select
        judged.*,
        case when judged.missing_reason is null then judged.all_numerator end as numerator,
        case when judged.statistic = 'mean' and judged.has_source then judged.all_denominator end as denominator,
        case
            when judged.missing_reason is null
                then {{ board_value(
                    'judged.unit', 'judged.statistic', 'judged.all_numerator', 'judged.all_denominator'
                ) }}
        end as metric_value
    from judged

),

compared as (

    select
        *,
        lag(metric_value, {{ board_trend_days() }}) over (partition by metric order by metric_date) as value_before
    from valued

),

trended as (

    select
        compared.*,
        {{ metric_gap('compared.unit', 'compared.metric_value', 'compared.value_before') }} as trend_7d,
        {{ target_status(
            'compared.metric_value', 'compared.target', 'compared.direction', 'cast(null as double)',
            'compared.alarm_at'
        ) }} as reached_state,
        compared.target is not null
        and compared.metric_value is not null
        and compared.statistic = 'mean'
        and compared.denominator < profile.target_min_count as is_of_too_few
    from compared
    cross join profile

),

-- W6: missed, and on the way to worse.
flagged as (

    select
        *,
        -- What the figures say, of however few they are.
        case
            when metric_value is null then 'no_value'
            when target is null then 'no_target'
            when reached_state = 'met' then 'met'
            else 'missed'
        end as target_state,
        coalesce(is_of_too_few, false) as is_too_few,
        case when target is not null and metric_value is not null and not is_of_too_few then reached_state != 'met' end
            as is_target_missed,
        case
            when alarm_at is not null and metric_value is not null and not coalesce(is_of_too_few, false)
                then reached_state = 'alarm'
        end as is_alarm_reached,
        case when direction = 'at_most' then trend_7d > 0 else trend_7d < 0 end as is_getting_worse
    from trended

)

select
    flagged.metric,
    flagged.metric_date,
    flagged.category,
    flagged.unit,
    flagged.metric_value as {{ quoted('value') }},
    cast(flagged.numerator as decimal(24, 2)) as numerator,
    cast(flagged.denominator as bigint) as denominator,
    flagged.window_days,
    flagged.target as target_value,
    flagged.alarm_at,
    flagged.direction,
    {{ plain_zero('flagged.trend_7d') }} as trend_7d,
    flagged.target_state,
    flagged.is_too_few,
    flagged.is_target_missed,
    flagged.is_alarm_reached,
    case when flagged.is_target_missed is not null then flagged.is_target_missed and flagged.is_getting_worse end
        as is_abnormal,
    flagged.owner,
    flagged.missing_reason,
    flagged.rule_id,
    bounds.as_of_date
from flagged
cross join bounds
where flagged.metric_date >= bounds.shown_from
