with reviewed as (

    select * from {{ ref('stg_tier_reviews') }}

),

decisions as (

    select * from {{ ref('stg_tier_decisions') }}

),

opened as (

    select
        review_id,
        scheme,
        max(reviewed_on) as reviewed_on,
        min(opened_at) as opened_at
    from reviewed
    group by review_id, scheme

),

followed as (

    select
        review_id,
        scheme,
        reviewed_on,
        lead(opened_at) over (partition by scheme order by reviewed_on, opened_at) as followed_at
    from opened

),

-- What is decided once the next review is open comes too late: that one was made from what was in force without it.
in_time as (

    select decisions.*
    from decisions
    inner join followed
        on
            decisions.review_id = followed.review_id
            and decisions.scheme = followed.scheme
            and (followed.followed_at is null or decisions.decided_at < followed.followed_at)

),

last_decisions as (

    select *
    from in_time
    qualify row_number() over (partition by review_id, scheme, customer_id order by decided_order desc) = 1

),

-- A decision that names the customer counts before one on the whole review.
decided as (

    select
        reviewed.review_id,
        reviewed.scheme,
        reviewed.customer_id,
        followed.reviewed_on,
        followed.followed_at,
        reviewed.tier_before,
        reviewed.tier_after,
        reviewed.value_at_stake,
        coalesce(own.decision, whole.decision) as decision,
        case when own.decision is not null then own.approver else whole.approver end as approver,
        case when own.decision is not null then own.decided_at else whole.decided_at end as decided_at
    from reviewed
    inner join followed on reviewed.review_id = followed.review_id and reviewed.scheme = followed.scheme
    left join last_decisions as own
        on
            reviewed.review_id = own.review_id
            and reviewed.scheme = own.scheme
            and reviewed.customer_id = own.customer_id
    left join last_decisions as whole
        on
            reviewed.review_id = whole.review_id
            and reviewed.scheme = whole.scheme
            and whole.customer_id is null

),

judged as (

    select
        *,
        case
            when tier_before = tier_after then 'unchanged'
            when decision is not null then decision
            when followed_at is not null then 'superseded'
            else 'waiting'
        end as review_status
    from decided

),

-- Of profiles that have become one customer since, the one that lends its ID speaks for all.
merged as (

    select
        judged.review_id,
        judged.scheme,
        {{ golden_customer('judged.customer_id') }} as customer_id,
        judged.reviewed_on,
        judged.tier_before,
        judged.tier_after,
        judged.value_at_stake,
        judged.review_status,
        case when judged.review_status in ('approved', 'rejected') then judged.approver end as approver,
        case when judged.review_status in ('approved', 'rejected') then judged.decided_at end as decided_at
    from judged
    {{ join_golden_customer('judged.customer_id') }}
    qualify row_number() over (
        partition by judged.review_id, judged.scheme, {{ golden_customer('judged.customer_id') }}
        order by case when merged_customers.golden_customer_id is null then 0 else 1 end, judged.customer_id
    ) = 1

)

select * from merged
