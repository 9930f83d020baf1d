with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

planned as (

    select * from {{ ref('int_contact_plan') }}

),

touches as (

    select * from {{ ref('int_contact_touches') }}

),

-- Whom the as-of day is too near a touch for another one.
touched_now as (

    select
        touches.customer_id,
        max(touches.touched_on) as touched_on
    from touches
    cross join bounds
    where touches.touched_on between {{ add_days('bounds.as_of_date', -contact_gap_days()) }} and bounds.as_of_date
    group by touches.customer_id

),

-- What was not made is made on the as-of day at the earliest.
judged as (

    select
        planned.contact_kind,
        planned.customer_id,
        planned.trigger,
        planned.occasion,
        planned.due_on,
        planned.choice_number,
        planned.priority,
        planned.lapses_on,
        greatest(planned.due_on, bounds.as_of_date) as next_on,
        touched_now.touched_on,
        case
            when planned.made_on is not null then 'already_contacted'
            when planned.ended_on <= coalesce(planned.expires_on, planned.ended_on) then 'no_longer_due'
            -- A period's contact cannot be made good when the period is over: a touch would count for the next one.
            when
                coalesce(planned.expires_on, case when planned.contact_kind = 'cadence' then planned.latest_on end)
                < bounds.as_of_date
                then 'expired'
            when planned.lapses_on <= bounds.as_of_date then 'superseded'
            when planned.due_on <= bounds.as_of_date and touched_now.touched_on is not null then 'already_contacted'
        end as judgement
    from planned
    cross join bounds
    left join touched_now on planned.customer_id = touched_now.customer_id
    where
        planned.due_on >= bounds.shown_from
        and (
            planned.plan_exclusion is null
            -- What was made has no reason but that.
            or (planned.touch_id is not null and planned.judgement is null)
            -- Who gave way on a day, or had no place in a week, is owed it for as long as it makes sense (decision 93).
            or (
                planned.contact_kind = 'trigger'
                and planned.judgement is null
                and planned.due_on < bounds.as_of_date
                and planned.expires_on >= bounds.as_of_date
            )
        )

),

chosen as (

    select
        *,
        {{ month_start('next_on') }} as next_month
    from judged
    where judgement is null

),

-- What is overdue is due today, of whichever month it was: for a day the best by priority is chosen anew. The caps
-- keep the order of the plan, so that a contact planned yesterday does not give way to a later one (decision 84).
chosen_anew as (

    select
        *,
        row_number() over (
            partition by customer_id order by next_month, priority, due_on, trigger, occasion
        ) as day_choice_number
    from chosen

),

counting as (

    select
        touches.customer_id,
        touches.touched_on,
        1 as in_week,
        1 as in_month
    from touches
    cross join bounds
    where touches.touched_on >= {{ month_start('bounds.border_from') }}

),

{{ ranked_contacts('chosen_anew', 'next_on', 'next_month', 'day_choice_number') }}

select
    judged.contact_kind,
    judged.customer_id,
    judged.trigger,
    judged.occasion,
    judged.next_on,
    judged.touched_on,
    better.trigger as given_way_to,
    better.due_on as given_way_on,
    ranked.week_number,
    ranked.week_touches,
    ranked.month_number,
    ranked.month_touches,
    coalesce(judged.judgement, ranked.ranking) as exclusion
from judged
left join ranked
    on
        judged.contact_kind = ranked.contact_kind
        and judged.customer_id = ranked.customer_id
        and judged.trigger = ranked.trigger
        and judged.occasion = ranked.occasion
left join chosen_anew as better
    on ranked.customer_id = better.customer_id and ranked.given_way_number = better.day_choice_number
