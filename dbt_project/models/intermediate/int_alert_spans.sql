{% set shared = ['rule_id', 'subject_id', 'opened_on', 'closed_on', 'critical_on', 'close_reason', 'metric_value'] %}
{% set of_windows = ['now_count', 'now_sum', 'before_count', 'before_sum'] %}

with rules as (

    select * from {{ ref('int_alert_rules') }}

),

customers as (

    select customer_id from {{ ref('dim_customers') }}

),

spans as (

    select
        {{ shared | join(',\n        ') }},
        {{ of_windows | join(',\n        ') }},
        occasion,
        cast(null as {{ dbt.type_string() }}) as ticket_customer_id,
        cast(null as date) as counted_from,
        cast(null as double) as unit_days,
        cast(null as double) as asked_value
    from {{ ref('int_alert_window_spans') }}
    union all
    select
        {{ shared | join(',\n        ') }},
        cast(null as integer) as now_count,
        cast(null as decimal(18, 2)) as now_sum,
        cast(null as integer) as before_count,
        cast(null as decimal(18, 2)) as before_sum,
        occasion,
        customer_id as ticket_customer_id,
        counted_from,
        unit_days,
        asked_value
    from {{ ref('int_alert_case_spans') }}

),

named as (

    select
        spans.*,
        rules.subject_type,
        rules.reopen_days,
        -- The board's alerts end with the month, and continue none of the month before: so many days are kept.
        case when rules.approach = 'board' then {{ month_start('spans.opened_on') }} end as board_month,
        case when rules.subject_type = 'customer' then spans.subject_id else spans.ticket_customer_id end
            as named_customer_id,
        substr(md5(
            spans.rule_id || '|' || rules.subject_type || '|' || spans.subject_id || '|' || spans.occasion || '|'
            || cast(spans.opened_on as {{ dbt.type_string() }})
        ), 1, 16) as alert_id
    from spans
    inner join rules on spans.rule_id = rules.rule_id

),

-- A ticket may name a customer whom nobody knows: it is late all the same, but nobody is warned of that customer.
known as (

    select
        named.*,
        customers.customer_id
    from named
    left join customers on named.named_customer_id = customers.customer_id
    where named.subject_type != 'customer' or customers.customer_id is not null

),

followed as (

    select
        *,
        lag(closed_on) over (partition by rule_id, subject_id, occasion, board_month order by opened_on)
            as closed_before_on
    from known

),

-- What comes back soon is the same matter: a new opening that names the one before it.
chained as (

    select
        *,
        case
            when reopen_days > 0 and {{ days_between('closed_before_on', 'opened_on') }} <= reopen_days then 0
            else 1
        end as is_first
    from followed

),

numbered as (

    select
        *,
        sum(is_first) over (
            partition by rule_id, subject_id, occasion, board_month
            order by opened_on rows between unbounded preceding and current row
        ) as chain_number,
        lag(alert_id) over (partition by rule_id, subject_id, occasion, board_month order by opened_on)
            as alert_id_before
    from chained

)

select
    alert_id,
    {{ shared | join(',\n    ') }},
    subject_type,
    occasion,
    customer_id,
    cast(row_number() over (
        partition by rule_id, subject_id, occasion, board_month, chain_number order by opened_on
    ) as integer) - 1 as times_reopened,
    case when is_first = 0 then alert_id_before end as reopened_from,
    {{ of_windows | join(',\n    ') }},
    counted_from,
    unit_days,
    asked_value
from numbered
