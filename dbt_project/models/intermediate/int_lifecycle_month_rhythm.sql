with scope as (

    select * from {{ ref('int_lifecycle_history_scope') }}

),

months as (

    select * from {{ ref('int_lifecycle_months') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

order_versions as (

    select * from {{ ref('int_order_versions') }}

),

returned_order_versions as (

    select * from {{ ref('int_returned_order_versions') }}

),

{{ rhythm_by_month() }}

select * from runs
