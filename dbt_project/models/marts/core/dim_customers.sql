with customers as (

    select * from {{ ref('stg_customers') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

purchases as (

    select
        customer_id,
        min(case when is_purchase then order_date end) as first_order_on,
        min(order_date) as first_seen_on
    from orders
    group by customer_id

),

-- A customer whom only orders know is a customer: a customer master is optional.
all_ids as (

    select customer_id from customers
    union distinct
    select customer_id from purchases

)

select
    all_ids.customer_id,
    customers.customer_type,
    customers.industry,
    customers.company_size,
    customers.region,
    customers.registered_on,
    purchases.first_order_on,
    purchases.first_seen_on,
    customers.source_channel,
    customers.preferred_channel,
    customers.account_owner,
    customers.strategic_label,
    customers.need_tags,
    customers.age_band,
    customers.income_band,
    customers.home_ownership,
    customers.marital_status,
    customers.household_size,
    customers.household_composition,
    customers.kids_count,
    customers.birth_month,
    customers.birth_day,
    coalesce(customers.is_contactable, false) as is_contactable,
    customers.customer_id is not null as is_in_customer_master,
    cast(null as {{ dbt.type_string() }}) as merged_ids,
    run_parameters.as_of_date
from all_ids
cross join run_parameters
left join customers on all_ids.customer_id = customers.customer_id
left join purchases on all_ids.customer_id = purchases.customer_id
