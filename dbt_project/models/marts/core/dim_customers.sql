{% set attributes = [
    'customer_id', 'customer_type', 'industry', 'company_size', 'region', 'registered_on', 'source_channel',
    'preferred_channel', 'account_owner', 'strategic_label', 'need_tags', 'age_band', 'income_band', 'home_ownership',
    'marital_status', 'household_size', 'household_composition', 'kids_count', 'birth_month', 'birth_day',
    'is_contactable', 'opted_out_on',
] %}

with identity as (

    select * from {{ ref('int_customer_identity') }}

),

customers as (

    select {{ 'profiles.' ~ attributes | join(', profiles.') }}
    from {{ ref('stg_customers') }} as profiles
    left join identity on profiles.customer_id = identity.customer_id
    where identity.customer_id is null
    union all
    select {{ 'merged.' ~ attributes | join(', merged.') }}
    from {{ ref('int_customers_merged') }} as merged

),

merged_profiles as (

    select
        golden_customer_id,
        {{ joined_texts('case when customer_id != golden_customer_id then customer_id end') }} as merged_ids
    from identity
    group by golden_customer_id

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
    customers.opted_out_on,
    customers.customer_id is not null as is_in_customer_master,
    merged_profiles.merged_ids,
    run_parameters.as_of_date
from all_ids
cross join run_parameters
left join customers on all_ids.customer_id = customers.customer_id
left join purchases on all_ids.customer_id = purchases.customer_id
left join merged_profiles on all_ids.customer_id = merged_profiles.golden_customer_id
