{% set shown = 20 %}
{% set groups = ref('int_identity_groups') %}

-- The key's hash stays behind: a case is named by the first profile that it concerns.
with too_common as (

    select
        customer_id,
        'key_too_common' as review_reason,
        key_kind,
        key_kind || key_hash as case_id
    from {{ ref('int_identity_keys') }}
    where is_too_common

),

not_linked as (

    select
        customer_id,
        review_reason,
        'several' as key_kind,
        candidate_id as case_id
    from {{ ref('int_identity_clusters') }}
    where review_reason is not null

),

not_settled as (

    select
        strong_groups.customer_id,
        'cluster_too_large' as review_reason,
        'registration' as key_kind,
        -- A chain that the rounds did not reach the end of is one case, whatever labels they left in it.
        'registration' as case_id
    from {{ groups }} as strong_groups
    where strong_groups.is_unsettled

),

cases as (

    select * from too_common
    union all
    select * from not_linked
    union all
    select * from not_settled

),

numbered as (

    select
        *,
        min(customer_id) over (partition by review_reason, key_kind, case_id) as first_customer_id,
        row_number() over (partition by review_reason, key_kind, case_id order by customer_id) as place
    from cases

),

listed as (

    select
        review_reason,
        key_kind,
        case_id,
        first_customer_id,
        cast(count(*) as integer) as customers,
        {{ joined_texts('case when place <= ' ~ shown ~ ' then customer_id end') }} as customer_ids
    from numbered
    group by review_reason, key_kind, case_id, first_customer_id

)

select
    listed.review_reason,
    listed.key_kind,
    listed.first_customer_id,
    listed.customers,
    listed.customer_ids,
    run_parameters.as_of_date
from listed
cross join {{ source('raw', 'run_parameters') }} as run_parameters
