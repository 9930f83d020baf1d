-- The reading is null where the calendar runs, so that the join below is by equal columns alone.
with clocks as (

    select
        *,
        case when clock = 'business' then promised_reading end as promised_open
    from {{ ref('int_ticket_clocks') }}

),

dues as (

    select * from {{ ref('int_clock_dues') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A source that never says when it contacted, answered or called back gives no figure: its nulls are no breaches.
recorded as (

    select
        count(first_response_at) > 0 as has_answers,
        count(called_back_at) > 0 as has_call_backs
    from {{ ref('fct_tickets') }}

),

contacts as (

    select count(contacted_us) > 0 as has_contacts from {{ ref('int_ticket_courses') }}

),

due as (

    select
        clocks.*,
        case when clocks.clock = 'calendar' then clocks.promised_reading else dues.due_us end as promised_us,
        case
            when clocks.metric = 'contact' then contacts.has_contacts
            when clocks.metric = 'call_back' then recorded.has_call_backs
            when clocks.metric = 'resolution' then true
            else recorded.has_answers
        end as is_recorded_at_all
    from clocks
    cross join recorded
    cross join contacts
    left join dues
        on clocks.hours_region = dues.region and clocks.promised_open = dues.due_reading

),

judged as (

    select
        *,
        -- A clock that is held has no due time: nobody knows when its pause ends.
        case when not is_held then promised_us end as due_us,
        case
            when not is_recorded_at_all or is_untold then null
            when taken_us is null then 'not_started'
            when is_stopped and taken_us > allowed_us then 'breached'
            when is_stopped then 'met'
            when taken_us > allowed_us then 'overdue'
            when is_held then 'paused'
            else 'running'
        end as status
    from due

),

-- Of sets that compete for a clock one counts: the first that the profile lists, or the one that is due first. Where
-- pauses hold clocks, that is judged as if they ended now; where none is due at all, the fewest minutes decide.
ranked as (

    select
        *,
        row_number() over (
            partition by ticket_id, metric
            order by
                case when is_strictest_asked then promised_us else place end nulls last,
                case when is_strictest_asked then allowed_us end,
                policy_set
        ) = 1 and (is_strictest_asked or place > 0) as is_counted
    from (
        select
            ticket_id,
            policy_set,
            metric,
            rule_id,
            allowed_us,
            clock,
            stops_when_paused,
            taken_us,
            promised_us,
            due_us,
            now_us,
            status,
            is_recorded_at_all,
            is_untold,
            is_strictest_asked,
            nullif(place, 0) as place
        from judged
    ) as placed

)

select
    ranked.ticket_id,
    ranked.policy_set,
    ranked.metric,
    ranked.rule_id,
    {{ whole_minutes('ranked.allowed_us') }} as allowed_minutes,
    ranked.clock,
    ranked.stops_when_paused,
    {{ shown_instant('ranked.due_us', 'run_parameters.timezone') }} as due_at,
    case
        when ranked.is_recorded_at_all and not ranked.is_untold then {{ whole_minutes('ranked.taken_us') }}
    end as taken_minutes,
    ranked.status,
    coalesce(
        ranked.status in ('running', 'paused')
        and ranked.due_us <= ranked.now_us + cast(profile.sla_soon_overdue_hours as bigint) * 3600000000,
        false
    ) as is_soon_overdue,
    coalesce(ranked.is_counted, false) as is_counted,
    case
        when not ranked.is_recorded_at_all then 'never_recorded'
        when ranked.is_untold then 'contact_not_recorded'
        when ranked.status = 'not_started' then 'not_settled'
        when ranked.status = 'paused' then 'clock_paused'
        when ranked.due_us is null and ranked.status in ('running', 'overdue') then 'beyond_horizon'
    end as missing_reason,
    run_parameters.as_of_date
from ranked
cross join run_parameters
cross join {{ ref('int_profile') }} as profile
