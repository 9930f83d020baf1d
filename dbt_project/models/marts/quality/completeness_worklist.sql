with lacking as (

    select * from {{ ref('int_customers_lacking_fields') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

rfm as (

    select * from {{ ref('customer_rfm') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

listed as (

    select
        customer_id,
        {{ joined_texts('column_name', ', ') }} as missing_columns,
        count(*) as missing_count
    from lacking
    group by customer_id

)

select
    customers.customer_id,
    customers.account_owner,
    customers.region,
    listed.missing_columns,
    cast(listed.missing_count as integer) as missing_count,
    -- A customer without a purchase has spent nothing.
    cast(coalesce(rfm.monetary_12m, 0) as decimal(18, 2)) as value_at_stake,
    run_parameters.as_of_date
from listed
inner join customers on listed.customer_id = customers.customer_id
cross join run_parameters
left join rfm on listed.customer_id = rfm.customer_id
