with staged as (

    {{ stage_orders() }}

)

select * from staged
