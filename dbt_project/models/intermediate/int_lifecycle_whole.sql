with current_stages as (

    select * from {{ ref('int_lifecycle_current') }}

),

settled as (

    select customer_id from {{ ref('int_lifecycle_since_last_purchase') }}
    where is_settled
    union distinct
    select customer_id from {{ ref('int_lifecycle_recent') }}
    where is_settled
    union distinct
    select customer_id from {{ ref('int_lifecycle_kept') }}

),

scope as (

    select
        current_stages.*,
        current_stages.replay_on as look_until,
        coalesce(current_stages.known_from, current_stages.replay_on) as look_from,
        true as reaches_start
    from current_stages
    left join settled on current_stages.customer_id = settled.customer_id
    where settled.customer_id is null

),

{{ versions_in_scope('scope') }},

{{ rhythm_in_scope('scope', 'versions_in_scope') }},

{{ replay_lifecycle('scope', 'versions_in_scope', 'rhythm_in_scope') }}

select * from replayed
