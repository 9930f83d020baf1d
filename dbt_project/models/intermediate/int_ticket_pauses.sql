with courses as (

    select * from {{ ref('int_ticket_courses') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A ticket that is reopened is at work again.
turns as (

    select
        ticket_id,
        event_id,
        occurred_at,
        event_type = 'paused' as is_paused,
        lag(event_type) over (partition by ticket_id order by occurred_at, event_id) as event_before
    from {{ ref('stg_ticket_events') }}
    where event_type in ('paused', 'resumed', 'reopened')

),

-- What says again what holds already turns nothing.
changes as (

    select
        ticket_id,
        is_paused,
        occurred_at as from_at,
        lead(occurred_at) over (partition by ticket_id order by occurred_at, event_id) as until_at
    from turns
    where is_paused != coalesce(event_before = 'paused', false)

),

placed as (

    select
        changes.ticket_id,
        courses.hours_region,
        courses.received_us,
        greatest({{ utc_micros('changes.from_at', 'run_parameters.timezone') }}, courses.received_us) as from_us,
        least(
            coalesce({{ utc_micros('changes.until_at', 'run_parameters.timezone') }}, courses.now_us),
            coalesce(courses.settled_us, courses.now_us)
        ) as until_us,
        changes.until_at is null and courses.settled_us is null as is_running
    from changes
    cross join run_parameters
    inner join courses on changes.ticket_id = courses.ticket_id
    where changes.is_paused

)

select *
from placed
where until_us > from_us
