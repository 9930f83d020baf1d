-- A table that is read twice is read by its name: engines copy a shared CTE.
{% set clusters = ref('int_identity_clusters') %}
{% set decisions = ref('int_identity_decisions') %}

with ranked as (

    select
        clusters.customer_id,
        clusters.cluster_id,
        clusters.cluster_size,
        row_number() over (
            partition by clusters.cluster_id
            order by
                case when customers.registered_on is null then 1 else 0 end,
                customers.registered_on,
                clusters.customer_id
        ) as golden_rank
    from {{ clusters }} as clusters
    left join {{ ref('stg_customers') }} as customers on clusters.customer_id = customers.customer_id
    where clusters.cluster_size > 1

),

-- The earliest to register lends its ID to all: it stays when further duplicates come.
members as (

    select
        customer_id,
        cluster_id,
        cluster_size,
        max(case when golden_rank = 1 then customer_id end) over (partition by cluster_id) as golden_customer_id
    from ranked

),

links as (

    select
        shared_keys.customer_id,
        shared_keys.key_kind,
        shared_keys.link_id,
        cast(null as {{ dbt.type_string() }}) as decision_id
    from {{ ref('int_identity_keys') }} as shared_keys
    where shared_keys.link_id is not null
    union all
    select
        decisions.customer_id,
        'decision' as key_kind,
        decisions.decision_id as link_id,
        decisions.decision_id
    from {{ decisions }} as decisions
    where decisions.decided_action = 'merge'
    union all
    select
        decisions.other_customer_id as customer_id,
        'decision' as key_kind,
        decisions.decision_id as link_id,
        decisions.decision_id
    from {{ decisions }} as decisions
    where decisions.decided_action = 'merge'

),

members_links as (

    select
        members.customer_id,
        members.cluster_id,
        links.key_kind,
        links.link_id,
        links.decision_id,
        -- Keys were laid aside where they would have joined two registrations: a link that holds has two ends here.
        count(*) over (partition by members.cluster_id, links.link_id) > 1 as is_held
    from members
    inner join links on members.customer_id = links.customer_id

),

described as (

    select
        customer_id,
        {{ joined_texts('key_kind') }} as key_kinds,
        {{ joined_texts('decision_id') }} as decision_ids
    from members_links
    where is_held
    group by customer_id

),

-- With whom a profile holds a link: who follows these IDs finds every member of the cluster.
neighbours as (

    select
        one.customer_id,
        {{ joined_texts('other.customer_id') }} as linked_ids
    from members_links as one
    inner join members_links as other
        on
            one.cluster_id = other.cluster_id
            and one.link_id = other.link_id
            and one.customer_id != other.customer_id
    group by one.customer_id

)

select
    members.customer_id,
    members.golden_customer_id,
    members.cluster_size,
    described.key_kinds,
    described.decision_ids,
    neighbours.linked_ids
from members
left join described on members.customer_id = described.customer_id
left join neighbours on members.customer_id = neighbours.customer_id
