{% set contact = ['contact_kind', 'customer_id', 'trigger', 'occasion'] %}

with due as (

    select * from {{ ref('int_contacts_due') }}
    where contact_kind = 'trigger'

),

touches as (

    select * from {{ ref('int_contact_touches') }}

),

by_cadence as (

    select * from {{ ref('int_cadence_touches') }}

),

-- What no cadence takes is for triggers.
left_touches as (

    select touches.*
    from touches
    left join by_cadence on touches.touch_id = by_cadence.touch_id
    where by_cadence.touch_id is null

),

offered as (

    select
        {{ 'due.' ~ contact | join(', due.') }},
        least(due.expires_on, coalesce(due.ended_on, due.expires_on)) as last_on,
        due.priority,
        left_touches.touch_id,
        left_touches.touched_at,
        left_touches.touched_on
    from due
    inner join left_touches
        on
            due.customer_id = left_touches.customer_id
            and left_touches.touched_on between due.earliest_on and due.expires_on
            and {{ fits_contact('left_touches', 'due') }}
    where left_touches.touched_on <= coalesce(due.ended_on, due.expires_on)

),

matched as (

    {{ matched_touches('offered', contact) }}

)

select
    'cadence' as contact_kind,
    customer_id,
    trigger,
    occasion,
    touch_id,
    touched_on as made_on
from by_cadence
union all
select
    {{ contact | join(',\n    ') }},
    touch_id,
    touched_on as made_on
from matched
