with hours as (

    select * from {{ ref('int_working_hours') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- From the day before the first ticket, whose night shift reaches into it, to the horizon.
bounds as (

    select
        {{ add_days('min(tickets.received_on)', -1) }} as first_day,
        {{ add_days('max(tickets.as_of_date)', 'max(profile.sla_horizon_days)') }} as last_day
    from {{ ref('fct_tickets') }} as tickets
    cross join profile
    having count(*) > 0

),

days as (

    {{ day_spine('bounds', 'first_day', 'last_day') }}

),

regions as (

    select
        region,
        min(holiday_calendar) as holiday_calendar
    from hours
    group by region

),

-- A make-up working day has the hours of weekday 0; a holiday has none.
dated as (

    select
        regions.region,
        days.date_day,
        case
            when holidays.is_working_day then 0
            when holidays.is_working_day is null then {{ iso_weekday('days.date_day') }}
        end as iso_weekday
    from days
    cross join regions
    left join {{ ref('holidays') }} as holidays
        on regions.holiday_calendar = holidays.holiday_calendar and days.date_day = holidays.holiday_on

),

shifts as (

    select
        dated.region,
        {{ utc_micros(minutes_into('dated.date_day', 'hours.opens_minute'), 'run_parameters.timezone') }} as opens_us,
        {{ utc_micros(minutes_into('dated.date_day', 'hours.closes_minute'), 'run_parameters.timezone') }} as closes_us
    from dated
    cross join run_parameters
    inner join hours on dated.region = hours.region and dated.iso_weekday = hours.iso_weekday

),

-- Shifts that touch or overlap are one span of open time.
compared as (

    select
        *,
        max(closes_us) over (
            partition by region order by opens_us, closes_us rows between unbounded preceding and 1 preceding
        ) as open_until_us
    from shifts
    where closes_us > opens_us

),

numbered as (

    select
        region,
        opens_us,
        closes_us,
        cast(sum(case when opens_us <= open_until_us then 0 else 1 end) over (
            partition by region order by opens_us, closes_us rows between unbounded preceding and current row
        ) as integer) as span_number
    from compared

),

spans as (

    select
        region,
        span_number,
        min(opens_us) as opens_us,
        max(closes_us) as closes_us
    from numbered
    group by region, span_number

)

select
    region,
    span_number,
    opens_us,
    closes_us,
    -- Open time before the span, and up to its end.
    cast(sum(closes_us - opens_us) over (
        partition by region order by span_number rows between unbounded preceding and current row
    ) as bigint) - (closes_us - opens_us) as open_before_us,
    cast(sum(closes_us - opens_us) over (
        partition by region order by span_number rows between unbounded preceding and current row
    ) as bigint) as open_until_us
from spans
