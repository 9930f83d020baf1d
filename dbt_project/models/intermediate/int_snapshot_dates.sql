{{ config(materialized=changed_in_place(), incremental_strategy='replace', incremental_predicates=['true']) }}
{% set is_increment = is_increment() %}
{% set changed_orders = ref('int_changed_orders') %}
{% set known_customers = ref('int_known_customers') %}
{% set changed_engagement = ref('int_engagement_days') %}
{% set changed_preferences = ref('int_changed_preferences') %}

with run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

periods as (

    select * from {{ ref('int_evaluation_periods') }}

),

-- Counted back from the month that holds the day after the as-of day, so that a month-end closes its own month.
month_ends as (

    select dates.date_day as month_end
    from {{ ref('dim_dates') }} as dates
    cross join run_parameters
    cross join profile
    where
        dates.is_month_end
        and (
            profile.history_months = 0
            or dates.month_start >= {{ add_months(
                month_start(add_days('run_parameters.as_of_date', 1)), '-profile.history_months'
            ) }}
        )

),

days as (

    select as_of_date as snapshot_on from run_parameters
    union distinct
    select opening_on as snapshot_on from periods
    union distinct
    select period_end as snapshot_on from periods
    union distinct
    select month_end as snapshot_on from month_ends

),

marked as (

    select
        days.snapshot_on,
        days.snapshot_on = run_parameters.as_of_date as is_as_of,
        month_ends.month_end is not null as is_month_end,
        {{ add_months('days.snapshot_on', '-profile.rfm_window_months') }} as rfm_window_opens_after,
        case
            when profile.score_window_months > 0
                then {{ add_months('days.snapshot_on', '-profile.score_window_months') }}
        end as score_window_opens_after
    from days
    cross join run_parameters
    cross join profile
    left join month_ends on days.snapshot_on = month_ends.month_end
    where days.snapshot_on <= run_parameters.as_of_date

),

{% if is_increment %}
changes as (

    select changed_from from {{ changed_orders }}
    union all
    select changed_from from {{ known_customers }}
    union all
    select changed_from from {{ changed_engagement }}
    union all
    select changed_from from {{ changed_preferences }}

),

first_changes as (

    select min(changed_from) as changed_from from changes

),

-- The as-of day alone knows customers without a day of their own: the one before is described anew if it stays. So is a
-- day that joins or leaves the history: what is made of the history's months asks whether they are described anew.
compared as (

    select
        marked.*,
        coalesce(
            marked.is_as_of
            or former.snapshot_on is null
            or former.is_as_of
            or former.is_month_end != marked.is_month_end
            or marked.snapshot_on >= first_changes.changed_from,
            false
        ) as is_rebuilt
    from marked
    cross join first_changes
    left join {{ this }} as former on marked.snapshot_on = former.snapshot_on

)
{% else %}
compared as (

    select
        *,
        true as is_rebuilt
    from marked

)
{% endif %}

select * from compared
