with changes as (

    select * from {{ ref('int_revenue_changes') }}

),

movement_months as (

    select * from {{ ref('int_movement_months') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

movements as (

    select 'new' as movement
    union all
    select 'expansion' as movement
    union all
    select 'reactivated' as movement
    union all
    select 'contraction' as movement
    union all
    select 'churned' as movement

),

-- Every movement stands in every month: a missing row would be read as unknown.
month_ends as (

    select distinct
        movement_months.month_end,
        movements.movement
    from movement_months
    cross join movements

),

moved as (

    select
        month_end,
        movement,
        count(*) as customers,
        sum(revenue_before) as revenue_before,
        sum(revenue_now) as revenue_now
    from changes
    group by month_end, movement

),

totals as (

    select
        month_end,
        sum(revenue_before) as start_revenue,
        sum(revenue_now) as end_revenue
    from moved
    group by month_end

),

joined as (

    select
        month_ends.month_end,
        month_ends.movement,
        coalesce(moved.customers, 0) as customers,
        coalesce(moved.revenue_now - moved.revenue_before, 0) as revenue,
        coalesce(totals.start_revenue, 0) as start_revenue,
        coalesce(totals.end_revenue, 0) as end_revenue
    from month_ends
    left join moved on month_ends.month_end = moved.month_end and month_ends.movement = moved.movement
    left join totals on month_ends.month_end = totals.month_end

)

select
    joined.month_end,
    joined.movement,
    cast(joined.customers as integer) as customers,
    cast(joined.revenue as decimal(18, 2)) as revenue,
    cast(joined.start_revenue as decimal(18, 2)) as start_revenue,
    cast(joined.end_revenue as decimal(18, 2)) as end_revenue,
    run_parameters.as_of_date
from joined
cross join run_parameters
