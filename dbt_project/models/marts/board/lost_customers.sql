with losses as (

    select * from {{ ref('int_losses') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

met as (

    select
        *,
        row_number() over (partition by customer_id, week_start order by priority, reason) as place
    from {{ ref('lost_customer_signals') }}

),

gathered as (

    select
        customer_id,
        week_start,
        {{ joined_in_order('reason', 'place', ',') }} as signals,
        count(*) as signal_count
    from met
    group by customer_id, week_start

),

main as (

    select * from met
    where place = 1

),

-- What the customer was worth while it was one: with a long window of activity, the 12 months before the loss hold next
-- to nothing.
valued as (

    select
        losses.customer_id,
        losses.week_start,
        sum(orders.net_amount) as value_lost
    from losses
    inner join orders
        on
            losses.customer_id = orders.customer_id
            and orders.is_purchase
            and losses.last_purchase_on >= orders.order_date
            and orders.order_date > {{ add_months('losses.last_purchase_on', -12) }}
    group by losses.customer_id, losses.week_start

)

select
    losses.customer_id,
    losses.week_start,
    losses.churned_on,
    losses.last_purchase_on,
    losses.came_back_on,
    coalesce(main.reason, 'unknown') as reason,
    coalesce(main.reason_group, 'unknown') as reason_group,
    gathered.signals,
    cast(coalesce(gathered.signal_count, 0) as integer) as signal_count,
    cast(coalesce(valued.value_lost, 0) as decimal(18, 2)) as value_lost,
    coalesce(main.rule_id, 'K2.unknown') as rule_id,
    coalesce(
        main.rule_id || ': ' || main.signal || ' ' || {{ as_text('main.signal_value', 4) }}
        || case main.direction when 'at_most' then ', at most ' else ', at least ' end
        || {{ as_text('main.threshold', 4) }},
        'K2.unknown: no rule of churn_reason_rules is met'
    ) as explanation,
    losses.is_mature,
    run_parameters.as_of_date
from losses
cross join run_parameters
left join main on losses.customer_id = main.customer_id and losses.week_start = main.week_start
left join gathered on losses.customer_id = gathered.customer_id and losses.week_start = gathered.week_start
left join valued on losses.customer_id = valued.customer_id and losses.week_start = valued.week_start
