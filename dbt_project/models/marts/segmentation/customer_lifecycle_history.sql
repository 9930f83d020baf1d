{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=[
        'customer_id in (select customer_id from intermediate.int_lifecycle_history_scope where is_changed)',
        'customer_id not in (select customer_id from intermediate.int_lifecycle_customers)',
        'month_end not in (select month_end from intermediate.int_lifecycle_months where is_shown and not is_new)'
    ],
    on_schema_change='fail'
) }}

with stages as (

    select * from {{ ref('int_lifecycle_month_stages') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

compared as (

    select
        *,
        lag(month_number) over (partition by customer_id order by month_number) as month_number_before,
        lag(lifecycle_stage) over (partition by customer_id order by month_number) as stage_before
    from stages

),

written as (

    select
        compared.customer_id,
        compared.month_end,
        compared.lifecycle_stage,
        case
            when compared.month_number_before = compared.month_number - 1 then compared.stage_before
            else 'not_yet_known'
        end as previous_stage,
        compared.age_stage,
        compared.activity_state,
        compared.curve_stage,
        run_parameters.as_of_date
    from compared
    cross join run_parameters
    where compared.is_written

)

select * from written
