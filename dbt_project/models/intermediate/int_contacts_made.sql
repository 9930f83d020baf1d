{% set contact = ['contact_kind', 'customer_id', 'trigger', 'occasion'] %}

with due as (

    select * from {{ ref('int_contacts_due') }}

),

touches as (

    select * from {{ ref('int_contact_touches') }}

),

counted as (

    select * from {{ ref('int_cadence_touches') }}

),

-- A touch is for the contact of its policy that is due on its day, else for the next.
present as (

    select
        counted.customer_id,
        counted.policy,
        counted.period_start,
        counted.touch_id,
        counted.touched_on,
        counted.counted_number,
        coalesce(max(case when due.due_on <= counted.touched_on then due.slot_number end), 1) as present_number
    from counted
    inner join due
        on
            counted.customer_id = due.customer_id
            and counted.policy = due.trigger
            and counted.period_start = due.period_start
    group by
        counted.customer_id, counted.policy, counted.period_start, counted.touch_id, counted.touched_on,
        counted.counted_number

),

-- It takes the first that none before it took: one behind the touch before it, or the present one.
placed as (

    select
        *,
        counted_number + max(present_number - counted_number) over (
            partition by customer_id, policy, period_start
            order by counted_number rows between unbounded preceding and current row
        ) as slot_number
    from present

),

made_by_cadence as (

    select
        due.contact_kind,
        due.customer_id,
        due.trigger,
        due.occasion,
        placed.touch_id,
        placed.touched_on as made_on
    from due
    inner join placed
        on
            due.customer_id = placed.customer_id
            and due.trigger = placed.policy
            and due.period_start = placed.period_start
            and due.slot_number = placed.slot_number

),

-- What no cadence takes is for triggers, and for contacts by a tier that the customer no longer holds.
left_touches as (

    select touches.*
    from touches
    left join counted on touches.touch_id = counted.touch_id
    where counted.touch_id is null

),

open_contacts as (

    select
        {{ 'due.' ~ contact | join(', due.') }},
        due.channel,
        due.is_exchangeable,
        due.needs_person,
        due.priority,
        due.earliest_on,
        case
            when due.contact_kind = 'trigger' then least(due.expires_on, coalesce(due.ended_on, due.expires_on))
            else least(due.latest_on, coalesce({{ add_days('due.lapses_on', -1) }}, due.latest_on))
        end as last_on
    from due
    left join made_by_cadence as made
        on
            due.contact_kind = made.contact_kind
            and due.customer_id = made.customer_id
            and due.trigger = made.trigger
            and due.occasion = made.occasion
    where made.touch_id is null

),

offered as (

    select
        {{ 'open_contacts.' ~ contact | join(', open_contacts.') }},
        open_contacts.last_on,
        open_contacts.priority,
        left_touches.touch_id,
        left_touches.touched_at,
        left_touches.touched_on
    from open_contacts
    inner join left_touches
        on
            open_contacts.customer_id = left_touches.customer_id
            and left_touches.touched_on between open_contacts.earliest_on and open_contacts.last_on
            and {{ fits_contact('left_touches', 'open_contacts') }}

),

matched as (

    {{ matched_touches('offered', contact) }}

)

select * from made_by_cadence
union all
select
    {{ contact | join(', ') }},
    touch_id,
    touched_on as made_on
from matched
