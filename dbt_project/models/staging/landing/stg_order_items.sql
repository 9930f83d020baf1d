with newest as (

    {{ newest_version('order_items', ['order_id', 'line_no']) }}

),

renamed as (

    select
        -- ids
        order_id,
        line_no,
        product_id,

        -- numbers
        quantity,
        unit_price,
        line_amount,
        discount_amount
    from newest

)

select * from renamed
