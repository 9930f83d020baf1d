with customers as (

    select * from {{ ref('int_lifecycle_customers') }}

),

tiers as (

    select * from {{ ref('int_customer_tiers') }}

),

tier_rules as (

    {{ profile_rows(ref('tier_rules'), 'rule_rows.scheme') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

rhythm as (

    select * from {{ ref('int_purchase_rhythm') }}

),

interactions as (

    select * from {{ ref('fct_interactions') }}

),

responses as (

    select * from {{ ref('int_responses') }}

),

-- Without a record of interactions nobody can be said to be without one.
delivered as (

    select count(*) > 0 as has_interactions
    from interactions

),

last_interactions as (

    select
        customer_id,
        max(occurred_on) as last_occurred_on
    from interactions
    group by customer_id

),

last_responses as (

    select
        customer_id,
        max(response_on) as last_response_on
    from responses
    where is_present
    group by customer_id

),

ranks as (

    select
        tier_rules.scheme,
        tier_rules.tier,
        max(tier_rules.rule_rank) as tier_rank
    from tier_rules
    inner join profile on tier_rules.scheme = profile.dormancy_scheme and tier_rules.tier != profile.unscored_tier
    group by tier_rules.scheme, tier_rules.tier

),

-- 0 for the lowest; the tier of those whom no rule can score has no place among them.
placed as (

    select
        *,
        cast(row_number() over (partition by scheme order by tier_rank desc) - 1 as integer) as tiers_below
    from ranks

),

standing as (

    select
        tiers.customer_id,
        tiers.scheme,
        tiers.tier,
        placed.tiers_below
    from tiers
    inner join profile on tiers.scheme = profile.dormancy_scheme
    left join placed on tiers.scheme = placed.scheme and tiers.tier = placed.tier

),

-- To register is to get in touch, too: whoever did nothing since counts from then on.
measured as (

    select
        customers.customer_id,
        customers.as_of_date,
        delivered.has_interactions,
        standing.scheme as tier_scheme,
        standing.tier as tier_held,
        standing.tiers_below,
        greatest(
            customers.registered_on,
            rhythm.last_purchase_on,
            last_responses.last_response_on,
            last_interactions.last_occurred_on
        ) as last_interaction_on
    from customers
    cross join delivered
    left join standing on customers.customer_id = standing.customer_id
    left join rhythm on customers.customer_id = rhythm.customer_id
    left join last_responses on customers.customer_id = last_responses.customer_id
    left join last_interactions on customers.customer_id = last_interactions.customer_id

),

counted as (

    select
        *,
        {{ days_between('last_interaction_on', 'as_of_date') }} as days_without_interaction
    from measured

),

matched as (

    {{ first_match('counted', 'lifecycle_dormancy', dormancy_rule_rows(), [
        'customer_id',
        'has_interactions',
        'tier_scheme',
        'tier_held',
        'last_interaction_on',
        'days_without_interaction',
    ]) }}

),

judged as (

    select
        customer_id,
        last_interaction_on,
        days_without_interaction,
        case when has_interactions then tier end as dormancy,
        case when has_interactions then rule_id end as dormancy_rule_id,
        case
            when has_interactions
                then
                    reason || '; ' || coalesce(tier_scheme || ' ' || tier_held, 'no tier')
                    || ', days_without_interaction '
                    || coalesce({{ as_text('days_without_interaction', 0) }}, 'null (no_interaction)')
            else 'dormancy null (no_interaction_data)'
        end as dormancy_reason
    from matched

)

select * from judged
