with identity as (

    select * from {{ ref('int_customer_identity') }}

),

-- A decision can name profiles that the as-of day does not know yet.
known_customers as (

    select customer_id from {{ ref('dim_customers') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

told as (

    select
        identity.customer_id,
        identity.golden_customer_id,
        identity.customer_id = identity.golden_customer_id as is_golden,
        case
            when identity.decision_ids is not null then 'decision'
            when identity.key_kinds like '%registration%' then 'registration'
            when identity.key_kinds like '%email%' then 'email'
            when identity.key_kinds like '%phone%' then 'phone'
        end as matched_by,
        identity.key_kinds,
        identity.linked_ids,
        identity.cluster_size,
        case when identity.decision_ids is null then 'rule' else 'person' end as decided_by,
        identity.decision_ids
    from identity
    inner join known_customers on identity.golden_customer_id = known_customers.customer_id

)

select
    told.customer_id,
    told.golden_customer_id,
    told.is_golden,
    told.matched_by,
    told.key_kinds,
    told.linked_ids,
    told.cluster_size,
    told.decided_by,
    told.decision_ids,
    run_parameters.as_of_date
from told
cross join run_parameters
