with tickets as (

    select * from {{ ref('stg_tickets') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- Whose ticket it is; null where nobody knows.
of_customers as (

    select
        tickets.*,
        {{ golden_customer('tickets.customer_id') }} as golden_customer_id
    from tickets
    {{ join_golden_customer('tickets.customer_id') }}

)

select
    of_customers.ticket_id,
    of_customers.golden_customer_id as customer_id,
    of_customers.ticket_type,
    of_customers.category,
    of_customers.severity,
    of_customers.channel,
    of_customers.owner,
    of_customers.received_at,
    cast(of_customers.received_at as date) as received_on,
    of_customers.first_response_at,
    of_customers.due_at,
    of_customers.resolved_at,
    cast(of_customers.resolved_at as date) as resolved_on,
    of_customers.called_back_at,
    {{ minutes_between('of_customers.received_at', 'of_customers.first_response_at') }} as first_response_minutes,
    {{ minutes_between('of_customers.received_at', 'of_customers.resolved_at') }} as resolution_minutes,
    {{ minutes_between('of_customers.resolved_at', 'of_customers.called_back_at') }} as call_back_minutes,
    of_customers.resolved_at is not null as is_resolved,
    cast(of_customers.satisfaction_score as integer) as satisfaction_score,
    of_customers.improvement,
    run_parameters.as_of_date
from of_customers
cross join run_parameters
