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
scope as (

    select
        current_stages.*,
        current_stages.replay_on as as_of_date,
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
