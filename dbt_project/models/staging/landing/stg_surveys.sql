with newest as (

    {{ newest_version('surveys', ['response_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

answered_by_then as (

    select
        -- ids
        newest.response_id,
        newest.customer_id,

        -- descriptions
        newest.survey_type,
        newest.touchpoint,
        newest.channel,
        newest.region,

        -- numbers
        newest.score,

        -- instants
        newest.responded_at
    from newest
    cross join run_parameters
    where cast(newest.responded_at as date) <= run_parameters.as_of_date

)

select * from answered_by_then
