with tiers as (

    select * from {{ ref('int_customer_tiers') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

compared as (

    select
        *,
        lag(tier) over (partition by customer_id, scheme order by snapshot_on) as tier_before
    from tiers

),

-- A change is a snapshot whose tier differs from the snapshot before it; the first snapshot is none.
changes as (

    select
        customer_id,
        scheme,
        snapshot_on as changed_on,
        tier_before as previous_tier
    from compared
    where tier_before is not null and tier_before != tier
    qualify row_number() over (partition by customer_id, scheme order by snapshot_on desc) = 1

),

current_tiers as (

    select * from tiers
    where is_as_of

)

select
    current_tiers.customer_id,
    current_tiers.scheme,
    current_tiers.tier,
    cast(current_tiers.tier_rank as integer) as tier_rank,
    current_tiers.rule_id,
    current_tiers.reason,
    current_tiers.scheme = profile.primary_scheme as is_primary_scheme,
    changes.previous_tier,
    changes.changed_on,
    current_tiers.snapshot_on as as_of_date
from current_tiers
cross join profile
left join changes
    on current_tiers.customer_id = changes.customer_id and current_tiers.scheme = changes.scheme
