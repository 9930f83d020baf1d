with slots as (

    select * from {{ ref('int_contact_slots') }}

),

triggers as (

    select * from {{ ref('int_contact_triggers') }}

),

days as (

    select * from {{ ref('int_contact_days') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Who opted out in the month or the one before, when it was in the calendar, keeps its place: nobody else's contact
-- moves for it.
queued as (

    select
        'cadence' as contact_kind,
        customer_id,
        trigger,
        occasion,
        owner,
        plan_month,
        wanted_on,
        priority,
        draw,
        -- Among equals others come first in each month.
        (draw + 386117 * {{ months_apart("date '2000-01-01'", 'plan_month') }}) % {{ draw_range() }} as month_draw
    from slots
    where is_planned and takes_capacity and (is_contactable or opted_out_on >= {{ add_months('plan_month', -1) }})
    union all
    select
        'trigger' as contact_kind,
        customer_id,
        trigger,
        occasion,
        owner,
        plan_month,
        wanted_on,
        priority,
        draw,
        draw as month_draw
    from triggers
    where takes_capacity and (is_contactable or opted_out_on >= {{ add_months('plan_month', -1) }})

),

-- A cadence is known for the whole month, so the best of it are taken; of triggers who comes first is served first.
ranked as (

    select
        queued.*,
        days.open_number,
        days.open_days,
        case
            when queued.contact_kind = 'cadence' then profile.contact_daily_capacity
            else profile.contact_daily_trigger_capacity
        end as capacity,
        row_number() over (
            partition by queued.contact_kind, queued.owner, queued.plan_month
            order by
                case when queued.contact_kind = 'trigger' then days.open_number else 0 end,
                queued.priority,
                queued.month_draw,
                queued.customer_id,
                queued.trigger,
                queued.occasion
        ) as admission_rank
    from queued
    inner join days on queued.wanted_on = days.date_day
    cross join profile

),

admitted as (

    select
        *,
        row_number() over (
            partition by contact_kind, owner, plan_month
            order by open_number, priority, draw, customer_id, trigger, occasion
        ) - 1 as queue_number,
        count(*) over (partition by contact_kind, owner, plan_month) as queue_length
    from ranked
    where admission_rank <= capacity * open_days

),

-- A day has `capacity` places, numbered on through the month. A contact takes the first free one from its own day on:
-- one behind the contact before it, or the first of its day. That is a running maximum.
placed as (

    select
        *,
        queue_number + max(capacity * open_number - queue_number) over (
            partition by contact_kind, owner, plan_month
            order by queue_number rows between unbounded preceding and current row
        ) as place
    from admitted

),

-- What would fall out of the month's end moves forward instead, as far as it takes. A trigger does not: its event may
-- not have come.
settled as (

    select
        *,
        case
            when contact_kind = 'cadence' then least(place, capacity * open_days - queue_length + queue_number)
            else place
        end as settled_place
    from placed

)

select
    settled.contact_kind,
    settled.customer_id,
    settled.trigger,
    settled.occasion,
    days.date_day as due_on
from settled
inner join days
    on
        settled.plan_month = days.month_start
        and days.is_open
        and floor(settled.settled_place / cast(settled.capacity as double)) = days.open_number
