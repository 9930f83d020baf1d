with current_stages as (

    select * from {{ ref('int_lifecycle_current') }}

),

settled as (

    select customer_id from {{ ref('int_lifecycle_since_last_purchase') }}
    where is_settled
    union distinct
    select customer_id from {{ ref('int_lifecycle_kept') }}

),

unsettled as (

    select current_stages.*
    from current_stages
    left join settled on current_stages.customer_id = settled.customer_id
    where settled.customer_id is null

),

looked_at as (

    select
        *,
        replay_on as look_until,
        {{ add_days('coalesce(last_purchase_on, replay_on)', -lifecycle_lookback_days()) }} as lookback_from
    from unsettled

),

scope as (

    select
        *,
        greatest(lookback_from, known_from) as look_from,
        lookback_from <= known_from as reaches_start
    from looked_at

),

{{ versions_in_scope('scope') }},

{{ rhythm_in_scope('scope', 'versions_in_scope') }},

{{ replay_lifecycle('scope', 'versions_in_scope', 'rhythm_in_scope') }}

select * from replayed
