with newest as (

    {{ newest_version('touch_plans', ['plan_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

planned_by_then as (

    select
        -- ids
        newest.plan_id,
        newest.campaign_id,

        -- descriptions
        newest.scheme,
        newest.tier,
        newest.channel,
        newest.theme,
        newest.executor,

        -- numbers
        newest.planned_count,

        -- days
        newest.planned_on
    from newest
    cross join run_parameters
    where newest.planned_on <= run_parameters.as_of_date

)

select * from planned_by_then
