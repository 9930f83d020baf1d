with newest as (

    {{ newest_version('tier_decisions', ['decision_id']) }}

),

renamed as (

    select
        -- ids
        decision_id,
        review_id,
        customer_id,

        -- descriptions
        scheme,
        decision,
        approver,
        note as decision_note,

        -- instants; several decisions of one second stand in the order in which they were recorded
        decided_at,
        cast(row_number() over (order by decided_at, _load_seq, _line_no) as integer) as decided_order
    from newest

)

select * from renamed
