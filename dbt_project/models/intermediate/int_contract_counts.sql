with contracts as (

    select * from {{ ref('stg_contracts') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

of_customers as (

    select
        contracts.contract_id,
        contracts.starts_on,
        contracts.ends_on,
        {{ golden_customer('contracts.customer_id') }} as customer_id
    from contracts
    {{ join_golden_customer('contracts.customer_id') }}

),

covered as (

    select
        *,
        max(ends_on) over (
            partition by customer_id
            order by starts_on asc, ends_on desc, contract_id asc
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from of_customers

),

-- A contract that ends no later than one begun before runs beside it: it renews nothing.
terms as (

    select
        covered.customer_id,
        covered.starts_on,
        {{ add_days('covered.ends_on', 'profile.contract_grace_days') }} as decided_on,
        case
            when covered.starts_on > {{ add_days('covered.covered_until', 'profile.contract_grace_days') }} then 1
            else 0
        end as is_return
    from covered
    cross join profile
    where covered.covered_until is null or covered.ends_on > covered.covered_until

),

chained as (

    select
        decided_on,
        row_number() over (partition by customer_id order by starts_on) as period_number,
        lead(starts_on) over (partition by customer_id order by starts_on) as next_starts_on,
        sum(is_return) over (
            partition by customer_id order by starts_on rows between unbounded preceding and current row
        ) as times_returned
    from terms

),

-- A renewal counts on the day that a loss would, too: else the renewed would come before the lost of the same age.
-- Who comes back after a loss is lost already.
decided as (

    select
        chained.period_number,
        case when chained.next_starts_on <= chained.decided_on then 1 else 0 end as has_renewed
    from chained
    cross join run_parameters
    where chained.times_returned = 0 and chained.decided_on <= run_parameters.as_of_date

),

counted as (

    select
        cast(period_number as integer) as period_number,
        cast(count(*) as integer) as at_risk,
        cast(sum(has_renewed) as integer) as renewed,
        cast(count(*) - sum(has_renewed) as integer) as lost
    from decided
    group by period_number

)

select * from counted
