with metrics as (

    select max(window_days) as longest_window_days
    from {{ ref('int_board_metrics') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

snapshots as (

    select * from {{ ref('int_snapshot_dates') }}

),

-- The first day that is shown has a trend too.
opened as (

    select
        run_parameters.as_of_date,
        {{ add_days('run_parameters.as_of_date', '-profile.board_history_days') }} as shown_from,
        {{ add_days('run_parameters.as_of_date', '-profile.board_history_days - ' ~ board_trend_days()) }}
            as counted_from,
        {{ add_days('run_parameters.as_of_date', -board_trend_days()) }} as compared_on,
        {{ add_days(
            'run_parameters.as_of_date',
            '-' ~ board_trend_days()
            ~ ' - greatest(profile.active_window_days, coalesce(metrics.longest_window_days, 0))'
        ) }} as compared_from,
        profile.active_window_days,
        greatest(profile.active_window_days, coalesce(metrics.longest_window_days, 0)) as longest_days
    from run_parameters
    cross join profile
    cross join metrics

),

-- Tiers as they were before anything that the two windows count: who churns has a low tier for that very reason.
bounded as (

    select
        opened.as_of_date,
        opened.shown_from,
        opened.counted_from,
        opened.compared_on,
        opened.active_window_days,
        {{ add_days('opened.counted_from', '-opened.longest_days') }} as events_from,
        {{ add_days('opened.counted_from', '-opened.active_window_days - opened.longest_days') }} as purchases_from,
        max(case when snapshots.snapshot_on <= opened.compared_from then snapshots.snapshot_on end) as tiers_on
    from opened
    left join snapshots on true
    group by
        opened.as_of_date,
        opened.shown_from,
        opened.counted_from,
        opened.compared_on,
        opened.compared_from,
        opened.active_window_days,
        opened.longest_days

)

select * from bounded
