with newest as (

    {{ newest_version('campaigns', ['campaign_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

started_by_then as (

    select
        -- ids
        newest.campaign_id,

        -- descriptions
        newest.name as campaign_name,
        newest.goal,

        -- numbers
        newest.cost as campaign_cost,
        newest.holdout_share,

        -- days
        newest.starts_on,
        newest.ends_on
    from newest
    cross join run_parameters
    where newest.starts_on <= run_parameters.as_of_date

)

select * from started_by_then
