with days as (

    select * from {{ ref('int_signal_days') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

interactions as (

    select
        customer_id,
        occurred_on
    from {{ ref('fct_interactions') }}
    where customer_id is not null

),

tickets as (

    select
        customer_id,
        ticket_type,
        received_on
    from {{ ref('fct_tickets') }}
    where customer_id is not null

),

openings as (

    select
        customer_id,
        opened_on,
        closed_on
    from {{ ref('int_ticket_openings') }}
    where customer_id is not null

),

answers as (

    select
        customer_id,
        responded_on,
        survey_type,
        score
    from {{ ref('fct_survey_responses') }}
    where customer_id is not null

),

contracts as (

    select
        {{ golden_customer('contracts.customer_id') }} as customer_id,
        contracts.starts_on,
        contracts.ends_on
    from {{ ref('stg_contracts') }} as contracts
    {{ join_golden_customer('contracts.customer_id') }}
    where contracts.ends_on is not null

),

-- A day is told by the first of the days that sees it.
first_seen as (

    select
        dates.date_day,
        min(days.month_number) as month_number
    from dates
    inner join days on dates.date_day <= days.snapshot_on
    group by dates.date_day

),

last_interactions as (

    select
        interactions.customer_id,
        first_seen.month_number,
        max(interactions.occurred_on) as last_interaction_on
    from interactions
    inner join first_seen on interactions.occurred_on = first_seen.date_day
    group by interactions.customer_id, first_seen.month_number

),

spans as (

    select
        *,
        lead(month_number) over (partition by customer_id order by month_number) as until_month
    from last_interactions

),

-- One row per customer and day with anything to tell of each kind, then added up.
told as (

    select
        spans.customer_id,
        days.snapshot_on,
        spans.last_interaction_on,
        0 as complaints,
        0 as open_tickets,
        0 as satisfaction_points,
        0 as answers,
        cast(null as date) as contract_ends_on
    from spans
    inner join days
        on
            spans.month_number <= days.month_number
            and (spans.until_month is null or spans.until_month > days.month_number)
    union all
    select
        tickets.customer_id,
        days.snapshot_on,
        cast(null as date) as last_interaction_on,
        case when tickets.ticket_type = 'complaint' then 1 else 0 end as complaints,
        0 as open_tickets,
        0 as satisfaction_points,
        0 as answers,
        cast(null as date) as contract_ends_on
    from tickets
    inner join days
        on tickets.received_on <= days.snapshot_on and tickets.received_on > days.year_opens_after
    union all
    -- On a day between a settlement and the reopening the ticket was not open, as far as its settlement is still known.
    select
        openings.customer_id,
        days.snapshot_on,
        cast(null as date) as last_interaction_on,
        0 as complaints,
        1 as open_tickets,
        0 as satisfaction_points,
        0 as answers,
        cast(null as date) as contract_ends_on
    from openings
    inner join days
        on
            openings.opened_on <= days.snapshot_on
            and (openings.closed_on is null or openings.closed_on > days.snapshot_on)
    union all
    -- Answers of the three kinds of survey in points of one scale, 0 the worst and 60 the best.
    select
        answers.customer_id,
        days.snapshot_on,
        cast(null as date) as last_interaction_on,
        0 as complaints,
        0 as open_tickets,
        cast(
            case answers.survey_type
                when 'nps' then answers.score * 6
                when 'csat' then (answers.score - 1) * 15
                when 'ces' then (answers.score - 1) * 10
            end as integer
        ) as satisfaction_points,
        1 as answers,
        cast(null as date) as contract_ends_on
    from answers
    inner join days
        on answers.responded_on <= days.snapshot_on and answers.responded_on > days.half_opens_after
    union all
    select
        contracts.customer_id,
        days.snapshot_on,
        cast(null as date) as last_interaction_on,
        0 as complaints,
        0 as open_tickets,
        0 as satisfaction_points,
        0 as answers,
        contracts.ends_on as contract_ends_on
    from contracts
    inner join days on contracts.starts_on <= days.snapshot_on

),

summed as (

    select
        customer_id,
        snapshot_on,
        max(last_interaction_on) as last_interaction_on,
        sum(complaints) as complaints,
        sum(open_tickets) as open_tickets,
        {{ rounded('cast(sum(satisfaction_points) as double) / nullif(sum(answers) * 60, 0)', 6) }}
            as satisfaction_score,
        max(contract_ends_on) as contract_ends_on
    from told
    group by customer_id, snapshot_on

)

select * from summed
