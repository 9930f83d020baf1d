with customers as (

    select * from {{ ref('int_lifecycle_customers') }}

),

rhythm as (

    select * from {{ ref('int_purchase_rhythm') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

responses as (

    select * from {{ ref('int_responses') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

last_responses as (

    select
        customer_id,
        max(response_on) as last_response_on
    from responses
    where is_present
    group by customer_id

),

as_of as (

    select max(as_of_date) as as_of_date
    from customers

),

spend_periods as (

    select
        {{ add_days('as_of.as_of_date', '-profile.spend_period_days') }} as current_opens_after,
        {{ add_days('as_of.as_of_date', '-2 * profile.spend_period_days') }} as previous_opens_after
    from as_of
    cross join profile

),

spend as (

    select
        orders.customer_id,
        sum(
            case when orders.order_date > spend_periods.current_opens_after then orders.net_amount else 0 end
        ) as current_spend_amount,
        sum(
            case when orders.order_date <= spend_periods.current_opens_after then orders.net_amount else 0 end
        ) as previous_spend_amount
    from orders
    inner join spend_periods on orders.order_date > spend_periods.previous_opens_after
    where orders.is_purchase
    group by orders.customer_id

),

current_days as (

    select
        customers.customer_id,
        customers.as_of_date as replay_on,
        customers.known_from,
        customers.registered_on,
        customers.customer_type,
        customers.strategic_label,
        rhythm.first_purchase_on,
        rhythm.last_purchase_on,
        rhythm.purchase_days,
        rhythm.median_gap_days,
        last_responses.last_response_on,
        cast(coalesce(spend.current_spend_amount, 0) as decimal(18, 2)) as current_spend_amount,
        cast(coalesce(spend.previous_spend_amount, 0) as decimal(18, 2)) as previous_spend_amount
    from customers
    left join rhythm on customers.customer_id = rhythm.customer_id
    left join last_responses on customers.customer_id = last_responses.customer_id
    left join spend on customers.customer_id = spend.customer_id

),

{{ measure_lifecycle('current_days', 'measured_days') }},

{{ judge_lifecycle('measured_days', lifecycle_rule_rows(), kept=[
    'replay_on',
    'known_from',
    'registered_on',
    'first_purchase_on',
    'last_purchase_on',
    'purchase_days',
    'median_gap_days',
    'last_activity_on',
    'own_cadence_days',
]) }}

select
    customer_id,
    replay_on,
    known_from,
    registered_on,
    customer_type,
    strategic_label,
    first_purchase_on,
    last_purchase_on,
    purchase_days,
    median_gap_days,
    purchase_days_lifetime,
    last_activity_on,
    own_cadence_days,
    age_days,
    recency_days,
    days_since_last_activity,
    cadence_ratio,
    spend_change_rate,
    age_stage,
    age_rule_id,
    age_reason,
    activity_state,
    activity_rule_id,
    activity_reason,
    curve_stage,
    curve_rule_id,
    lifecycle_stage,
    stage_rule_id,
    stage_reason
from stage_judged
