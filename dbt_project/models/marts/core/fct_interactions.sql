with interactions as (

    select * from {{ ref('stg_interactions') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- Whose interaction it is; all below goes by it.
of_customers as (

    select
        interactions.*,
        {{ golden_customer('interactions.customer_id') }} as golden_customer_id
    from interactions
    {{ join_golden_customer('interactions.customer_id') }}

)

select
    of_customers.interaction_id,
    of_customers.golden_customer_id as customer_id,
    of_customers.channel,
    of_customers.interaction_type,
    of_customers.direction,
    of_customers.staff,
    of_customers.occurred_at,
    cast(of_customers.occurred_at as date) as occurred_on,
    of_customers.recorded_at,
    {{ minutes_between('of_customers.occurred_at', 'of_customers.recorded_at') }} as recording_delay_minutes,
    run_parameters.as_of_date
from of_customers
cross join run_parameters
