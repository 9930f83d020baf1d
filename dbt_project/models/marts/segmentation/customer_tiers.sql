{% set rules = rule_rows('tier_rules') %}
{% set schemes = rules | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}

-- A large table that is read twice is read by its name: engines copy a shared CTE.
with tiers as (

    select * from {{ ref('int_customer_tiers') }}

),

-- The history also holds the day before the rolling period, which moves from run to run: a change is told by the days
-- that every run sees.
snapshots as (

    select * from {{ ref('int_snapshot_dates') }}
    where is_month_end or is_as_of

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Under the reviewed scheme, what the last review with the customer left in force.
reviewed as (

    select
        reviews.customer_id,
        reviews.scheme,
        reviews.tier_after,
        reviews.review_status,
        case
            when reviews.review_status in ('approved', 'unchanged') then reviews.tier_after
            else reviews.tier_before
        end as tier_in_force
    from {{ ref('int_tier_reviews') }} as reviews
    inner join profile on reviews.scheme = profile.review_scheme
    qualify row_number() over (
        partition by reviews.customer_id, reviews.scheme
        order by reviews.reviewed_on desc, reviews.review_id desc
    ) = 1

),

current_day as (

    select history.*
    from {{ history }} as history
    inner join snapshots on history.snapshot_on = snapshots.snapshot_on and snapshots.is_as_of

),

-- The last change leads to the current tier, so it follows the last snapshot with another one. All schemes in one read
-- of the history.
last_others as (

    select
        {% for scheme in schemes %}
        {% set tier = 'history.tier_' ~ loop.index %}
        {% set other = 'case when ' ~ tier ~ ' != current_day.tier_' ~ loop.index ~ ' then ' %}
        max({{ other }}history.snapshot_on end) as snapshot_{{ loop.index }},
        {{ latest_value(other ~ tier ~ ' end', 'history.snapshot_on') }} as other_tier_{{ loop.index }},
        {% endfor %}
        history.customer_id
    from {{ history }} as history
    inner join snapshots on history.snapshot_on = snapshots.snapshot_on
    inner join current_day on history.customer_id = current_day.customer_id
    group by history.customer_id

),

{% set others = [] %}
{% for scheme in schemes %}
{% do others.append(
    {"scheme": sql_text(scheme), "snapshot_on": "snapshot_" ~ loop.index, "tier": "other_tier_" ~ loop.index}
) %}
{% endfor %}
other_tiers as (

    {{ stacked('last_others', ['customer_id'], others) }}

),

followed as (

    select
        snapshot_on,
        lead(snapshot_on) over (order by snapshot_on) as next_snapshot_on
    from snapshots

),

-- A customer first seen is no change: from its first snapshot on it stands in every one.
changes as (

    select
        other_tiers.customer_id,
        other_tiers.scheme,
        other_tiers.tier as previous_tier,
        followed.next_snapshot_on as changed_on
    from other_tiers
    inner join followed on other_tiers.snapshot_on = followed.snapshot_on

)

select
    tiers.customer_id,
    tiers.scheme,
    tiers.tier,
    cast(tiers.tier_rank as integer) as tier_rank,
    tiers.rule_id,
    tiers.reason,
    tiers.scheme = profile.primary_scheme as is_primary_scheme,
    changes.previous_tier,
    changes.changed_on,
    coalesce(reviewed.tier_in_force, tiers.tier) as tier_in_force,
    case
        when reviewed.review_status = 'waiting' then 'waiting'
        when reviewed.tier_in_force is null or reviewed.tier_in_force = tiers.tier then 'in_force'
        when reviewed.review_status = 'rejected' and reviewed.tier_after = tiers.tier then 'rejected'
        else 'waiting'
    end as review_state,
    tiers.snapshot_on as as_of_date
from tiers
cross join profile
left join changes
    on tiers.customer_id = changes.customer_id and tiers.scheme = changes.scheme
left join reviewed
    on tiers.customer_id = reviewed.customer_id and tiers.scheme = reviewed.scheme
