with plans as (

    select * from {{ ref('stg_touch_plans') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

recording as (

    select * from {{ ref('int_touch_recording') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

tiers as (

    select
        history.customer_id,
        history.month_end,
        history.tier
    from {{ ref('customer_tier_history') }} as history
    inner join profile on history.scheme = profile.primary_scheme

),

-- Who was left out of a campaign was not contacted.
contacts as (

    select
        touches.*,
        plans.plan_id is not null as is_planned
    from {{ ref('fct_touches') }} as touches
    cross join profile
    left join plans on touches.plan_id = plans.plan_id
    where not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}

),

made as (

    select
        plan_id,
        count(*) as actual_count,
        count(delivered_at) as delivered_count,
        sum(case when feedback = 'positive' then 1 else 0 end) as positive,
        sum(case when feedback = 'negative' then 1 else 0 end) as negative,
        max(touched_on) as last_touched_on
    from contacts
    where is_planned
    group by plan_id

),

-- A plan's contacts count on the plan's day, whenever they were made: what was done stands beside what was to be done.
planned as (

    select
        plans.planned_on as touch_date,
        plans.scheme,
        plans.tier,
        plans.channel,
        coalesce(plans.theme, 'unknown') as theme,
        coalesce(plans.executor, 'unknown') as executor,
        true as is_planned,
        plans.planned_count,
        coalesce(made.actual_count, 0) as actual_count,
        coalesce(made.delivered_count, 0) as delivered_count,
        coalesce(made.positive, 0) as positive,
        coalesce(made.negative, 0) as negative,
        made.last_touched_on
    from plans
    left join made on plans.plan_id = made.plan_id

),

-- Contacts that no delivered plan asked for count on their own day, under the customer's tier of the month before.
unplanned as (

    select
        contacts.touched_on as touch_date,
        profile.primary_scheme as scheme,
        coalesce(tiers.tier, 'unknown') as tier,
        contacts.channel,
        coalesce(contacts.campaign_name, 'unknown') as theme,
        'unknown' as executor,
        false as is_planned,
        cast(null as integer) as planned_count,
        1 as actual_count,
        case when contacts.delivered_at is not null then 1 else 0 end as delivered_count,
        case when contacts.feedback = 'positive' then 1 else 0 end as positive,
        case when contacts.feedback = 'negative' then 1 else 0 end as negative,
        contacts.touched_on as last_touched_on
    from contacts
    cross join profile
    left join tiers
        on
            contacts.customer_id = tiers.customer_id
            and {{ add_days(month_start('contacts.touched_on'), -1) }} = tiers.month_end
    where not contacts.is_planned

),

rounds as (

    select * from planned
    union all
    select * from unplanned

),

summed as (

    select
        touch_date,
        scheme,
        tier,
        channel,
        theme,
        executor,
        is_planned,
        cast(sum(planned_count) as integer) as planned_count,
        cast(sum(actual_count) as integer) as actual_count,
        cast(sum(delivered_count) as integer) as delivered_count,
        cast(sum(positive) as integer) as positive,
        cast(sum(negative) as integer) as negative,
        max(last_touched_on) as last_touched_on
    from rounds
    group by touch_date, scheme, tier, channel, theme, executor, is_planned

)

select
    summed.touch_date,
    summed.scheme,
    summed.tier,
    summed.channel,
    summed.theme,
    summed.executor,
    summed.is_planned,
    summed.planned_count,
    summed.actual_count,
    cast(summed.actual_count as double) / nullif(summed.planned_count, 0) as completion_rate,
    case
        when not summed.is_planned then 'not_planned'
        when summed.planned_count = 0 then 'no_planned_count'
    end as missing_reason,
    case when recording.is_delivery_recorded then summed.delivered_count end as delivered_count,
    summed.positive,
    summed.negative,
    summed.actual_count - summed.positive - summed.negative as {{ quoted('none') }},
    summed.last_touched_on,
    'P4' as rule_id,
    run_parameters.as_of_date
from summed
cross join recording
cross join run_parameters
