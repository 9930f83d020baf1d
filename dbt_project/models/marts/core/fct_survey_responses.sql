with surveys as (

    select * from {{ ref('stg_surveys') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- Who answered; an anonymous answer stays nobody's.
of_customers as (

    select
        surveys.*,
        {{ golden_customer('surveys.customer_id') }} as golden_customer_id
    from surveys
    {{ join_golden_customer('surveys.customer_id') }}

)

select
    of_customers.response_id,
    of_customers.golden_customer_id as customer_id,
    of_customers.survey_type,
    of_customers.touchpoint,
    of_customers.channel,
    of_customers.region,
    cast(of_customers.score as integer) as score,
    of_customers.responded_at,
    cast(of_customers.responded_at as date) as responded_on,
    of_customers.golden_customer_id is null as is_anonymous,
    run_parameters.as_of_date
from of_customers
cross join run_parameters
