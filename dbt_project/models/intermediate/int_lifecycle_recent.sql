with current_stages as (

    select * from {{ ref('int_lifecycle_current') }}

),

nearer as (

    select * from {{ ref('int_lifecycle_since_last_purchase') }}

),

unsettled as (

    select current_stages.*
    from current_stages
    left join nearer on current_stages.customer_id = nearer.customer_id and nearer.is_settled
    where nearer.customer_id is null

),

scope as (

    select
        *,
        replay_on as as_of_date,
        greatest({{ add_days('coalesce(last_purchase_on, replay_on)', -lifecycle_lookback_days()) }}, known_from)
            as look_from,
        {{ add_days('coalesce(last_purchase_on, replay_on)', -lifecycle_lookback_days()) }} <= known_from as reaches_start
    from unsettled

),

{{ purchase_spans('scope') }},

{{ replay_lifecycle('scope', 'purchase_spans') }}

select * from replayed
