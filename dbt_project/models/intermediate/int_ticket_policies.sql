with courses as (

    select * from {{ ref('int_ticket_courses') }}

),

policies as (

    select * from {{ ref('int_sla_policies') }}

),

-- Tickets of one kind have the same policies: these are matched once a kind.
kinds as (

    select distinct
        coalesce(priority, 'none') as priority,
        ticket_type,
        policy_tiers
    from courses

),

-- Of the rows of a set that ask for the same, the one that names the ticket most closely.
matched as (

    select
        kinds.priority,
        kinds.ticket_type,
        kinds.policy_tiers,
        policies.policy_set,
        policies.metric,
        policies.rule_id,
        policies.allowed_us,
        policies.clock,
        policies.stops_when_paused
    from kinds
    inner join policies
        on
            (policies.priority = 'all' or kinds.priority = policies.priority)
            and (policies.ticket_type = 'all' or kinds.ticket_type = policies.ticket_type)
            and (
                policies.scheme = 'all'
                or instr(',' || kinds.policy_tiers || ',', ',' || policies.scheme || ':' || policies.tier || ',') > 0
            )
    qualify row_number() over (
        partition by
            kinds.priority, kinds.ticket_type, kinds.policy_tiers, policies.policy_set, policies.metric
        order by
            case when policies.scheme = 'all' then 1 else 0 end,
            case when policies.priority = 'all' then 1 else 0 end,
            case when policies.ticket_type = 'all' then 1 else 0 end,
            policies.allowed_us,
            policies.rule_id
    ) = 1

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- What the source itself promises is a set too.
competing as (

    select
        courses.ticket_id,
        matched.policy_set,
        matched.metric,
        matched.rule_id,
        matched.allowed_us,
        matched.clock,
        matched.stops_when_paused
    from courses
    inner join matched
        on
            coalesce(courses.priority, 'none') = matched.priority
            and courses.ticket_type = matched.ticket_type
            and courses.policy_tiers = matched.policy_tiers
    union all
    select
        ticket_id,
        'delivered' as policy_set,
        'resolution' as metric,
        'C1.delivered' as rule_id,
        delivered_due_us - received_us as allowed_us,
        'calendar' as clock,
        false as stops_when_paused
    from courses
    where delivered_due_us is not null

)

select
    competing.*,
    -- Place in the profile's list of the sets that count; 0: it is not there, or the strictest one counts.
    instr(',' || profile.sla_policy_set || ',', ',' || competing.policy_set || ',') as place,
    profile.sla_policy_set = 'strictest' as is_strictest_asked
from competing
cross join profile
