{% set asked = asked_metrics() %}
{% set parts = [] %}
{% for metric in asked if metric_argument(metric) is not none %}{% do parts.append(metric) %}{% endfor %}
{% set kinds = {"interactions_12m": "interaction", "complaints_12m": "complaint"} %}

with days as (

    select * from {{ ref('int_engagement_days') }}
    where events > 0

),

snapshots as (

    select
        snapshot_on,
        rfm_window_opens_after as year_opens_after,
        {{ add_days('snapshot_on', -90) }} as quarter_opens_after,
        {{ add_days('snapshot_on', -180) }} as half_opens_after,
        {{ add_days('snapshot_on', -360) }} as previous_half_opens_after
    from {{ ref('int_snapshot_dates') }}
    where is_rebuilt

),

event_days as (

    select distinct event_on from days

),

-- What a day counts for at a snapshot: worked out once a day and not once an event.
seen as (

    select
        event_days.event_on,
        snapshots.snapshot_on,
        event_days.event_on > snapshots.year_opens_after as is_in_year,
        event_days.event_on > snapshots.quarter_opens_after as is_in_quarter,
        event_days.event_on > snapshots.half_opens_after as is_in_half,
        event_days.event_on > snapshots.previous_half_opens_after
        and event_days.event_on <= snapshots.half_opens_after as is_in_previous_half
    from event_days
    inner join snapshots
        on
            event_days.event_on <= snapshots.snapshot_on
            and event_days.event_on
            > least(snapshots.year_opens_after, snapshots.previous_half_opens_after)

),

counted as (

    select
        days.customer_id,
        seen.snapshot_on,
        sum(case when days.kind = 'interaction' and seen.is_in_quarter then days.events else 0 end)
            as interactions_90d,
        sum(
            case
                when days.kind = 'interaction' and seen.is_in_half and not seen.is_in_quarter then days.events
                else 0
            end
        ) as interactions_previous_90d,
        sum(case when days.kind = 'interaction' and seen.is_in_year then days.events else 0 end) as interactions_12m,
        max(case when days.kind = 'interaction' and seen.is_in_year then days.event_on end) as last_interaction_on,
        sum(case when days.kind = 'complaint' and seen.is_in_year then days.events else 0 end) as complaints_12m,
        {% for metric in parts %}
        sum(
            case
                when
                    days.kind = '{{ kinds[metric_name(metric)] }}'
                    and days.detail = {{ sql_text(metric_argument(metric)) }}
                    and seen.is_in_year
                    then days.events
                else 0
            end
        ) as {{ metric_column(metric) }},
        {% endfor %}
        {{ rounded(
            "cast(sum(case when days.kind = 'answer' and seen.is_in_half then days.satisfaction_points end) as double)"
            ~ " / sum(case when days.kind = 'answer' and seen.is_in_half then days.events * 60 end)",
            6
        ) }} as satisfaction_score,
        {{ rounded(
            "cast(sum(case when days.kind = 'answer' and seen.is_in_previous_half then days.satisfaction_points end)"
            ~ " as double)"
            ~ " / sum(case when days.kind = 'answer' and seen.is_in_previous_half then days.events * 60 end)",
            6
        ) }} as previous_satisfaction_score
    from days
    inner join seen on days.event_on = seen.event_on
    group by days.customer_id, seen.snapshot_on

)

select * from counted
