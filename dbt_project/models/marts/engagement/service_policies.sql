with policies as (

    {{ profile_rows(ref('service_policy_rules'), 'rule_rows.scheme') }}

),

tiers as (

    select * from {{ ref('customer_tiers') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

counted as (

    select
        tiers.scheme,
        tiers.tier,
        count(*) as customers,
        sum(case when customers.is_contactable then 1 else 0 end) as contactable_customers
    from tiers
    inner join customers on tiers.customer_id = customers.customer_id
    group by tiers.scheme, tiers.tier

)

select
    policies.scheme,
    policies.tier,
    policies.policy,
    policies.strategy,
    policies.strategy_zh,
    policies.resources,
    policies.resources_zh,
    policies.channel,
    policies.contacts,
    policies.period,
    policies.template,
    policies.owner_role,
    policies.priority,
    policies.rule_id,
    policies.scheme = profile.contact_scheme as is_in_calendar,
    cast(coalesce(counted.customers, 0) as integer) as customers,
    cast(coalesce(counted.contactable_customers, 0) as integer) as contactable_customers,
    run_parameters.as_of_date
from policies
cross join profile
cross join run_parameters
left join counted on policies.scheme = counted.scheme and policies.tier = counted.tier
