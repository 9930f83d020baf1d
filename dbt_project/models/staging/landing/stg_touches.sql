with newest as (

    {{ newest_version('touches', ['touch_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A touch is seen from its day on; what followed it is seen only once it has happened too.
made_by_then as (

    select
        -- ids
        newest.touch_id,
        newest.customer_id,
        newest.plan_id,
        newest.campaign_id,

        -- descriptions
        newest.channel,
        newest.variant,
        newest.feedback,

        -- instants
        newest.touched_at,
        case when cast(newest.delivered_at as date) <= run_parameters.as_of_date then newest.delivered_at end
            as delivered_at,
        case when cast(newest.opened_at as date) <= run_parameters.as_of_date then newest.opened_at end as opened_at,
        case when cast(newest.clicked_at as date) <= run_parameters.as_of_date then newest.clicked_at end as clicked_at,
        case when cast(newest.responded_at as date) <= run_parameters.as_of_date then newest.responded_at end
            as responded_at
    from newest
    cross join run_parameters
    where cast(newest.touched_at as date) <= run_parameters.as_of_date

)

select * from made_by_then
