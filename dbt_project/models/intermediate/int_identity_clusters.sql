-- A table that is read twice is read by its name: engines copy a shared CTE.
{% set groups = ref('int_identity_groups') %}
{% set keys = ref('int_identity_keys') %}

-- Profiles that a registration number or a person has joined go on as one.
with links as (

    select distinct
        coalesce(strong_groups.group_id, shared_keys.customer_id) as node,
        shared_keys.link_id,
        coalesce(strong_groups.group_size, 1) as node_size,
        coalesce(strong_groups.has_registration, shared_keys.has_registration) as has_registration,
        case
            when strong_groups.group_id is null then shared_keys.customer_type
            else strong_groups.group_type
        end as node_type
    from {{ keys }} as shared_keys
    left join {{ groups }} as strong_groups on shared_keys.customer_id = strong_groups.customer_id
    where shared_keys.key_kind != 'registration' and shared_keys.link_id is not null

),

{{ spread_labels('links', ['node_size', 'has_registration', 'node_type']) }},

nodes as (

    select distinct
        node,
        label,
        node_size,
        has_registration,
        node_type,
        is_unsettled
    from spread

),

measured as (

    select
        node,
        label,
        is_unsettled,
        cast(sum(node_size) over (partition by label) as integer) as candidate_size,
        sum(case when has_registration then 1 else 0 end) over (partition by label) as registrations,
        coalesce(
            min(node_type) over (partition by label) < max(node_type) over (partition by label), false
        ) as has_both_types
    from nodes

),

judged as (

    select
        measured.*,
        case
            when measured.is_unsettled then 'cluster_too_large'
            when measured.registrations > 1 then 'registrations_differ'
            when measured.has_both_types then 'person_and_company'
            when measured.candidate_size > profile.identity_max_cluster_size then 'cluster_too_large'
        end as review_reason
    from measured
    cross join {{ ref('int_profile') }} as profile

),

members as (

    select
        customer_id,
        group_id
    from {{ groups }}
    union distinct
    select
        shared_keys.customer_id,
        coalesce(strong_groups.group_id, shared_keys.customer_id) as group_id
    from {{ keys }} as shared_keys
    left join {{ groups }} as strong_groups on shared_keys.customer_id = strong_groups.customer_id

),

clustered as (

    select
        members.customer_id,
        members.group_id,
        case when judged.review_reason is null then coalesce(judged.label, members.group_id) else members.group_id end
            as cluster_id,
        judged.label as candidate_id,
        judged.review_reason
    from members
    left join judged on members.group_id = judged.node

),

sized as (

    select
        *,
        cast(count(*) over (partition by cluster_id) as integer) as cluster_size
    from clustered

)

select * from sized
