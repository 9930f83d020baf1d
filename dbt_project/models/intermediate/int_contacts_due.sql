{% set shared = [
    'customer_id', 'trigger', 'occasion', 'plan_month', 'wanted_on', 'tier', 'tier_on', 'priority', 'owner', 'channel',
    'is_exchangeable', 'needs_person', 'takes_capacity', 'is_provisional', 'is_contactable', 'opted_out_on',
] %}

with slots as (

    select * from {{ ref('int_contact_slots') }}

),

triggers as (

    select * from {{ ref('int_contact_triggers') }}

),

places as (

    select * from {{ ref('int_contact_places') }}

),

due as (

    select
        'cadence' as contact_kind,
        {{ 'slots.' ~ shared | join(', slots.') }},
        slots.period_start as earliest_on,
        slots.period_end as latest_on,
        cast(null as date) as expires_on,
        cast(null as date) as ended_on,
        false as is_renewed,
        slots.period,
        slots.is_planned
    from slots
    union all
    select
        'trigger' as contact_kind,
        {{ 'triggers.' ~ shared | join(', triggers.') }},
        triggers.earliest_on,
        triggers.latest_on,
        triggers.expires_on,
        triggers.ended_on,
        triggers.is_renewed,
        cast(null as {{ dbt.type_string() }}) as period,
        true as is_planned
    from triggers

),

dated as (

    select
        due.*,
        coalesce(places.due_on, due.wanted_on) as due_on,
        due.is_planned and due.takes_capacity and places.due_on is null as is_without_place
    from due
    left join places
        on
            due.contact_kind = places.contact_kind
            and due.customer_id = places.customer_id
            and due.trigger = places.trigger
            and due.occasion = places.occasion

)

-- The next one of the same policy puts aside one that was not made; one that has no place never comes.
select
    *,
    case
        when contact_kind = 'cadence' and not is_without_place
            then
                lead(due_on) over (
                    partition by contact_kind, customer_id, trigger, is_without_place order by due_on, occasion
                )
    end as lapses_on
from dated
