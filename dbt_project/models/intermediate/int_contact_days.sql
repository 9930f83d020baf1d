with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

holidays as (

    select holidays.*
    from {{ ref('holidays') }} as holidays
    inner join profile on holidays.holiday_calendar = profile.contact_holiday_calendar

),

spine as (

    {{ day_spine('bounds', 'days_from', 'days_until') }}

),

opened as (

    select
        spine.date_day,
        {{ month_start('spine.date_day') }} as month_start,
        {{ week_start('spine.date_day') }} as week_start,
        {{ is_open_day('spine.date_day', 'holidays', 'profile') }} as is_open
    from spine
    cross join profile
    left join holidays on spine.date_day = holidays.holiday_on

),

numbered as (

    select
        *,
        cast(sum(case when is_open then 1 else 0 end) over (partition by month_start) as integer) as open_days,
        cast(
            sum(case when is_open then 1 else 0 end) over (
                partition by month_start order by date_day rows between unbounded preceding and current row
            ) as integer
        ) - case when is_open then 1 else 0 end as open_number,
        min(case when is_open then date_day end) over (
            order by date_day rows between current row and unbounded following
        ) as next_open_on
    from opened

)

select * from numbered
