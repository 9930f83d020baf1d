with history as (

    select * from {{ ref('customer_lifecycle_history') }}

),

counted as (

    select
        month_end,
        previous_stage as from_stage,
        lifecycle_stage as to_stage,
        cast(count(*) as integer) as customers,
        as_of_date
    from history
    group by month_end, previous_stage, lifecycle_stage, as_of_date

)

select * from counted
