with newest as (

    {{ newest_version('interactions', ['interaction_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

happened_by_then as (

    select
        -- ids
        newest.interaction_id,
        newest.customer_id,

        -- descriptions
        newest.channel,
        newest.interaction_type,
        newest.direction,
        newest.staff,

        -- instants
        newest.occurred_at,
        case when cast(newest.recorded_at as date) <= run_parameters.as_of_date then newest.recorded_at end
            as recorded_at
    from newest
    cross join run_parameters
    where cast(newest.occurred_at as date) <= run_parameters.as_of_date

)

select * from happened_by_then
