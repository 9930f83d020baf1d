with counts as (

    select * from {{ ref('int_cadence_contacts') }}

),

months as (

    select * from {{ ref('int_churn_months') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

)

select
    {{ month_start('counts.month_end') }} as {{ quoted('month') }},
    counts.scheme,
    counts.tier,
    cast(counts.tier_rank as integer) as tier_rank,
    cast(counts.customers_due as integer) as customers_due,
    cast(counts.customers_contacted as integer) as customers_contacted,
    cast(counts.customers_contacted as double) / nullif(counts.customers_due, 0) as compliance_rate,
    case when counts.customers_due = 0 then 'nobody_due' end as missing_reason,
    cast(counts.contacts_per_customer as integer) as contacts_per_customer,
    cast(counts.contacts_per_customer * counts.customers_due as integer) as contacts_due,
    cast(counts.contacts_made as integer) as contacts_made,
    cast(counts.contacts_per_customer * counts.customers_due - counts.contacts_made as integer) as overdue_contacts,
    cast(counts.customers_without_consent as integer) as customers_without_consent,
    months.is_mature,
    'P4' as rule_id,
    run_parameters.as_of_date
from counts
cross join run_parameters
inner join months on counts.month_end = months.month_end
