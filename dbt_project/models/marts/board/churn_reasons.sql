with weeks as (

    select * from {{ ref('int_loss_weeks') }}

),

rules as (

    {{ profile_rows(ref('churn_reason_rules'), 'rule_rows.reason') }}

),

lost as (

    select * from {{ ref('lost_customers') }}

),

signals as (

    select * from {{ ref('lost_customer_signals') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

reasons as (

    select
        reason,
        reason_group,
        priority,
        rule_id
    from rules
    where direction != 'never'
    union all
    select
        'unknown' as reason,
        'unknown' as reason_group,
        cast(null as integer) as priority,
        'K2.unknown' as rule_id

),

-- Every reason stands in every week: a missing row would be read as unknown.
cells as (

    select
        weeks.week_start,
        weeks.is_mature,
        reasons.reason,
        reasons.reason_group,
        reasons.priority,
        reasons.rule_id
    from weeks
    cross join reasons

),

counted as (

    select
        week_start,
        reason,
        count(*) as lost_customers,
        sum(value_lost) as value_lost
    from lost
    group by week_start, reason

),

signalled as (

    select
        week_start,
        reason,
        count(*) as signalled_customers
    from signals
    group by week_start, reason

),

filled as (

    select
        cells.*,
        coalesce(counted.lost_customers, 0) as lost_customers,
        coalesce(counted.value_lost, 0) as value_lost,
        case
            when cells.reason = 'unknown' then coalesce(counted.lost_customers, 0)
            else coalesce(signalled.signalled_customers, 0)
        end as signalled_customers
    from cells
    left join counted on cells.week_start = counted.week_start and cells.reason = counted.reason
    left join signalled on cells.week_start = signalled.week_start and cells.reason = signalled.reason

),

totalled as (

    select
        *,
        sum(lost_customers) over (partition by week_start) as all_customers,
        sum(value_lost) over (partition by week_start) as all_value,
        row_number() over (
            partition by week_start
            order by lost_customers desc, value_lost desc, coalesce(priority, 1000000) asc, reason asc
        ) as place
    from filled

)

select
    totalled.week_start,
    totalled.reason,
    totalled.reason_group,
    cast(totalled.lost_customers as integer) as lost_customers,
    cast(totalled.lost_customers as double) / nullif(totalled.all_customers, 0) as customer_share,
    cast(totalled.value_lost as decimal(18, 2)) as value_lost,
    cast(totalled.value_lost as double) / nullif(cast(totalled.all_value as double), 0) as value_share,
    cast(totalled.signalled_customers as integer) as signalled_customers,
    cast(totalled.place as integer) as {{ quoted('rank') }},
    case
        when totalled.all_customers = 0 then 'nobody_lost'
        when totalled.all_value = 0 then 'no_value_lost'
    end as missing_reason,
    totalled.rule_id,
    totalled.is_mature,
    run_parameters.as_of_date
from totalled
cross join run_parameters
