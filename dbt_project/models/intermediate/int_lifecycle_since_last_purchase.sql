{% set silent_days = lifecycle_silent_days(lifecycle_rule_rows()) %}
{% set last_look = 'replay_on' if silent_days is none
    else 'least(replay_on, ' ~ add_days('coalesce(last_activity_on, replay_on)', silent_days) ~ ')' %}

with current_stages as (

    select * from {{ ref('int_lifecycle_current') }}

),

kept as (

    select * from {{ ref('int_lifecycle_kept') }}

),

returned_order_versions as (

    select * from {{ ref('int_returned_order_versions') }}

),

last_undone as (

    select
        customer_id,
        max(valid_from) as last_undone_on
    from returned_order_versions
    where is_undone
    group by customer_id

),

-- From the last purchase on, the known purchases are today's, unless a later one has come back. For whom nothing has
-- changed they are today's on all days since the release gone on from; no day lies between it and the day before.
looked_at as (

    select
        current_stages.*,
        coalesce(
            kept.look_from, current_stages.last_purchase_on, current_stages.known_from, current_stages.replay_on
        ) as look_from,
        kept.customer_id is null
        and coalesce(
            current_stages.last_purchase_on = current_stages.known_from, current_stages.last_purchase_on is null
        ) as reaches_start
    from current_stages
    left join kept on current_stages.customer_id = kept.customer_id
    left join last_undone on current_stages.customer_id = last_undone.customer_id
    where
        kept.look_from < current_stages.replay_on
        or (
            kept.customer_id is null
            and (last_undone.customer_id is null or last_undone.last_undone_on <= current_stages.last_purchase_on)
        )

),

-- A customer silent for long shows one stage from a day of its silence on: the days after it need no look.
scope as (

    select
        *,
        greatest(look_from, {{ last_look }}) as look_until
    from looked_at

),

rhythm as (

    select
        *,
        greatest(last_purchase_on, look_from) as span_from,
        cast(null as date) as span_until
    from scope
    where last_purchase_on is not null

),

{{ versions_in_scope('scope', in_spend_periods=true) }},

{{ replay_lifecycle('scope', 'versions_in_scope', 'rhythm') }}

select * from replayed
