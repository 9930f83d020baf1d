with newest as (

    {{ newest_version('label_reviews', ['review_id']) }}

),

renamed as (

    select
        -- ids
        review_id,
        customer_id,

        -- descriptions
        label,
        rule_version,
        rule_text,
        status as review_status,
        reviewer as reviewed_by,

        -- instants; several reviews of one second stand in the order in which they were recorded
        reviewed_at,
        cast(row_number() over (order by reviewed_at, _load_seq, _line_no) as integer) as reviewed_order
    from newest

)

select * from renamed
