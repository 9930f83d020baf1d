with staged as (

    {{ stage_touches() }}

)

select * from staged
