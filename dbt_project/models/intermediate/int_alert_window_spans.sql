{% set sums = ['now_count', 'now_sum', 'before_count', 'before_sum', 'gates'] %}

with rules as (

    select
        *,
        approach in ('drop', 'mean_drop') as has_before,
        min_age_days is not null or metric = 'revenue_without_consent' as has_gate,
        alert_type = 'churn_warning' and subject_type = 'customer' as is_churn_warning
    from {{ ref('int_alert_rules') }}
    where approach in ('share', 'drop', 'mean_drop', 'number', 'amount')

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- What counts against the subject, by the rule's own bound.
counted as {{ worked_out() }} (

    select
        rules.rule_id,
        rules.approach,
        facts.subject_id,
        facts.fact_on,
        rules.lookback_days,
        rules.has_before,
        rules.close_threshold,
        rules.min_count,
        -- Answers are compared within one survey: what another one asks is another question.
        case when rules.approach = 'mean_drop' then facts.category else '' end as occasion,
        facts.counted,
        case
            when rules.metric = 'slow_response_share'
                then cast(case when facts.measure > rules.value_bound then 1 else 0 end as decimal(18, 2))
            when rules.metric = 'low_rating_share'
                then cast(case when facts.measure <= rules.value_bound then 1 else 0 end as decimal(18, 2))
            else facts.measure
        end as amount
    from {{ ref('int_alert_facts') }} as facts
    inner join rules on facts.metric = rules.metric
    where
        rules.categories is null
        -- Of a share's whole nothing is left out.
        or (rules.approach = 'share' and facts.counted > 0)
        or ',' || rules.categories || ',' like '%,' || facts.category || ',%'

),

-- Of many customers few can have an alert that is shown. Over the days that are shown the window holds at most what
-- fell into any of them, and at least what fell into all; whom these bounds acquit is left out, history and all.
bounded as (

    select
        counted.rule_id,
        counted.subject_id,
        sum(case
            when
                counted.fact_on > {{ add_days(
                    'run_parameters.as_of_date', '-profile.alert_closed_days - counted.lookback_days'
                ) }}
                then counted.counted
            else 0
        end) as most_now,
        sum(case
            when
                counted.fact_on > {{ add_days(
                    'run_parameters.as_of_date', '-profile.alert_closed_days - counted.lookback_days'
                ) }}
                then counted.amount
            else 0
        end) as most_amount,
        sum(case
            when
                counted.fact_on > {{ add_days('run_parameters.as_of_date', '-counted.lookback_days') }}
                and counted.fact_on <= {{ add_days('run_parameters.as_of_date', '-profile.alert_closed_days') }}
                then counted.counted
            else 0
        end) as least_now,
        sum(case
            when counted.fact_on <= {{ add_days('run_parameters.as_of_date', '-counted.lookback_days') }}
                then counted.counted
            else 0
        end) as most_before
    from counted
    cross join run_parameters
    cross join profile
    where
        counted.approach in ('share', 'drop', 'number', 'amount')
        and counted.fact_on > {{ add_days(
            'run_parameters.as_of_date', '-profile.alert_closed_days - 2 * counted.lookback_days'
        ) }}
    group by counted.rule_id, counted.subject_id

),

-- And whoever is in the sample of the back-test.
followed_subjects as (

    select
        bounded.rule_id,
        bounded.subject_id
    from bounded
    inner join rules on bounded.rule_id = rules.rule_id
    where
        (rules.approach = 'number' and bounded.most_now >= rules.close_threshold)
        or (rules.approach = 'share' and bounded.most_amount >= rules.close_threshold * rules.min_count - 0.000001)
        or (rules.approach = 'amount' and bounded.most_amount >= rules.close_threshold)
        or (
            rules.approach = 'drop'
            and bounded.most_before >= rules.min_count
            and bounded.least_now <= (1 - rules.close_threshold) * bounded.most_before + 0.000001
        )
    union distinct
    select
        rules.rule_id,
        sampled.customer_id as subject_id
    from {{ ref('int_alert_sample') }} as sampled
    inner join rules on rules.approach in ('drop', 'number', 'amount')

),

summed as (

    select
        counted.rule_id,
        counted.subject_id,
        counted.occasion,
        counted.fact_on,
        counted.lookback_days,
        counted.has_before,
        cast(sum(counted.counted) as integer) as facts,
        cast(100 * sum(counted.amount) as bigint) as amount
    from counted
    left join followed_subjects
        on counted.rule_id = followed_subjects.rule_id and counted.subject_id = followed_subjects.subject_id
    where counted.approach = 'mean_drop' or followed_subjects.subject_id is not null
    group by
        counted.rule_id, counted.subject_id, counted.occasion, counted.fact_on, counted.lookback_days,
        counted.has_before

),

known as (

    select
        rule_id,
        subject_id,
        occasion
    from summed
    group by rule_id, subject_id, occasion

),

-- Numbers are sorted by in half the time that names take.
subjects as (

    select
        rule_id,
        subject_id,
        occasion,
        row_number() over (order by rule_id, subject_id, occasion) as subject_number
    from known

),

numbered as (

    select
        summed.rule_id,
        subjects.subject_number,
        summed.fact_on,
        summed.lookback_days,
        summed.has_before,
        summed.facts,
        summed.amount
    from summed
    inner join subjects
        on
            summed.rule_id = subjects.rule_id
            and summed.subject_id = subjects.subject_id
            and summed.occasion = subjects.occasion

),

-- A fact enters the window on its day, and leaves it as many days later; then it is of the window before, for as long.
moved as (

    {{ stacked('numbered', ['rule_id', 'subject_number'], [
        {
            'change_on': 'fact_on', 'now_count': 'facts', 'now_sum': 'amount',
            'before_count': '0 * facts', 'before_sum': '0 * amount', 'gates': '0 * facts',
        },
        {
            'change_on': add_days('fact_on', 'lookback_days'), 'now_count': '-facts', 'now_sum': '-amount',
            'before_count': 'case when has_before then facts else 0 * facts end',
            'before_sum': 'case when has_before then amount else 0 * amount end',
            'gates': '0 * facts',
        },
        {
            'change_on': 'case when has_before then ' ~ add_days('fact_on', '2 * lookback_days') ~ ' end',
            'now_count': '0 * facts', 'now_sum': '0 * amount',
            'before_count': '-facts', 'before_sum': '-amount', 'gates': '0 * facts',
        },
    ]) }}

),

gates as (

    select
        gates.rule_id,
        subjects.subject_number,
        gates.asked_from,
        gates.asked_until
    from {{ ref('int_alert_gates') }} as gates
    inner join subjects on gates.rule_id = subjects.rule_id and gates.customer_id = subjects.subject_id

),

opened_and_shut as (

    {{ stacked('gates', ['rule_id', 'subject_number'], [
        {'change_on': 'asked_from', 'gates': '1'},
        {'change_on': 'asked_until', 'gates': '-1'},
    ]) }}

),

-- Who has churned (M1) is warned of no more, until it buys again.
warned as (

    select
        subjects.rule_id,
        subjects.subject_id,
        subjects.subject_number
    from subjects
    inner join rules on subjects.rule_id = rules.rule_id
    where rules.is_churn_warning

),

purchase_days as (

    select distinct
        customer_id,
        order_date as purchase_on
    from {{ ref('fct_orders') }}
    where is_purchase and customer_id in (select warned.subject_id from warned)

),

followed_days as (

    select
        customer_id,
        purchase_on,
        lead(purchase_on) over (partition by customer_id order by purchase_on) as next_on
    from purchase_days

),

absences as (

    select
        followed_days.customer_id,
        {{ add_days('followed_days.purchase_on', 'profile.active_window_days') }} as churned_on,
        followed_days.next_on
    from followed_days
    cross join profile
    where
        followed_days.next_on is null
        or {{ days_between('followed_days.purchase_on', 'followed_days.next_on') }} > profile.active_window_days

),

away as (

    select
        warned.rule_id,
        warned.subject_number,
        absences.churned_on,
        absences.next_on
    from warned
    inner join absences on warned.subject_id = absences.customer_id

),

gone_and_back as (

    {{ stacked('away', ['rule_id', 'subject_number'], [
        {'change_on': 'churned_on', 'gates': '-1'},
        {'change_on': 'next_on', 'gates': '1'},
    ]) }}

),

gated as (

    select
        rule_id,
        subject_number,
        change_on,
        gates
    from opened_and_shut
    union all
    select
        rule_id,
        subject_number,
        change_on,
        gates
    from gone_and_back

),

changes as (

    select
        rule_id,
        subject_number,
        change_on,
        {{ sums | join(',\n        ') }}
    from moved
    union all
    select
        rule_id,
        subject_number,
        change_on,
        0 as now_count,
        0 as now_sum,
        0 as before_count,
        0 as before_sum,
        gates
    from gated

),

-- Whole numbers and hundredths are exact as doubles up to 2 to the power of 53, and quicker to add up than decimals.
-- All changes of a day have the day's sums; the last of them stands for the day.
running as (

    select
        {% for name in sums %}
        sum(cast(changes.{{ name }} as double)) over (
            partition by changes.subject_number
            order by changes.change_on range between unbounded preceding and current row
        ) as {{ name }},
        {% endfor %}
        changes.rule_id,
        changes.subject_number,
        changes.change_on,
        lead(changes.change_on) over (partition by changes.subject_number order by changes.change_on)
            as next_change_on
    from changes
    inner join run_parameters on changes.change_on <= run_parameters.as_of_date

),

by_day as (

    select * from running
    where next_change_on is null or next_change_on > change_on

),

valued as (

    select
        by_day.*,
        rules.comparison,
        rules.threshold,
        rules.close_threshold,
        rules.critical_threshold,
        rules.is_churn_warning and by_day.gates < case when rules.has_gate then 1 else 0 end as is_shut,
        case
            when by_day.gates < case when rules.has_gate then 1 else 0 end then null
            when rules.approach = 'share' and by_day.now_count >= rules.min_count
                then by_day.now_sum / 100 / by_day.now_count
            when rules.approach = 'drop' and by_day.before_count >= rules.min_count
                then (by_day.before_count - by_day.now_count) / by_day.before_count
            -- Hundredths of points: the fall is a share of the whole scale.
            when
                rules.approach = 'mean_drop'
                and by_day.now_count >= rules.min_count and by_day.before_count >= rules.min_count
                then
                    (by_day.before_sum * by_day.now_count - by_day.now_sum * by_day.before_count)
                    / ({{ 100 * satisfaction_scale_points() }} * by_day.now_count * by_day.before_count)
            when rules.approach = 'number' then by_day.now_count
            when rules.approach = 'amount' then by_day.now_sum / 100
        end as metric_value
    from by_day
    inner join rules on by_day.rule_id = rules.rule_id

),

-- 1: it begins or goes on; 0: it is gone; null: it goes on where it was there.
judged as {{ worked_out() }} (

    select
        *,
        case
            when metric_value is null then 0
            when {{ reaches('metric_value', 'threshold', 'comparison') }} then 1
            when not {{ reaches('metric_value', 'close_threshold', 'comparison') }} then 0
        end as verdict
    from valued

),

not_gone as (

    select
        *,
        case
            when lag(next_change_on) over (partition by subject_number order by change_on) = change_on then 0
            else 1
        end as is_first
    from judged
    where verdict = 1 or verdict is null

),

-- Between two days on which it is gone there is one span at most: from the first day of a verdict on.
parted as (

    select
        *,
        sum(is_first) over (
            partition by subject_number order by change_on rows between unbounded preceding and current row
        ) as part_number
    from not_gone

),

spans as (

    select
        {% for name in ['metric_value', 'now_count', 'now_sum', 'before_count', 'before_sum'] %}
        {{ latest_value(name, 'change_on') }} as {{ name }},
        {% endfor %}
        rule_id,
        subject_number,
        min(case when verdict = 1 then change_on end) as opened_on,
        case when count(*) = count(next_change_on) then max(next_change_on) end as closed_on,
        min(case when metric_value >= critical_threshold then change_on end) as critical_on
    from parted
    group by rule_id, subject_number, part_number
    having max(verdict) = 1

)

select
    spans.rule_id,
    subjects.subject_id,
    subjects.occasion,
    spans.opened_on,
    spans.closed_on,
    spans.critical_on,
    case
        when spans.closed_on is null then null
        -- The gate of an age does not shut again: it is churn that shuts it.
        when closing.is_shut then 'churned'
        when closing.metric_value is null then 'no_longer_judged'
        else 'recovered'
    end as close_reason,
    spans.metric_value,
    cast(spans.now_count as integer) as now_count,
    {{ to_decimal('spans.now_sum / 100') }} as now_sum,
    cast(spans.before_count as integer) as before_count,
    {{ to_decimal('spans.before_sum / 100') }} as before_sum
from spans
inner join subjects on spans.subject_number = subjects.subject_number
left join judged as closing
    on spans.subject_number = closing.subject_number and spans.closed_on = closing.change_on
