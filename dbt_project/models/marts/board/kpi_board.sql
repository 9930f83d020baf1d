with metrics as (

    select * from {{ ref('int_board_metrics') }}

),

history as (

    select * from {{ ref('kpi_history') }}

),

contributions as (

    select * from {{ ref('kpi_contributions') }}

),

latest as (

    select history.*
    from history
    where history.metric_date = history.as_of_date

),

-- Of all that could be the reason, what moved furthest apart from the rest of its dimension.
placed as (

    select
        *,
        row_number() over (
            partition by metric
            order by abs(departure_score) desc, share_of_change desc, dimension asc, dimension_value asc
        ) as place
    from contributions
    where is_possible_reason

),

reasons as (

    select * from placed
    where place = 1

),

joined as (

    select
        latest.*,
        metrics.{{ quoted('position') }} as place_on_board,
        reasons.dimension as reason_dimension,
        reasons.dimension_value as reason_value,
        reasons.share_of_change as reason_share,
        reasons.contribution as reason_contribution,
        reasons.departure_score as reason_departure_score,
        reasons.value_before as reason_value_before,
        reasons.value_now as reason_value_now
    from latest
    inner join metrics on latest.metric = metrics.metric
    left join reasons on latest.metric = reasons.metric

)

select
    joined.metric,
    cast(joined.place_on_board as integer) as {{ quoted('position') }},
    joined.category,
    joined.unit,
    joined.{{ quoted('value') }} as current_value,
    joined.numerator,
    joined.denominator,
    joined.window_days,
    joined.target_value,
    joined.alarm_at,
    joined.direction,
    joined.trend_7d,
    joined.target_state,
    joined.is_too_few,
    joined.is_target_missed,
    joined.is_alarm_reached,
    joined.is_abnormal,
    joined.owner,
    joined.reason_dimension,
    joined.reason_value,
    joined.reason_share,
    joined.reason_contribution,
    joined.reason_departure_score,
    case
        when joined.reason_dimension is not null
            then
                joined.reason_dimension || ' ' || joined.reason_value || ': '
                || coalesce({{ as_text('joined.reason_value_before', 4) }}, 'nothing') || ' to '
                || coalesce({{ as_text('joined.reason_value_now', 4) }}, 'nothing') || ', '
                || {{ as_text('100 * joined.reason_share', 0) }} || ' % of the change of '
                || {{ as_text('joined.trend_7d', 2) }}
                || case joined.unit when 'rate' then ' percentage points' when 'points' then ' points' else '' end
                || ' in 7 days'
    end as reason,
    case
        when joined.reason_dimension is not null then null
        when joined.missing_reason is not null then 'no_value'
        when joined.trend_7d is null then 'no_value_before'
        when joined.trend_7d = 0 then 'no_change'
        else 'spread_out'
    end as no_reason,
    joined.missing_reason,
    joined.rule_id,
    joined.as_of_date
from joined
