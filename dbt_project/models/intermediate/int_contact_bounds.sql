with run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

triggers as (

    {{ profile_rows(ref('contact_triggers'), 'rule_rows.trigger') }}

),

offsets as (

    select
        coalesce(min(offset_days), 0) as least_offset,
        coalesce(max(offset_days), 0) as greatest_offset,
        coalesce(max(valid_for_days), 0) as longest_valid
    from triggers

),

-- Contacts are planned by whole months, and only the days of a run are shown: so the plan of a month is
-- the same on every day that shows some of it.
shown as (

    select
        run_parameters.as_of_date,
        {{ add_days('run_parameters.as_of_date', '1 - profile.contact_overdue_days') }} as shown_from,
        {{ add_days('run_parameters.as_of_date', 'profile.contact_horizon_days') }} as shown_until
    from run_parameters
    cross join profile

),

-- The last days of the month before share a week, or a gap, with the plan's first.
bordered as (

    select
        *,
        {{ add_days(add_months(month_start('shown_until'), 1), -1) }} as plan_until,
        {{ add_days(week_start(month_start('shown_from')), -contact_gap_days()) }} as border_from
    from shown

),

-- A trigger of longer ago can still be what a touch of these days was for.
reaching as (

    select
        bordered.*,
        offsets.least_offset,
        offsets.greatest_offset,
        {{ add_days('bordered.border_from', '-offsets.longest_valid') }} as triggers_from
    from bordered
    cross join offsets

)

select
    reaching.as_of_date,
    reaching.shown_from,
    reaching.shown_until,
    reaching.plan_until,
    reaching.border_from,
    {{ month_start('reaching.border_from') }} as first_month,
    reaching.triggers_from,
    {{ month_start('reaching.triggers_from') }} as first_trigger_month,
    {{ add_days(month_start('reaching.triggers_from'), '-reaching.greatest_offset - 14') }} as events_from,
    {{ add_days('reaching.plan_until', '-reaching.least_offset') }} as events_until,
    -- The longest period of a policy that a contact of these days can be in.
    {{ add_months(
        month_start('reaching.border_from'), '-((extract(month from reaching.border_from) - 1) % 6)'
    ) }} as touches_from,
    -- Whole years around them, so that every period has all its days.
    {{ add_months(
        month_start('reaching.border_from'), '-11 - extract(month from reaching.border_from)'
    ) }} as days_from,
    {{ add_days(add_months(
        month_start('reaching.plan_until'), '25 - extract(month from reaching.plan_until)'
    ), -1) }} as days_until
from reaching
