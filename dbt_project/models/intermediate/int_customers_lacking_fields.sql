with gaps as (

    select * from {{ ref('stg_customer_gaps') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

asked as (

    select column_name
    from {{ source('raw', 'completeness_thresholds') }}
    where entity = 'customers' and raw_column is not null

),

-- Whose profile it is; all below goes by it.
of_customers as (

    select
        {{ golden_customer('gaps.customer_id') }} as customer_id,
        gaps.column_name
    from gaps
    {{ join_golden_customer('gaps.customer_id') }}

),

profiles as (

    select
        customer_id,
        count(*) as profiles
    from of_customers
    where column_name is null
    group by customer_id

),

lacked as (

    select
        customer_id,
        column_name,
        count(*) as profiles
    from of_customers
    where column_name is not null
    group by customer_id, column_name

),

lacked_by_all as (

    select
        lacked.customer_id,
        lacked.column_name
    from lacked
    inner join profiles on lacked.customer_id = profiles.customer_id and lacked.profiles = profiles.profiles

),

-- Where there is a customer master, a customer whom only orders know lacks every field.
without_profile as (

    select
        customers.customer_id,
        asked.column_name
    from customers
    cross join asked
    left join profiles on customers.customer_id = profiles.customer_id
    where profiles.customer_id is null and (select count(*) from gaps) > 0

),

lacking as (

    select * from lacked_by_all
    union all
    select * from without_profile

)

select * from lacking
