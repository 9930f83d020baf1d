with decisions as (

    select * from {{ ref('stg_alert_decisions') }}

),

-- The last decision of a person on an alert counts.
newest as (

    select
        alert_id,
        decision_action,
        effective_on,
        snoozed_until
    from decisions
    qualify row_number() over (partition by alert_id order by decided_order desc) = 1

)

select * from newest
