with run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

periods as (

    select * from {{ ref('int_evaluation_periods') }}

),

days as (

    select as_of_date as snapshot_on from run_parameters
    union distinct
    select opening_on as snapshot_on from periods
    union distinct
    select period_end as snapshot_on from periods

),

marked as (

    select
        days.snapshot_on,
        days.snapshot_on = run_parameters.as_of_date as is_as_of,
        {{ add_months('days.snapshot_on', '-profile.rfm_window_months') }} as rfm_window_opens_after,
        case
            when profile.score_window_months > 0
                then {{ add_months('days.snapshot_on', '-profile.score_window_months') }}
        end as score_window_opens_after
    from days
    cross join run_parameters
    cross join {{ ref('int_profile') }} as profile
    where days.snapshot_on <= run_parameters.as_of_date

)

select * from marked
