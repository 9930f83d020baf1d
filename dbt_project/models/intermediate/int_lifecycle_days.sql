{#
  The days on which a customer's lifecycle can change. The rules are asked on these days alone: between two of them no
  measure passes a threshold, so the answer of every other day is that of the last of these before it.
#}
{% set rules = lifecycle_rule_rows() %}

with customers as (

    select * from {{ ref('dim_customers') }}

),

versions as (

    select * from {{ ref('int_order_versions') }}

),

rhythm as (

    select * from {{ ref('int_purchase_rhythm') }}

),

responses as (

    select * from {{ ref('int_responses') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Days of events: what a customer did, and what left or entered a spend period by it.
event_days as (

    select
        customer_id,
        registered_on as replay_on
    from customers
    union all
    select
        customer_id,
        as_of_date as replay_on
    from customers
    union all
    select
        customer_id,
        valid_from as replay_on
    from versions
    union all
    select
        customer_id,
        response_on as replay_on
    from responses
    union all
    select
        versions.customer_id,
        {{ add_days('versions.order_date', 'profile.spend_period_days') }} as replay_on
    from versions
    cross join profile
    union all
    select
        versions.customer_id,
        {{ add_days('versions.order_date', '2 * profile.spend_period_days') }} as replay_on
    from versions
    cross join profile

),

-- Days on which a measure that grows by one a day reaches a threshold, or passes it.
threshold_days as (
    {% for threshold in rule_thresholds(rules, 'age_days') %}{% for passed in [0, 1] %}
    select customer_id, {{ add_days('first_purchase_on', threshold | round(0, 'floor') | int + passed) }} as replay_on
    from rhythm
    union all
    select customer_id, {{ add_days('registered_on', threshold | round(0, 'floor') | int + passed) }} as replay_on
    from customers
    union all
    {% endfor %}{% endfor %}
    {% for threshold in rule_thresholds(rules, 'days_since_last_activity') + rule_thresholds(rules, 'recency_days') %}
    {% for passed in [0, 1] %}
    select customer_id, {{ add_days('purchase_on', threshold | round(0, 'floor') | int + passed) }} as replay_on
    from rhythm
    where
        next_purchase_on is null
        or {{ add_days('purchase_on', threshold | round(0, 'floor') | int + passed) }} < next_purchase_on
    union all
    select customer_id, {{ add_days('response_on', threshold | round(0, 'floor') | int + passed) }} as replay_on
    from responses
    union all
    {% endfor %}{% endfor %}
    -- One day more than the arithmetic asks for: a product of binary fractions can fall short of a whole number.
    {% for threshold in rule_thresholds(rules, 'cadence_ratio') %}{% for passed in [0, 1, 2] %}
    select
        customer_id,
        {{ add_days('purchase_on', 'floor(' ~ threshold ~ ' * median_gap_days) + ' ~ passed) }} as replay_on
    from rhythm
    where
        next_purchase_on is null
        or {{ add_days('purchase_on', 'floor(' ~ threshold ~ ' * median_gap_days) + ' ~ passed) }} < next_purchase_on
    union all
    {% endfor %}{% endfor %}
    select
        customer_id,
        replay_on
    from event_days

),

distinct_days as (

    select distinct
        threshold_days.customer_id,
        threshold_days.replay_on
    from threshold_days
    inner join customers on threshold_days.customer_id = customers.customer_id
    where threshold_days.replay_on <= customers.as_of_date

)

select * from distinct_days
