{% set pool = ['customer_id', 'period', 'earliest_on', 'needs_person', 'is_exchangeable', 'only_channel'] %}

with profile as (

    select * from {{ ref('int_profile') }}

),

touches as (

    select * from {{ ref('int_contact_touches') }}

),

due as (

    select * from {{ ref('int_contacts_due') }}
    where contact_kind = 'cadence'

),

touched as (

    select
        customer_id,
        min(touched_on) as first_touched_on,
        max(touched_on) as last_touched_on
    from touches
    group by customer_id

),

-- From which day on a contact is no longer on the list: days after its own, put aside by the next of its policy, or
-- with its period. One whose period has no touch is made by none, nor are others of its pool.
leaving as (

    select
        due.*,
        case when not due.is_exchangeable then due.channel end as only_channel,
        least(
            {{ add_days('due.due_on', 'profile.contact_overdue_days') }},
            {{ add_days('due.latest_on', 1) }},
            coalesce(due.lapses_on, {{ add_days('due.latest_on', 1) }})
        ) as leaves_on
    from due
    inner join touched
        on
            due.customer_id = touched.customer_id
            and due.earliest_on <= touched.last_touched_on
            and due.latest_on >= touched.first_touched_on
    cross join profile

),

-- Contacts of a period that the same touches fit; who leaves the list first is number one.
pooled as (

    select
        *,
        row_number() over (
            partition by {{ pool | join(', ') }} order by leaves_on, due_on, priority, trigger, occasion
        ) as pool_number,
        count(*) over (partition by {{ pool | join(', ') }}) as pool_size
    from leaving

),

fitting as (

    select
        {{ 'pooled.' ~ pool | join(', pooled.') }},
        touches.touch_id,
        touches.touched_at,
        touches.touched_on,
        min(pooled.pool_number) as first_open,
        max(pooled.pool_size) as pool_size
    from touches
    inner join pooled
        on
            touches.customer_id = pooled.customer_id
            and touches.touched_on between pooled.earliest_on and pooled.latest_on
            and {{ fits_contact('touches', 'pooled') }}
    where touches.touched_on < pooled.leaves_on
    group by
        {{ 'pooled.' ~ pool | join(', pooled.') }}, touches.touch_id, touches.touched_at, touches.touched_on

),

-- Pools take touches one after the other: of shorter periods first, and those that ask for more.
pool_kinds as (

    select distinct
        period,
        needs_person,
        is_exchangeable
    from fitting

),

turns as (

    select
        *,
        row_number() over (
            order by
                {{ period_rank('period') }},
                period,
                case when needs_person then 0 else 1 end,
                case when is_exchangeable then 1 else 0 end
        ) as turn
    from pool_kinds

),

offered as (

    select
        fitting.*,
        turns.turn
    from fitting
    inner join turns
        on
            fitting.period = turns.period
            and fitting.needs_person = turns.needs_person
            and fitting.is_exchangeable = turns.is_exchangeable

),

taken as (

    {{ taken_contacts('offered', pool) }}

)

select
    pooled.customer_id,
    pooled.trigger,
    pooled.occasion,
    taken.touch_id,
    taken.touched_on
from taken
inner join pooled
    on
        taken.customer_id = pooled.customer_id
        and taken.period = pooled.period
        and taken.earliest_on = pooled.earliest_on
        and taken.needs_person = pooled.needs_person
        and taken.is_exchangeable = pooled.is_exchangeable
        and coalesce(taken.only_channel, '') = coalesce(pooled.only_channel, '')
        and taken.taken_number = pooled.pool_number
