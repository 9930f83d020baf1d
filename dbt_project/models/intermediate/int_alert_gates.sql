{{ config(materialized='table' if target.type == 'spark' else 'view') }}

with rules as (

    select * from {{ ref('int_alert_rules') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

profiles as (

    select * from {{ ref('stg_customers') }}

),

-- Whoever has said yes or no was asked; one who said so on a day that nobody wrote down was asked from the start.
said as (

    select
        {{ golden_customer('profiles.customer_id') }} as customer_id,
        min(profiles.consented_on) as said_on
    from profiles
    {{ join_golden_customer('profiles.customer_id') }}
    where profiles.has_consent is not null
    group by {{ golden_customer('profiles.customer_id') }}

),

-- A company that never writes consent down has nothing to miss.
recorded as (

    select count(has_consent) > 0 as is_recorded from profiles

),

unsaid as (

    select
        customers.customer_id,
        customers.first_seen_on,
        case
            when said.customer_id is null then customers.opted_out_on
            else
                least(
                    coalesce(said.said_on, customers.first_seen_on),
                    coalesce(customers.opted_out_on, said.said_on, customers.first_seen_on)
                )
        end as said_on
    from customers
    cross join recorded
    left join said on customers.customer_id = said.customer_id
    where recorded.is_recorded and customers.first_seen_on is not null

),

gates as (

    select
        rules.rule_id,
        customers.customer_id,
        {{ add_days(
            "case when profile.age_from = 'registration' then coalesce(customers.registered_on, customers.first_order_on) "
            ~ "else customers.first_order_on end",
            'rules.min_age_days'
        ) }} as asked_from,
        cast(null as date) as asked_until
    from customers
    cross join profile
    inner join rules on rules.min_age_days is not null
    where customers.first_order_on is not null
    union all
    select
        rules.rule_id,
        unsaid.customer_id,
        unsaid.first_seen_on as asked_from,
        unsaid.said_on as asked_until
    from unsaid
    inner join rules on rules.metric = 'revenue_without_consent'
    where unsaid.said_on is null or unsaid.said_on > unsaid.first_seen_on

)

select * from gates
