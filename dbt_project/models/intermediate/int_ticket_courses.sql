with tickets as (

    select * from {{ ref('fct_tickets') }}

),

events as (

    select * from {{ ref('stg_ticket_events') }}

),

hours as (

    select distinct region from {{ ref('int_working_hours') }}

),

policies as (

    select * from {{ ref('int_sla_policies') }}

),

priorities as (

    {{ profile_rows(ref('severity_map'), 'lower(trim(rule_rows.source_severity))') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

counted_events as (

    select
        ticket_id,
        min(case when event_type = 'contacted' then occurred_at end) as contacted_at,
        max(case when event_type = 'reopened' then occurred_at end) as last_reopened_at,
        sum(case when event_type = 'reopened' then 1 else 0 end) as reopenings,
        sum(case when event_type = 'escalated' then 1 else 0 end) as escalations
    from events
    group by ticket_id

),

-- The tiers of a customer that any policy asks about, as one text.
asked_tiers as (

    select distinct
        scheme,
        tier
    from policies
    where scheme != 'all'

),

policy_tiers as (

    select
        tiers.customer_id,
        {{ joined_texts("(tiers.scheme || ':' || tiers.tier)") }} as policy_tiers
    from {{ ref('int_customer_tiers') }} as tiers
    inner join asked_tiers on tiers.scheme = asked_tiers.scheme and tiers.tier = asked_tiers.tier
    group by tiers.customer_id

),

primary_tiers as (

    select
        tiers.customer_id,
        tiers.tier
    from {{ ref('int_customer_tiers') }} as tiers
    inner join {{ ref('int_profile') }} as profile on tiers.scheme = profile.primary_scheme

),

-- A ticket that was reopened after its settlement is not settled: its clock runs on.
followed as (

    select
        tickets.*,
        counted_events.contacted_at,
        coalesce(counted_events.reopenings, 0) as reopenings,
        coalesce(counted_events.escalations, 0) as escalations,
        case
            when tickets.resolved_at < counted_events.last_reopened_at then null
            else tickets.resolved_at
        end as settled_at
    from tickets
    left join counted_events on tickets.ticket_id = counted_events.ticket_id

),

-- What is settled was answered by then; a call before the settlement can't ask whether it holds.
described as (

    select
        followed.*,
        case
            when followed.first_response_at > followed.settled_at then followed.settled_at
            else coalesce(followed.first_response_at, followed.resolved_at)
        end as answered_at,
        case when followed.called_back_at >= followed.settled_at then followed.called_back_at end as asked_at,
        customers.region,
        primary_tiers.tier,
        coalesce(policy_tiers.policy_tiers, '') as policy_tiers,
        priorities.priority,
        coalesce(hours.region, 'all') as hours_region,
        run_parameters.timezone
    from followed
    cross join run_parameters
    left join {{ ref('dim_customers') }} as customers on followed.customer_id = customers.customer_id
    left join primary_tiers on followed.customer_id = primary_tiers.customer_id
    left join policy_tiers on followed.customer_id = policy_tiers.customer_id
    left join priorities on lower(trim(followed.severity)) = lower(trim(priorities.source_severity))
    left join hours on customers.region = hours.region

),

-- A due day without a time of day is over at its midnight.
timed as (

    select
        *,
        {{ utc_micros('received_at', 'timezone') }} as received_us,
        {{ utc_micros('contacted_at', 'timezone') }} as contacted_us,
        {{ utc_micros('answered_at', 'timezone') }} as answered_us,
        {{ utc_micros('settled_at', 'timezone') }} as settled_us,
        {{ utc_micros('asked_at', 'timezone') }} as asked_us,
        case
            when due_at = cast(cast(due_at as date) as timestamp)
                then {{ utc_micros('cast(' ~ add_days('cast(due_at as date)', 1) ~ ' as timestamp)', 'timezone') }} - 1
            else {{ utc_micros('due_at', 'timezone') }}
        end as delivered_due_us,
        {{ utc_micros('cast(' ~ add_days('as_of_date', 1) ~ ' as timestamp)', 'timezone') }} as now_us
    from described

)

select
    ticket_id,
    customer_id,
    ticket_type,
    category,
    severity,
    priority,
    channel,
    owner,
    region,
    tier,
    policy_tiers,
    hours_region,
    received_at,
    received_on,
    settled_at,
    -- What a careless record dates before the receipt happened at it.
    received_us,
    case when contacted_us < received_us then received_us else contacted_us end as contacted_us,
    case when answered_us < received_us then received_us else answered_us end as answered_us,
    case when settled_us < received_us then received_us else settled_us end as settled_us,
    case when asked_us < received_us then received_us else asked_us end as asked_us,
    delivered_due_us,
    now_us,
    cast(reopenings as integer) as reopenings,
    cast(escalations as integer) as escalations,
    satisfaction_score,
    improvement,
    as_of_date
from timed
