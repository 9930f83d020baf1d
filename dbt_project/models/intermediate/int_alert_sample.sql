{{ config(materialized='table' if target.type == 'spark' else 'view') }}

with customers as (

    select customer_id from {{ ref('dim_customers') }}

),

counted as (

    select count(*) as customers from customers

),

profile as (

    select * from {{ ref('int_profile') }}

)

-- Always the same customers of a company that does not grow; all of one that is small.
select customers.customer_id
from customers
cross join counted
cross join profile
where
    cast({{ text_draw('customers.customer_id') }} as bigint) * counted.customers
    < cast(profile.alert_backtest_customers as bigint) * {{ draw_range() }}
