with newest as (

    {{ newest_version('memberships', ['customer_id', 'level_from']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

reached_by_then as (

    select
        -- ids
        newest.customer_id,

        -- descriptions
        newest.level as membership_level,

        -- numbers
        newest.points,

        -- days
        newest.level_from
    from newest
    cross join run_parameters
    where newest.level_from <= run_parameters.as_of_date

)

select * from reached_by_then
