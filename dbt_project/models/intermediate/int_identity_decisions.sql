with decisions as (

    select * from {{ ref('stg_identity_decisions') }}

),

withdrawn as (

    select distinct withdrawn_decision_id
    from decisions
    where decided_action = 'withdraw'

),

standing as (

    select decisions.*
    from decisions
    left join withdrawn on decisions.decision_id = withdrawn.withdrawn_decision_id
    where decisions.decided_action in ('merge', 'split') and withdrawn.withdrawn_decision_id is null

),

last_splits as (

    select
        customer_id,
        max(decided_order) as decided_order
    from standing
    where decided_action = 'split'
    group by customer_id

),

-- A split undoes the merges decided before it; one decided after it holds.
in_force as (

    select
        standing.decision_id,
        standing.decided_action,
        standing.customer_id,
        standing.other_customer_id,
        standing.decision_reason,
        standing.decided_by,
        standing.decided_at
    from standing
    left join last_splits as own on standing.customer_id = own.customer_id
    left join last_splits as other_splits on standing.other_customer_id = other_splits.customer_id
    where
        standing.decided_action = 'split'
        or (
            coalesce(own.decided_order, 0) < standing.decided_order
            and coalesce(other_splits.decided_order, 0) < standing.decided_order
        )

)

select * from in_force
