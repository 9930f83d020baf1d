with hours as (

    {{ profile_rows(ref('working_hours'), 'rule_rows.region') }}

),

-- A shift that ends at or before its beginning ends on the next day.
parsed as (

    select
        region,
        holiday_calendar,
        iso_weekday,
        cast(substr(opens_at, 1, 2) as integer) * 60 + cast(substr(opens_at, 4, 2) as integer) as opens_minute,
        cast(substr(closes_at, 1, 2) as integer) * 60 + cast(substr(closes_at, 4, 2) as integer) as closes_minute
    from hours

)

select
    region,
    holiday_calendar,
    iso_weekday,
    opens_minute,
    case when closes_minute > opens_minute then closes_minute else closes_minute + 1440 end as closes_minute
from parsed
