-- A large table that is read twice is read by its name: engines copy a shared CTE.
{% set decisions = ref('int_identity_decisions') %}

with links as (

    select
        shared_keys.customer_id as node,
        shared_keys.link_id
    from {{ ref('int_identity_keys') }} as shared_keys
    where shared_keys.key_kind = 'registration' and shared_keys.link_id is not null
    union distinct
    select
        decisions.customer_id as node,
        'decision:' || decisions.decision_id as link_id
    from {{ decisions }} as decisions
    where decisions.decided_action = 'merge' and decisions.other_customer_id is not null
    union distinct
    select
        decisions.other_customer_id as node,
        'decision:' || decisions.decision_id as link_id
    from {{ decisions }} as decisions
    where decisions.decided_action = 'merge' and decisions.other_customer_id is not null

),

{{ spread_labels('links') }},

grouped as (

    select distinct
        node as customer_id,
        label as candidate_id,
        case when is_unsettled then node else label end as group_id,
        is_unsettled
    from spread

),

described as (

    select
        grouped.*,
        cast(count(*) over (partition by grouped.group_id) as integer) as group_size,
        count(customers.registration_no_hash) over (partition by grouped.group_id) > 0 as has_registration,
        -- A group of both types is of none: whatever else is linked with it is of its type.
        case
            when
                min(customers.customer_type) over (partition by grouped.group_id)
                = max(customers.customer_type) over (partition by grouped.group_id)
                then min(customers.customer_type) over (partition by grouped.group_id)
        end as group_type
    from grouped
    left join {{ ref('stg_customers') }} as customers on grouped.customer_id = customers.customer_id

)

select * from described
