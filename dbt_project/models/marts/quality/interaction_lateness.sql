with interactions as (

    select * from {{ ref('fct_interactions') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A source that never says when it recorded gives no figure: its nulls are no lateness.
recording as (

    select count(recorded_at) > 0 as is_recorded_at_all
    from interactions

),

judged as (

    select
        {{ week_start('interactions.occurred_on') }} as week_start,
        interactions.staff,
        interactions.recording_delay_minutes,
        interactions.recorded_at is not null as is_recorded,
        interactions.recording_delay_minutes > profile.recording_hours * 60 as is_late,
        -- The time to record it is not over on the as-of day.
        interactions.recorded_at is null
        and {{ add_days('interactions.occurred_on', 'ceil(profile.recording_hours / 24.0)') }}
        > run_parameters.as_of_date as is_pending
    from interactions
    cross join profile
    cross join run_parameters

),

counted as (

    select
        week_start,
        staff,
        count(*) as interactions,
        sum(case when is_recorded and is_late then 1 else 0 end) as late,
        sum(case when not is_recorded and not is_pending then 1 else 0 end) as missing,
        sum(case when is_pending then 1 else 0 end) as pending,
        {{ median('recording_delay_minutes') }} as median_delay_minutes
    from judged
    group by week_start, staff

)

select
    counted.week_start,
    counted.staff,
    cast(counted.interactions as integer) as interactions,
    cast(case when recording.is_recorded_at_all then counted.late end as integer) as late,
    cast(case when recording.is_recorded_at_all then counted.missing end as integer) as missing,
    cast(case when recording.is_recorded_at_all then counted.pending end as integer) as pending,
    case
        when recording.is_recorded_at_all
            then cast(counted.late + counted.missing as double) / nullif(counted.interactions - counted.pending, 0)
    end as late_share,
    counted.median_delay_minutes,
    case
        when not recording.is_recorded_at_all then 'no_recording_times'
        when counted.interactions = counted.pending then 'all_pending'
    end as missing_reason,
    run_parameters.as_of_date
from counted
cross join recording
cross join run_parameters
