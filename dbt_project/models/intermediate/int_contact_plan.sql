{% set gap = contact_gap_days() %}
{% set kept = [
    'contact_kind', 'customer_id', 'trigger', 'occasion', 'due_on', 'wanted_on', 'earliest_on', 'latest_on',
    'expires_on', 'ended_on', 'lapses_on', 'tier', 'tier_on', 'priority', 'owner', 'channel', 'is_provisional', 'touch_id', 'made_on',
    'judgement', 'is_renewed',
] %}
{% set choice = 'plan_month, priority, due_on, trigger, occasion' %}

with bounds as (

    select * from {{ ref('int_contact_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

due as (

    select * from {{ ref('int_contacts_due') }}

),

made as (

    select * from {{ ref('int_contacts_made') }}

),

touches as (

    select * from {{ ref('int_contact_touches') }}

),

gap_days as (

    {{ number_spine('profile', '1', [gap, 1] | max | string, 'gap_number') }}

),

days_after_touches as (

    select distinct
        touches.customer_id,
        {{ add_days('touches.touched_on', 'gap_days.gap_number') }} as date_day
    from touches
    cross join gap_days
    where gap_days.gap_number <= {{ gap }}

),

-- Nothing here asks for the as-of day: a plan that is past stays as it was.
judged as (

    select
        due.*,
        made.touch_id,
        made.made_on,
        case
            when due.opted_out_on is not null then 'opted_out'
            when not due.is_contactable then 'no_consent'
            when due.channel is null then 'no_channel'
            when made.made_on < due.due_on or touched.date_day is not null then 'already_contacted'
            when due.ended_on <= due.due_on then 'no_longer_due'
            when due.is_renewed and made.touch_id is null then 'no_longer_due'
            when due.wanted_on > due.expires_on then 'expired'
            when due.is_without_place or due.due_on > due.expires_on then 'no_capacity'
        end as judgement
    from due
    cross join bounds
    left join made
        on
            due.contact_kind = made.contact_kind
            and due.customer_id = made.customer_id
            and due.trigger = made.trigger
            and due.occasion = made.occasion
    left join days_after_touches as touched
        on due.customer_id = touched.customer_id and due.due_on = touched.date_day
    where due.due_on >= bounds.border_from

),

-- The earlier month chooses first: its plan does not hang on the next one's, which may be provisional. Contacts of one
-- day are of one month, and the best by priority stays (decision 84).
chosen as (

    select
        *,
        row_number() over (partition by customer_id order by {{ choice }}) as choice_number
    from judged
    where judgement is null

),

-- What was made on its day or later holds its place, so that nothing that gave way to it comes back; its touch does not
-- count beside it.
counting as (

    select
        touches.customer_id,
        touches.touched_on,
        case
            when coalesce({{ week_start('touches.touched_on') }} = {{ week_start('chosen.due_on') }}, false) then 0
            else 1
        end as in_week,
        case
            when coalesce({{ month_start('touches.touched_on') }} = {{ month_start('chosen.due_on') }}, false) then 0
            else 1
        end as in_month
    from touches
    cross join bounds
    left join chosen on touches.touch_id = chosen.touch_id
    where touches.touched_on >= {{ month_start('bounds.border_from') }}

),

{{ ranked_contacts('chosen', 'due_on', 'plan_month') }}

select
    {{ 'judged.' ~ kept | join(',\n    judged.') }},
    ranked.choice_number,
    better.trigger as given_way_to,
    better.due_on as given_way_on,
    ranked.week_number,
    ranked.week_touches,
    ranked.month_number,
    ranked.month_touches,
    coalesce(judged.judgement, ranked.ranking) as plan_exclusion
from judged
left join ranked
    on
        judged.contact_kind = ranked.contact_kind
        and judged.customer_id = ranked.customer_id
        and judged.trigger = ranked.trigger
        and judged.occasion = ranked.occasion
left join chosen as better
    on ranked.customer_id = better.customer_id and ranked.given_way_number = better.choice_number
