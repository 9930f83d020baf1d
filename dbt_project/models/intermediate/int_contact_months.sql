with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

days as (

    select * from {{ ref('int_contact_days') }}

),

month_ends as (

    select snapshot_on from {{ ref('int_snapshot_dates') }}
    where is_month_end

),

months as (

    select
        days.month_start as plan_month,
        max({{ add_days('days.month_start', -1) }} > bounds.as_of_date) as is_provisional
    from days
    cross join bounds
    where
        days.date_day between least(bounds.first_trigger_month, {{ month_start('bounds.touches_from') }})
        and bounds.plan_until
    group by days.month_start

)

-- The tiers of the last month-end before a month make its plan; of a month to come, those of the last there is.
select
    months.plan_month,
    months.is_provisional,
    max(month_ends.snapshot_on) as tier_on
from months
left join month_ends on months.plan_month > month_ends.snapshot_on
group by months.plan_month, months.is_provisional
