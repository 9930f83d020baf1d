{% set answer_signals = {"nps_answer": "nps", "csat_answer": "csat", "ces_answer": "ces"} %}

with losses as (

    select * from {{ ref('int_losses') }}

),

rules as (

    {{ profile_rows(ref('churn_reason_rules'), 'rule_rows.reason') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

answers as (

    select * from {{ ref('fct_survey_responses') }}

),

tickets as (

    select * from {{ ref('ticket_sla') }}

),

touches as (

    select * from {{ ref('fct_touches') }}

),

interactions as (

    select * from {{ ref('fct_interactions') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

contracts as (

    select
        {{ golden_customer('contracts.customer_id') }} as customer_id,
        contracts.starts_on,
        contracts.ends_on
    from {{ ref('stg_contracts') }} as contracts
    {{ join_golden_customer('contracts.customer_id') }}

),

contacts as (

    select
        touches.customer_id,
        touches.touched_on,
        touches.feedback,
        coalesce(cast(touches.responded_at as date), touches.touched_on) as answered_on
    from touches
    cross join profile
    where not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}

),

-- One row per lost customer and reason that is asked for.
asked as (

    select
        losses.*,
        rules.reason,
        rules.reason_group,
        rules.priority,
        rules.signal,
        rules.direction,
        rules.threshold,
        rules.rule_id,
        {{ add_days('losses.last_purchase_on', '-rules.look_back_days') }} as looked_from
    from losses
    cross join rules
    where rules.direction != 'never'

),

answered as (

    select
        asked.customer_id,
        asked.week_start,
        asked.reason,
        cast(min(answers.score) as double) as amount
    from asked
    inner join answers
        on
            asked.customer_id = answers.customer_id
            and asked.looked_from <= answers.responded_on
            and asked.churned_on >= answers.responded_on
            and case asked.signal
                {% for signal, survey_type in answer_signals.items() -%}
                when {{ sql_text(signal) }} then {{ sql_text(survey_type) }}
                {% endfor -%}
            end = answers.survey_type
    group by asked.customer_id, asked.week_start, asked.reason

),

contacted as (

    select
        asked.customer_id,
        asked.week_start,
        asked.reason,
        cast(count(*) as double) as amount
    from asked
    inner join contacts
        on
            asked.customer_id = contacts.customer_id
            and asked.looked_from <= contacts.answered_on
            and asked.churned_on >= contacts.answered_on
    where asked.signal = 'negative_feedbacks' and contacts.feedback = 'negative'
    group by asked.customer_id, asked.week_start, asked.reason

),

-- A ticket as it stood on the day of loss.
served as (

    select
        asked.customer_id,
        asked.week_start,
        asked.reason,
        cast(
            case max(asked.signal)
                when 'complaints' then sum(case when tickets.ticket_type = 'complaint' then 1 else 0 end)
                when 'open_tickets'
                    then
                        sum(
                            case
                                when tickets.resolved_at is null then 1
                                when cast(tickets.resolved_at as date) > asked.churned_on then 1
                                else 0
                            end
                        )
                when 'breached_tickets'
                    then
                        sum(
                            case
                                when
                                    tickets.is_breached
                                    and cast(tickets.resolution_due_at as date) <= asked.churned_on
                                    then 1
                                else 0
                            end
                        )
                when 'ticket_score'
                    then
                        min(
                            case
                                when cast(tickets.resolved_at as date) <= asked.churned_on
                                    then tickets.satisfaction_score
                            end
                        )
            end as double
        ) as amount
    from asked
    inner join tickets
        on
            asked.customer_id = tickets.customer_id
            and asked.looked_from <= tickets.received_on
            and asked.churned_on >= tickets.received_on
    where asked.signal in ('complaints', 'open_tickets', 'breached_tickets', 'ticket_score')
    group by asked.customer_id, asked.week_start, asked.reason

),

under_contract as (

    select distinct
        losses.customer_id,
        losses.week_start
    from losses
    inner join contracts
        on
            losses.customer_id = contracts.customer_id
            and losses.churned_on >= contracts.starts_on
            and (contracts.ends_on is null or losses.churned_on < contracts.ends_on)

),

ended as (

    select
        asked.customer_id,
        asked.week_start,
        asked.reason,
        cast(count(*) as double) as amount
    from asked
    inner join contracts
        on
            asked.customer_id = contracts.customer_id
            and asked.looked_from <= contracts.ends_on
            and asked.churned_on >= contracts.ends_on
    left join under_contract
        on asked.customer_id = under_contract.customer_id and asked.week_start = under_contract.week_start
    where asked.signal = 'ended_contracts' and under_contract.customer_id is null
    group by asked.customer_id, asked.week_start, asked.reason

),

-- Orders up to the loss; those of the 12 months and of the two spend periods before the last purchase are told apart.
bought as (

    select
        losses.customer_id,
        losses.week_start,
        orders.order_date,
        orders.is_purchase,
        orders.gross_amount,
        orders.discount_amount,
        orders.returned_amount,
        orders.net_amount,
        orders.is_purchase
        and orders.order_date <= losses.last_purchase_on
        and orders.order_date > {{ add_months('losses.last_purchase_on', -12) }} as is_in_year,
        orders.is_purchase
        and orders.order_date <= losses.last_purchase_on
        and orders.order_date > {{ add_days('losses.last_purchase_on', '-profile.spend_period_days') }} as is_recent,
        orders.is_purchase
        and orders.order_date <= {{ add_days('losses.last_purchase_on', '-profile.spend_period_days') }}
        and orders.order_date
        > {{ add_days('losses.last_purchase_on', '-2 * profile.spend_period_days') }} as is_before,
        orders.gross_amount > 0
        and (orders.is_purchase or orders.returned_amount > 0)
        and orders.order_date > {{ add_months('losses.churned_on', -12) }} as is_sold
    from losses
    cross join profile
    inner join orders
        on losses.customer_id = orders.customer_id and losses.churned_on >= orders.order_date

),

summed as (

    select
        customer_id,
        week_start,
        count(distinct case when is_purchase then order_date end) as purchase_days,
        sum(case when is_recent then 1 else 0 end) as recent_purchases,
        sum(case when is_before then 1 else 0 end) as purchases_before,
        sum(case when is_recent then net_amount else 0 end) as recent_spend,
        sum(case when is_before then net_amount else 0 end) as spend_before,
        sum(case when is_in_year then net_amount else 0 end) as revenue,
        sum(case when is_in_year then discount_amount end) as discounts,
        sum(case when is_sold then returned_amount else 0 end) as returned_amount,
        sum(case when is_sold then gross_amount else 0 end) as gross_amount
    from bought
    group by customer_id, week_start

),

moments as (

    select
        customer_id,
        occurred_on as contact_on
    from interactions
    where customer_id is not null
    union all
    select
        customer_id,
        touched_on as contact_on
    from contacts

),

first_moment as (

    select min(contact_on) as contact_on from moments

),

last_moments as (

    select
        losses.customer_id,
        losses.week_start,
        max(moments.contact_on) as contact_on
    from losses
    inner join moments
        on losses.customer_id = moments.customer_id and losses.churned_on >= moments.contact_on
    group by losses.customer_id, losses.week_start

),

states as (

    select
        losses.customer_id,
        losses.week_start,
        {{ rounded(
            'cast(summed.returned_amount as double) / nullif(cast(summed.gross_amount as double), 0)', 6
        ) }} as returned_share,
        {{ rounded(
            'cast(summed.discounts as double)'
            ~ ' / nullif(cast(summed.revenue + summed.discounts as double), 0)',
            6
        ) }} as discount_share,
        case
            when summed.recent_purchases + summed.purchases_before >= profile.cadence_min_purchase_days
                then {{ rounded(
                    'cast(summed.recent_purchases as double) / nullif(summed.purchases_before, 0) - 1', 6
                ) }}
        end as frequency_change_rate,
        case
            when
                summed.recent_purchases + summed.purchases_before >= profile.cadence_min_purchase_days
                and summed.spend_before > 0
                then {{ rounded(
                    'cast(summed.recent_spend as double) / cast(summed.spend_before as double) - 1', 6
                ) }}
        end as spend_change_rate,
        summed.purchase_days,
        -- Whom nobody ever contacted has gone without since it came.
        case
            when first_moment.contact_on <= losses.churned_on
                then {{ days_between(
                    'coalesce(last_moments.contact_on, customers.first_order_on)', 'losses.churned_on'
                ) }}
        end as days_without_contact
    from losses
    cross join profile
    cross join first_moment
    left join summed on losses.customer_id = summed.customer_id and losses.week_start = summed.week_start
    left join last_moments
        on losses.customer_id = last_moments.customer_id and losses.week_start = last_moments.week_start
    left join customers on losses.customer_id = customers.customer_id

),

measured as (

    select
        asked.*,
        coalesce(answered.amount, contacted.amount, served.amount, ended.amount, case asked.signal
            {% for signal, kind in churn_signals().items() if kind == 'state' -%}
            when {{ sql_text(signal) }} then cast(states.{{ signal }} as double)
            {% endfor -%}
        end) as signal_value
    from asked
    left join answered
        on
            asked.customer_id = answered.customer_id
            and asked.week_start = answered.week_start
            and asked.reason = answered.reason
    left join contacted
        on
            asked.customer_id = contacted.customer_id
            and asked.week_start = contacted.week_start
            and asked.reason = contacted.reason
    left join served
        on
            asked.customer_id = served.customer_id
            and asked.week_start = served.week_start
            and asked.reason = served.reason
    left join ended
        on
            asked.customer_id = ended.customer_id
            and asked.week_start = ended.week_start
            and asked.reason = ended.reason
    left join states on asked.customer_id = states.customer_id and asked.week_start = states.week_start

)

select
    measured.customer_id,
    measured.week_start,
    measured.reason,
    measured.reason_group,
    cast(measured.priority as integer) as priority,
    measured.signal,
    {{ rounded('measured.signal_value', 6) }} as signal_value,
    measured.direction,
    measured.threshold,
    measured.rule_id,
    run_parameters.as_of_date
from measured
cross join run_parameters
-- In millionths, so that 7 of 10 is a fall by 0.3 on every engine.
where
    case measured.direction
        when 'at_least' then round(measured.signal_value * 1000000) >= round(measured.threshold * 1000000)
        when 'at_most' then round(measured.signal_value * 1000000) <= round(measured.threshold * 1000000)
    end
