with newest as (

    {{ newest_version('ticket_events', ['event_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

happened_by_then as (

    select
        -- ids
        newest.event_id,
        newest.ticket_id,

        -- descriptions
        newest.event_type,

        -- instants
        newest.occurred_at
    from newest
    cross join run_parameters
    where cast(newest.occurred_at as date) <= run_parameters.as_of_date

)

select * from happened_by_then
