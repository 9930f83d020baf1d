with months as (

    select * from {{ ref('int_finance_months') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A month is compared when it is over: of the running one finance has booked what it has booked.
compared as (

    select
        months.month_start,
        months.revenue_booked,
        months.revenue_computed,
        cast(months.revenue_computed - months.revenue_booked as decimal(18, 2)) as difference,
        profile.finance_tolerance_share as tolerance,
        case
            when {{ add_months('months.month_start', 1) }} > {{ add_days('run_parameters.as_of_date', 1) }}
                then 'month_not_over'
            when months.revenue_booked is null then 'not_booked'
        end as missing_reason,
        run_parameters.as_of_date
    from months
    cross join profile
    cross join run_parameters

)

select
    month_start,
    cast(revenue_booked as decimal(18, 2)) as revenue_booked,
    revenue_computed,
    difference,
    cast(difference as double) / nullif(cast(abs(revenue_booked) as double), 0) as difference_share,
    cast(tolerance as double) as tolerance,
    -- In decimals, so that a difference of exactly the tolerance is within it on every engine.
    case when missing_reason is null then abs(difference) <= tolerance * abs(revenue_booked) end as is_reconciled,
    missing_reason,
    as_of_date
from compared
