with policies as (

    select * from {{ ref('int_ticket_policies') }}

),

courses as (

    select * from {{ ref('int_ticket_courses') }}

),

readings as (

    select * from {{ ref('int_clock_readings') }}

),

-- Both clocks of a ticket's instants: that of the calendar, and that which stands still outside working hours.
read as (

    select
        courses.ticket_id,
        courses.hours_region,
        courses.received_us,
        courses.contacted_us,
        courses.answered_us,
        courses.settled_us,
        courses.asked_us,
        courses.now_us,
        received.open_us as received_open,
        contacted.open_us as contacted_open,
        answered.open_us as answered_open,
        settled.open_us as settled_open,
        asked.open_us as asked_open,
        nows.open_us as now_open
    from courses
    inner join readings as received
        on courses.hours_region = received.region and courses.received_us = received.at_us
    inner join readings as nows
        on courses.hours_region = nows.region and courses.now_us = nows.at_us
    left join readings as contacted
        on courses.hours_region = contacted.region and courses.contacted_us = contacted.at_us
    left join readings as answered
        on courses.hours_region = answered.region and courses.answered_us = answered.at_us
    left join readings as settled
        on courses.hours_region = settled.region and courses.settled_us = settled.at_us
    left join readings as asked
        on courses.hours_region = asked.region and courses.asked_us = asked.at_us

),

-- On its policy's clock: when it started, when it stopped, where it is now.
clocked as (

    select
        policies.ticket_id,
        policies.policy_set,
        policies.metric,
        policies.rule_id,
        policies.allowed_us,
        policies.clock,
        policies.stops_when_paused,
        policies.place,
        policies.is_strictest_asked,
        read.hours_region,
        read.now_us,
        case
            when policies.clock = 'business' and policies.metric = 'call_back' then read.settled_open
            when policies.clock = 'business' then read.received_open
            when policies.metric = 'call_back' then read.settled_us
            else read.received_us
        end as started,
        case
            when policies.clock = 'business'
                then
                    case policies.metric
                        when 'contact' then read.contacted_open
                        when 'resolution' then read.settled_open
                        when 'call_back' then read.asked_open
                        else read.answered_open
                    end
            else
                case policies.metric
                    when 'contact' then read.contacted_us
                    when 'resolution' then read.settled_us
                    when 'call_back' then read.asked_us
                    else read.answered_us
                end
        end as stopped,
        case when policies.clock = 'business' then read.now_open else read.now_us end as now_reading,
        -- Who was answered was contacted by then; when, nobody wrote down.
        policies.metric = 'contact' and read.contacted_us is null and read.answered_us is not null as is_untold
    from policies
    inner join read on policies.ticket_id = read.ticket_id

),

kinds as (

    select distinct clock from policies

),

-- Pauses on both clocks, and how long a clock without pauses would have run before each.
paused as (

    select
        pauses.ticket_id,
        pauses.is_running,
        kinds.clock,
        case when kinds.clock = 'business' then begun.open_us else pauses.from_us end as paused_from,
        case when kinds.clock = 'business' then ended.open_us else pauses.until_us end as paused_until
    from {{ ref('int_ticket_pauses') }} as pauses
    cross join kinds
    inner join readings as begun
        on pauses.hours_region = begun.region and pauses.from_us = begun.at_us
    inner join readings as ended
        on pauses.hours_region = ended.region and pauses.until_us = ended.at_us

),

spent as (

    select
        ticket_id,
        clock,
        is_running,
        paused_from,
        paused_until,
        coalesce(sum(paused_until - paused_from) over (
            partition by ticket_id, clock
            order by paused_from, paused_until rows between unbounded preceding and 1 preceding
        ), 0) as paused_before
    from paused

),

-- A pause that begins before the time allowed is up puts the due time off by its length; one that is on puts it off
-- for as long as it lasts.
put_off as (

    select
        clocked.ticket_id,
        clocked.policy_set,
        clocked.metric,
        cast(sum(
            greatest(least(spent.paused_until, coalesce(clocked.stopped, clocked.now_reading)) - spent.paused_from, 0)
        ) as bigint) as paused_reading,
        cast(sum(
            case
                when spent.paused_from - clocked.started - spent.paused_before < clocked.allowed_us
                    then spent.paused_until - spent.paused_from
                else 0
            end
        ) as bigint) as added,
        max(
            case
                when
                    spent.is_running
                    and spent.paused_from - clocked.started - spent.paused_before < clocked.allowed_us
                    then 1
                else 0
            end
        ) as is_held
    from clocked
    inner join spent on clocked.ticket_id = spent.ticket_id and clocked.clock = spent.clock
    where clocked.stops_when_paused and clocked.metric != 'call_back'
    group by clocked.ticket_id, clocked.policy_set, clocked.metric

)

select
    clocked.ticket_id,
    clocked.policy_set,
    clocked.metric,
    clocked.rule_id,
    clocked.allowed_us,
    clocked.clock,
    clocked.stops_when_paused,
    clocked.place,
    clocked.is_strictest_asked,
    clocked.hours_region,
    clocked.now_us,
    clocked.stopped is not null as is_stopped,
    clocked.is_untold,
    coalesce(clocked.stopped, clocked.now_reading) - clocked.started - coalesce(put_off.paused_reading, 0) as taken_us,
    coalesce(put_off.is_held, 0) = 1 as is_held,
    -- Where the clock stands when the time allowed is up, if a pause that is on ended now.
    clocked.started + clocked.allowed_us + coalesce(put_off.added, 0) as promised_reading
from clocked
left join put_off
    on
        clocked.ticket_id = put_off.ticket_id
        and clocked.policy_set = put_off.policy_set
        and clocked.metric = put_off.metric
