with newest as (

    {{ newest_version('tickets', ['ticket_id'], has_updated_at=true) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

received_by_then as (

    select
        -- ids
        newest.ticket_id,
        newest.customer_id,

        -- descriptions
        newest.ticket_type,
        newest.category,
        newest.severity,
        newest.channel,
        newest.owner,
        newest.improvement,

        -- numbers: a score is given when the ticket is settled
        case when cast(newest.resolved_at as date) <= run_parameters.as_of_date then newest.satisfaction_score end
            as satisfaction_score,

        -- instants
        newest.received_at,
        newest.due_at,
        case when cast(newest.first_response_at as date) <= run_parameters.as_of_date then newest.first_response_at end
            as first_response_at,
        case when cast(newest.resolved_at as date) <= run_parameters.as_of_date then newest.resolved_at end
            as resolved_at,
        case when cast(newest.called_back_at as date) <= run_parameters.as_of_date then newest.called_back_at end
            as called_back_at
    from newest
    cross join run_parameters
    where cast(newest.received_at as date) <= run_parameters.as_of_date

)

select * from received_by_then
