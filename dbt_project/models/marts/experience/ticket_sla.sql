{% set metrics = ['contact', 'first_response', 'resolution', 'call_back'] %}

with policies as (

    select * from {{ ref('ticket_sla_policies') }}
    where is_counted

),

courses as (

    select * from {{ ref('int_ticket_courses') }}

),

pauses as (

    select
        ticket_id,
        cast(sum(until_us - from_us) as bigint) as paused_us
    from {{ ref('int_ticket_pauses') }}
    group by ticket_id

),

-- A row per ticket: what counts for each clock.
pivoted as (

    select
        ticket_id,
        {% for metric in metrics %}
        max(case when metric = '{{ metric }}' then due_at end) as {{ metric }}_due_at,
        max(case when metric = '{{ metric }}' then allowed_minutes end) as {{ metric }}_allowed_minutes,
        max(case when metric = '{{ metric }}' then taken_minutes end) as {{ metric }}_minutes,
        max(case when metric = '{{ metric }}' then status end) as {{ metric }}_status,
        max(case when metric = '{{ metric }}' then rule_id end) as {{ metric }}_rule_id,
        {% endfor %}
        max(case when metric != 'call_back' and status = 'overdue' then 1 else 0 end) = 1 as has_overdue,
        max(case when metric != 'call_back' and is_soon_overdue then 1 else 0 end) = 1 as has_soon_overdue,
        min(case when metric != 'call_back' and status in ('running', 'overdue') then due_at end) as next_due_at
    from policies
    group by ticket_id

),

judged as (

    select
        courses.*,
        {% for metric in metrics %}
        pivoted.{{ metric }}_due_at,
        pivoted.{{ metric }}_allowed_minutes,
        pivoted.{{ metric }}_minutes,
        pivoted.{{ metric }}_status,
        pivoted.{{ metric }}_rule_id,
        {% endfor %}
        pivoted.next_due_at,
        courses.settled_us is null as is_open,
        courses.settled_us is null and coalesce(pivoted.has_overdue, false) as is_overdue,
        courses.settled_us is null and coalesce(pivoted.has_soon_overdue, false) as is_soon_overdue,
        coalesce(pauses.paused_us, 0) as paused_us
    from courses
    left join pivoted on courses.ticket_id = pivoted.ticket_id
    left join pauses on courses.ticket_id = pauses.ticket_id

),

-- C3: handed up, and once more while it is open and overdue; nothing is above P0.
raised as (

    select
        *,
        escalations + case when is_overdue then 1 else 0 end as escalation_level
    from judged

)

select
    ticket_id,
    customer_id,
    ticket_type,
    category,
    severity,
    channel,
    owner,
    region,
    tier,
    received_at,
    received_on,
    settled_at as resolved_at,
    {% for metric in metrics %}
    {{ metric }}_due_at,
    {{ metric }}_minutes,
    {{ metric }}_status,
    {{ metric }}_rule_id,
    {% endfor %}
    next_due_at,
    {{ whole_minutes('(answered_us - received_us)') }} as response_calendar_minutes,
    {{ whole_minutes('(settled_us - received_us)') }} as resolution_calendar_minutes,
    is_open,
    resolution_status = 'met' as is_met,
    resolution_status in ('breached', 'overdue') as is_breached,
    is_overdue,
    is_soon_overdue,
    {{ whole_minutes('paused_us') }} as paused_minutes,
    reopenings,
    priority,
    escalation_level,
    case
        when priority is not null
            then 'P' || {{ as_text("greatest(cast(substr(priority, 2, 1) as integer) - escalation_level, 0)", 0) }}
    end as escalated_priority,
    asked_us is not null as is_called_back,
    case when not is_open then satisfaction_score end as satisfaction_score,
    improvement,
    resolution_rule_id as rule_id,
    case
        when resolution_status in ('met', 'breached', 'overdue', 'running', 'paused')
            then
                resolution_status || ': '
                || {{ as_text('resolution_minutes', 0) }} || ' of '
                || {{ as_text('resolution_allowed_minutes', 0) }} || ' minutes'
        else 'no_policy'
    end as reason,
    as_of_date
from raised
