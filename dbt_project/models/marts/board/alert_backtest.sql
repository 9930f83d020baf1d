with rules as (

    select * from {{ ref('int_alert_rules') }}
    where subject_type = 'customer' and metric != 'contact_overdue_days'

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

signals as (

    select
        signals.customer_id,
        signals.snapshot_on,
        signals.is_mature,
        signals.is_silent_after,
        signals.cadence_ratio,
        {{ days_between('signals.last_purchase_on', 'signals.snapshot_on') }} as silent_days
    from {{ ref('int_customer_signals') }} as signals
    inner join {{ ref('int_alert_sample') }} as sampled on signals.customer_id = sampled.customer_id
    where signals.is_month_end and signals.is_active

),

months as (

    select
        snapshot_on,
        is_mature,
        count(*) as customers,
        sum(case when is_silent_after then 1 else 0 end) as churned
    from signals
    group by snapshot_on, is_mature

),

-- Whose alert stood when the month ended, as the facts known today tell.
standing as (

    select distinct
        spans.rule_id,
        rules.alert_type,
        spans.customer_id,
        months.snapshot_on
    from {{ ref('int_alert_spans') }} as spans
    inner join rules on spans.rule_id = rules.rule_id
    inner join months
        on
            spans.opened_on <= months.snapshot_on
            and (spans.closed_on is null or spans.closed_on > months.snapshot_on)

),

flags as (

    select
        rule_id,
        customer_id,
        snapshot_on
    from standing
    union all
    select distinct
        'any_churn_warning' as rule_id,
        customer_id,
        snapshot_on
    from standing
    where alert_type = 'churn_warning'
    union all
    select
        'naive_silent' as rule_id,
        signals.customer_id,
        signals.snapshot_on
    from signals
    cross join profile
    where signals.silent_days > profile.alert_naive_silent_days
    union all
    select
        'naive_cadence' as rule_id,
        signals.customer_id,
        signals.snapshot_on
    from signals
    cross join profile
    where signals.cadence_ratio > profile.alert_naive_cadence_factor

),

asked as (

    select
        rule_id,
        threshold
    from rules
    union all
    select
        'any_churn_warning' as rule_id,
        cast(null as double) as threshold
    from profile
    union all
    select
        'naive_silent' as rule_id,
        cast(alert_naive_silent_days as double) as threshold
    from profile
    union all
    select
        'naive_cadence' as rule_id,
        alert_naive_cadence_factor as threshold
    from profile

),

hits as (

    select
        flags.rule_id,
        flags.snapshot_on,
        count(*) as flagged,
        sum(case when signals.is_silent_after then 1 else 0 end) as true_positives
    from flags
    inner join signals
        on flags.customer_id = signals.customer_id and flags.snapshot_on = signals.snapshot_on
    group by flags.rule_id, flags.snapshot_on

),

counted as (

    select
        asked.rule_id,
        asked.threshold,
        months.snapshot_on as month_end,
        months.is_mature,
        months.customers,
        case when months.is_mature then months.churned end as churned,
        coalesce(hits.flagged, 0) as flagged,
        case when months.is_mature then coalesce(hits.true_positives, 0) end as true_positives
    from asked
    cross join months
    left join hits on asked.rule_id = hits.rule_id and months.snapshot_on = hits.snapshot_on

)

select
    counted.rule_id,
    counted.month_end,
    counted.is_mature,
    counted.threshold,
    cast(counted.customers as integer) as customers,
    cast(counted.flagged as integer) as flagged,
    cast(counted.churned as integer) as churned,
    cast(counted.true_positives as integer) as true_positives,
    cast(counted.churned as double) / counted.customers as base_rate,
    cast(counted.true_positives as double) / nullif(counted.flagged, 0) as {{ quoted('precision') }},
    cast(counted.true_positives as double) / nullif(counted.churned, 0) as recall,
    cast(counted.true_positives as double) * counted.customers
    / nullif(cast(counted.flagged as double) * counted.churned, 0) as lift,
    run_parameters.as_of_date
from counted
cross join run_parameters
