with newest as (

    {{ newest_version('identity_decisions', ['decision_id']) }}

),

renamed as (

    select
        -- ids
        decision_id,
        customer_id,
        other_customer_id,
        withdrawn_decision_id,

        -- descriptions
        action as decided_action,
        reason as decision_reason,
        decided_by,

        -- instants; several decisions of one second stand in the order in which they were recorded
        decided_at,
        cast(row_number() over (order by decided_at, _load_seq, _line_no) as integer) as decided_order
    from newest

)

select * from renamed
