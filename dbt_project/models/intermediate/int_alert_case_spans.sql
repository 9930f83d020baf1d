{% set text = dbt.type_string() %}
{% set day_zero = "cast('2000-01-03' as date)" %}

with rules as (

    select * from {{ ref('int_alert_rules') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- W4: silence beyond the customer's own gap, until it buys or has churned (M1). Only silences that can still be shown
-- are looked at, and those of the sample of the back-test: so the last purchases of most customers are enough.
silence_rules as (

    select * from rules
    where metric = 'cadence_ratio'

),

purchase_days as (

    select distinct
        customer_id,
        order_date as purchase_on
    from {{ ref('fct_orders') }}
    where is_purchase

),

recent_days as (

    select purchase_days.*
    from purchase_days
    cross join run_parameters
    cross join profile
    left join {{ ref('int_alert_sample') }} as sampled on purchase_days.customer_id = sampled.customer_id
    where
        sampled.customer_id is not null
        or purchase_days.purchase_on
        > {{ add_days('run_parameters.as_of_date', '-profile.alert_closed_days - profile.active_window_days') }}

),

followed_days as (

    select
        customer_id,
        purchase_on,
        lead(purchase_on) over (partition by customer_id order by purchase_on) as next_on
    from recent_days

),

long_gaps as (

    select distinct
        followed_days.customer_id,
        followed_days.purchase_on,
        followed_days.next_on
    from followed_days
    cross join run_parameters
    inner join silence_rules
        on
            {{ days_between(
                'followed_days.purchase_on', 'coalesce(followed_days.next_on, run_parameters.as_of_date)'
            ) }}
            >= coalesce(silence_rules.value_bound, 1)

),

waited as (

    select
        long_gaps.customer_id,
        long_gaps.purchase_on,
        long_gaps.next_on,
        {{ days_between(
            'lag(purchase_days.purchase_on) over ('
            ~ 'partition by long_gaps.customer_id, long_gaps.purchase_on order by purchase_days.purchase_on)',
            'purchase_days.purchase_on'
        ) }} as gap_days
    from long_gaps
    inner join purchase_days
        on long_gaps.customer_id = purchase_days.customer_id and long_gaps.purchase_on >= purchase_days.purchase_on

),

rhythms as (

    select
        customer_id,
        purchase_on,
        next_on,
        count(*) as day_number,
        {{ median('gap_days') }} as median_days
    from waited
    group by customer_id, purchase_on, next_on

),

silences as (

    select
        rules.rule_id,
        rhythms.customer_id as subject_id,
        '' as occasion,
        rhythms.customer_id,
        greatest(
            {{ add_days('rhythms.purchase_on', days_until('rules.threshold', 'rhythms.median_days')) }},
            {{ add_days('rhythms.purchase_on', days_until('coalesce(rules.value_bound, 0)', '1')) }}
        ) as opened_on,
        least(
            coalesce(rhythms.next_on, {{ add_days('rhythms.purchase_on', 'profile.active_window_days') }}),
            {{ add_days('rhythms.purchase_on', 'profile.active_window_days') }}
        ) as ends_on,
        {{ add_days('rhythms.purchase_on', days_until('rules.critical_threshold', 'rhythms.median_days')) }}
            as critical_on,
        case
            when rhythms.next_on <= {{ add_days('rhythms.purchase_on', 'profile.active_window_days') }} then 'recovered'
            else 'churned'
        end as close_reason,
        rhythms.purchase_on as counted_from,
        rhythms.median_days as unit_days,
        cast(null as double) as metric_value,
        cast(null as double) as asked_value
    from rhythms
    inner join silence_rules as rules on rhythms.day_number >= rules.min_count
    cross join profile

),

-- W5: clocks of tickets, as ticket_sla counts them.
clocks as (

    select
        policies.ticket_id,
        policies.metric,
        policies.due_at,
        cast(policies.due_at as date) as due_on,
        {{ minutes_between('cast(cast(policies.due_at as date) as timestamp)', 'policies.due_at') }} as due_minute,
        courses.customer_id,
        courses.received_on,
        courses.reopenings,
        cast({{ shown_instant(
            "(case policies.metric when 'first_response' then courses.answered_us else courses.settled_us end)",
            'run_parameters.timezone'
        ) }} as date) as stopped_on
    from {{ ref('ticket_sla_policies') }} as policies
    inner join {{ ref('int_ticket_courses') }} as courses on policies.ticket_id = courses.ticket_id
    cross join run_parameters
    where
        policies.is_counted
        and policies.metric in ('first_response', 'resolution')
        and policies.due_at is not null
        and policies.status is not null

),

reopened as (

    select
        ticket_id,
        cast(max(occurred_at) as date) as reopened_on
    from {{ ref('stg_ticket_events') }}
    where event_type = 'reopened'
    group by ticket_id

),

followed as (

    select
        clocks.*,
        case when clocks.metric = 'resolution' then reopened.reopened_on end as reopened_on
    from clocks
    left join reopened on clocks.ticket_id = reopened.ticket_id and clocks.reopenings > 0

),

ticket_cases as (

    select
        rules.rule_id,
        followed.ticket_id as subject_id,
        followed.metric as occasion,
        followed.customer_id,
        case
            when rules.metric = 'ticket_overdue_days'
                then
                    greatest(
                        {{ add_days('followed.due_on', days_until('rules.threshold', '1')) }},
                        coalesce(followed.reopened_on, followed.due_on)
                    )
            else
                greatest(
                    {{ add_days(
                        'followed.due_on',
                        'cast(ceil((followed.due_minute - 1440 * rules.threshold) / 1440) as integer) - 1'
                    ) }},
                    coalesce(followed.reopened_on, followed.received_on),
                    followed.received_on
                )
        end as opened_on,
        case
            when rules.metric = 'ticket_overdue_days' then followed.stopped_on
            else least(coalesce(followed.stopped_on, followed.due_on), followed.due_on)
        end as ends_on,
        case
            when rules.metric = 'ticket_overdue_days'
                then {{ add_days('followed.due_on', days_until('rules.critical_threshold', '1')) }}
        end as critical_on,
        case
            when rules.metric = 'days_to_due' and coalesce(followed.stopped_on > followed.due_on, true) then 'overdue'
            else 'recovered'
        end as close_reason,
        followed.due_on as counted_from,
        cast(case when rules.metric = 'ticket_overdue_days' then 1 else -1 end as double) as unit_days,
        cast(null as double) as metric_value,
        cast(null as double) as asked_value
    from followed
    inner join rules on rules.metric in ('ticket_overdue_days', 'days_to_due')

),

-- W5: contacts of the plan that were not made. A plan is the same on every day that shows some of it.
due_contacts as (

    select
        planned.customer_id,
        planned.trigger,
        planned.occasion,
        planned.due_on,
        planned.priority,
        -- Made, or no longer called for: what it was for has come about.
        least(
            coalesce(planned.made_on, planned.ended_on), coalesce(planned.ended_on, planned.made_on)
        ) as settled_on,
        -- The next one takes its place, it makes no sense any more, or the plan no longer shows it.
        least(
            coalesce(
                {{ add_days(
                    "coalesce(planned.expires_on, case when planned.contact_kind = 'cadence' then planned.latest_on end)",
                    1
                ) }},
                {{ add_days('planned.due_on', 'profile.contact_overdue_days') }}
            ),
            coalesce(planned.lapses_on, {{ add_days('planned.due_on', 'profile.contact_overdue_days') }}),
            {{ add_days('planned.due_on', 'profile.contact_overdue_days') }}
        ) as lapsed_on
    from {{ ref('int_contact_plan') }} as planned
    cross join profile
    where planned.plan_exclusion is null or (planned.touch_id is not null and planned.judgement is null)

),

contact_cases as (

    select
        rules.rule_id,
        planned.customer_id as subject_id,
        planned.trigger || ' ' || planned.occasion as occasion,
        planned.customer_id,
        {{ add_days('planned.due_on', days_until('rules.threshold', '1')) }} as opened_on,
        least(coalesce(planned.settled_on, planned.lapsed_on), planned.lapsed_on) as ends_on,
        {{ add_days('planned.due_on', days_until('rules.critical_threshold', '1')) }} as critical_on,
        case when planned.settled_on <= planned.lapsed_on then 'recovered' else 'lapsed' end as close_reason,
        planned.due_on as counted_from,
        cast(1 as double) as unit_days,
        cast(null as double) as metric_value,
        cast(null as double) as asked_value
    from due_contacts as planned
    inner join rules
        on rules.metric = 'contact_overdue_days' and planned.priority <= coalesce(rules.value_bound, planned.priority)

),

-- W3, W6: days of the board, judged as the board judges them: by its alarm and its target, and of too few not at all.
-- 1: it holds; 0: it does not; null: nobody can say.
judged_days as (

    select
        rules.rule_id,
        history.metric as subject_id,
        history.metric_date,
        history.value as metric_value,
        case when rules.metric = 'churn_rate_daily' then history.alarm_at else history.target_value end as asked_value,
        rules.critical_threshold,
        case
            when rules.metric = 'churn_rate_daily'
                then
                    case
                        when history.is_alarm_reached is null then null
                        when {{ reaches('history.value', 'history.alarm_at', 'rules.comparison') }} then 1
                        else 0
                    end
            when history.is_target_missed is null or history.is_abnormal is null then null
            when history.is_abnormal then 1
            else 0
        end as verdict,
        {{ month_start('history.metric_date') }} as metric_month,
        {{ days_between(day_zero, 'history.metric_date') }} as day_number
    from {{ ref('kpi_history') }} as history
    inner join rules
        on
            rules.metric = 'board_abnormal'
            or (rules.metric = 'churn_rate_daily' and history.metric = 'churn_rate_daily')

),

board_days as (

    select
        judged_days.*,
        coalesce(tomorrow.verdict, -1) as verdict_of_tomorrow
    from judged_days
    left join judged_days as tomorrow
        on
            judged_days.rule_id = tomorrow.rule_id
            and judged_days.subject_id = tomorrow.subject_id
            and judged_days.day_number + 1 = tomorrow.day_number
    where judged_days.verdict = 1

),

-- A month's end closes what holds, so that an alert lies within the days that are kept.
board_runs as (

    select
        *,
        day_number - row_number() over (
            partition by rule_id, subject_id, metric_month order by metric_date
        ) as run_number
    from board_days

),

board_cases as (

    select
        rule_id,
        subject_id,
        '' as occasion,
        cast(null as {{ text }}) as customer_id,
        min(metric_date) as opened_on,
        {{ add_days('max(metric_date)', 1) }} as ends_on,
        min(case when metric_value >= critical_threshold then metric_date end) as critical_on,
        case {{ latest_value('verdict_of_tomorrow', 'metric_date') }}
            when 1 then 'month_over'
            when 0 then 'recovered'
            else 'no_longer_judged'
        end as close_reason,
        cast(null as date) as counted_from,
        cast(null as double) as unit_days,
        {{ latest_value('metric_value', 'metric_date') }} as metric_value,
        {{ latest_value('asked_value', 'metric_date') }} as asked_value
    from board_runs
    group by rule_id, subject_id, metric_month, run_number

),

cases as (

    select * from silences
    union all
    select * from ticket_cases
    union all
    select * from contact_cases
    union all
    select * from board_cases

)

select
    cases.rule_id,
    cases.subject_id,
    cases.occasion,
    cases.customer_id,
    cases.opened_on,
    case when cases.ends_on <= run_parameters.as_of_date then cases.ends_on end as closed_on,
    case
        when
            cases.critical_on <= run_parameters.as_of_date
            and (cases.ends_on is null or cases.critical_on < cases.ends_on)
            then greatest(cases.critical_on, cases.opened_on)
    end as critical_on,
    case when cases.ends_on <= run_parameters.as_of_date then cases.close_reason end as close_reason,
    cases.counted_from,
    cases.unit_days,
    cases.metric_value,
    cases.asked_value
from cases
cross join run_parameters
where
    cases.opened_on <= run_parameters.as_of_date
    and (cases.ends_on is null or cases.opened_on < cases.ends_on)
