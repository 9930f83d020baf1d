with newest as (

    {{ newest_version('alert_decisions', ['decision_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

renamed as (

    select
        -- ids
        newest.decision_id,
        newest.alert_id,

        -- descriptions
        newest.action as decision_action,
        newest.decided_by,

        -- days and instants; several decisions of one second stand in the order in which they were recorded
        newest.effective_on,
        case when newest.action = 'snooze' then newest.snoozed_until end as snoozed_until,
        newest.decided_at,
        cast(row_number() over (order by newest.decided_at, newest._load_seq, newest._line_no) as integer)
            as decided_order
    from newest
    cross join run_parameters
    where newest.effective_on <= run_parameters.as_of_date

)

select * from renamed
