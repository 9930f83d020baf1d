with current_stages as (

    select * from {{ ref('int_lifecycle_current') }}

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

-- From the last purchase on, the known purchases are today's, unless a later one has come back.
scope as (

    select
        current_stages.*,
        current_stages.replay_on as as_of_date,
        coalesce(current_stages.last_purchase_on, current_stages.known_from, current_stages.replay_on) as look_from,
        coalesce(current_stages.last_purchase_on = current_stages.known_from, current_stages.last_purchase_on is null)
            as reaches_start
    from current_stages
    left join last_undone on current_stages.customer_id = last_undone.customer_id
    where last_undone.last_undone_on is null or last_undone.last_undone_on <= current_stages.last_purchase_on

),

rhythm as (

    select
        *,
        last_purchase_on as span_from,
        cast(null as date) as span_until
    from scope
    where last_purchase_on is not null

),

{{ versions_in_scope('scope', in_spend_periods=true) }},

{{ replay_lifecycle('scope', 'versions_in_scope', 'rhythm') }}

select * from replayed
