with staged as (

    {{ stage_order_items() }}

)

select * from staged
