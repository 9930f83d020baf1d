with policies as (

    {{ profile_rows(ref('sla_policies'), 'rule_rows.policy_set') }}

)

select
    policy_set,
    rule_id,
    priority,
    ticket_type,
    scheme,
    tier,
    metric,
    cast(minutes as bigint) * 60000000 as allowed_us,
    clock,
    stops_when_paused
from policies
