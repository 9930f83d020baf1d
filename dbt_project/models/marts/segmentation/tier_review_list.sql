with reviews as (

    select * from {{ ref('int_tier_reviews') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

rules as (

    {{ profile_rows(ref('tier_rules'), 'rule_rows.scheme') }}

),

ranks as (

    select
        scheme,
        tier,
        min(rule_rank) as tier_rank
    from rules
    group by scheme, tier

),

changes as (

    select *
    from reviews
    where review_status != 'unchanged'

)

select
    changes.review_id,
    changes.scheme,
    changes.customer_id,
    customers.account_owner,
    changes.tier_before,
    changes.tier_after,
    -- A rank counts from the best tier down; one that the rules no longer have has none.
    case
        when after_ranks.tier_rank < before_ranks.tier_rank then 'up'
        when after_ranks.tier_rank > before_ranks.tier_rank then 'down'
    end as direction,
    cast(changes.value_at_stake as decimal(18, 2)) as value_at_stake,
    changes.review_status as status,
    changes.approver,
    changes.decided_at,
    run_parameters.as_of_date
from changes
cross join run_parameters
left join customers on changes.customer_id = customers.customer_id
left join ranks as before_ranks on changes.scheme = before_ranks.scheme and changes.tier_before = before_ranks.tier
left join ranks as after_ranks on changes.scheme = after_ranks.scheme and changes.tier_after = after_ranks.tier
