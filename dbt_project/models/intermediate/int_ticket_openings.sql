with tickets as (

    select * from {{ ref('fct_tickets') }}

),

-- A ticket is opened when it is received, and again by each reopening.
opened as (

    select
        ticket_id,
        received_at as opened_at,
        false as is_reopening
    from tickets
    union distinct
    select
        tickets.ticket_id,
        events.occurred_at as opened_at,
        true as is_reopening
    from {{ ref('stg_ticket_events') }} as events
    inner join tickets on events.ticket_id = tickets.ticket_id and events.occurred_at > tickets.received_at
    where events.event_type = 'reopened'

),

-- Of the settlements sources keep the last alone: the next opening ends one whose own is not known.
followed as (

    select
        *,
        lead(opened_at) over (partition by ticket_id order by opened_at) as next_opened_at
    from opened

)

select
    followed.ticket_id,
    tickets.customer_id,
    tickets.ticket_type,
    followed.opened_at,
    cast(followed.opened_at as date) as opened_on,
    followed.is_reopening,
    case
        when
            (tickets.resolved_at >= followed.opened_at or not followed.is_reopening)
            and coalesce(tickets.resolved_at < followed.next_opened_at, tickets.resolved_at is not null)
            then cast(tickets.resolved_at as date)
        else cast(followed.next_opened_at as date)
    end as closed_on
from followed
inner join tickets on followed.ticket_id = tickets.ticket_id
