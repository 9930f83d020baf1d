{{ config(materialized=changed_in_place(), incremental_strategy='replace', incremental_predicates=['true']) }}
{% set asked = asked_metrics() | join(' ') %}

with interactions as (

    select * from {{ ref('fct_interactions') }}
    where {{ 'interactions' in asked or 'last_interaction' in asked }}

),

tickets as (

    select * from {{ ref('fct_tickets') }}
    where ticket_type = 'complaint' and {{ 'complaints' in asked }}

),

responses as (

    select * from {{ ref('fct_survey_responses') }}
    where {{ 'satisfaction' in asked }}

),

-- Answers of the three kinds of survey in points of one scale, 0 the worst and 60 the best: whole numbers, so that a
-- mean on a threshold is on it.
events as (

    select
        customer_id,
        occurred_on as event_on,
        'interaction' as kind,
        interaction_type as detail,
        cast(null as integer) as satisfaction_points
    from interactions
    union all
    select
        customer_id,
        received_on as event_on,
        'complaint' as kind,
        category as detail,
        cast(null as integer) as satisfaction_points
    from tickets
    union all
    select
        customer_id,
        responded_on as event_on,
        'answer' as kind,
        survey_type as detail,
        case survey_type
            when 'nps' then score * 6
            when 'csat' then (score - 1) * 15
            when 'ces' then (score - 1) * 10
        end as satisfaction_points
    from responses

),

daily as (

    select
        customer_id,
        event_on,
        kind,
        detail,
        cast(count(*) as integer) as events,
        cast(sum(satisfaction_points) as integer) as satisfaction_points
    from events
    where customer_id is not null
    group by customer_id, event_on, kind, detail

),

{% if is_increment() %}
-- What is gone stays for one run, with no events, so that the days after it are looked at.
compared as (

    select
        coalesce(daily.customer_id, former.customer_id) as customer_id,
        coalesce(daily.event_on, former.event_on) as event_on,
        coalesce(daily.kind, former.kind) as kind,
        coalesce(daily.detail, former.detail) as detail,
        coalesce(daily.events, 0) as events,
        daily.satisfaction_points,
        case
            when
                coalesce(daily.events, 0) != coalesce(former.events, 0)
                or {{ differs('daily.satisfaction_points', 'former.satisfaction_points') }}
                then coalesce(daily.event_on, former.event_on)
        end as changed_from
    from daily
    full outer join {{ this }} as former
        on
            daily.customer_id = former.customer_id
            and daily.event_on = former.event_on
            and daily.kind = former.kind
            and coalesce(daily.detail, '') = coalesce(former.detail, '')
    where daily.customer_id is not null or former.events > 0

)
{% else %}
compared as (

    select
        *,
        cast(null as date) as changed_from
    from daily

)
{% endif %}

select * from compared
