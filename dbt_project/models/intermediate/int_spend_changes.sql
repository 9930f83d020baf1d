with versions as (

    select * from {{ ref('int_order_versions') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

counted as (

    select
        *,
        case when is_purchase then net_amount else 0 end as counted_amount
    from versions

),

steps as (

    select
        counted.customer_id,
        counted.valid_from,
        counted.counted_amount - coalesce(
            lag(counted.counted_amount) over (partition by counted.order_id order by counted.valid_from), 0
        ) as step_amount,
        {{ add_days('counted.order_date', 'profile.spend_period_days') }} as leaves_current_on,
        {{ add_days('counted.order_date', '2 * profile.spend_period_days') }} as leaves_previous_on
    from counted
    cross join profile

),

-- An amount stands in the current period from its day on, then in the previous one, then in neither. A return changes
-- the sum of the period in which its order then stands.
moves as (

    select
        customer_id,
        valid_from as change_on,
        step_amount as current_change,
        0 as previous_change
    from steps
    where valid_from < leaves_current_on
    union all
    select
        customer_id,
        leaves_current_on as change_on,
        -step_amount as current_change,
        0 as previous_change
    from steps
    where valid_from < leaves_current_on
    union all
    select
        customer_id,
        greatest(valid_from, leaves_current_on) as change_on,
        0 as current_change,
        step_amount as previous_change
    from steps
    where valid_from < leaves_previous_on
    union all
    select
        customer_id,
        leaves_previous_on as change_on,
        0 as current_change,
        -step_amount as previous_change
    from steps
    where valid_from < leaves_previous_on

),

daily as (

    select
        customer_id,
        change_on,
        cast(sum(current_change) as decimal(18, 2)) as current_change,
        cast(sum(previous_change) as decimal(18, 2)) as previous_change
    from moves
    group by customer_id, change_on

)

select * from daily
