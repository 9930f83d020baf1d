with memberships as (

    select * from {{ ref('stg_memberships') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

held as (

    select
        {{ golden_customer('memberships.customer_id') }} as customer_id,
        memberships.membership_level,
        memberships.level_from,
        max(memberships.level_from) over (
            partition by {{ golden_customer('memberships.customer_id') }}
        ) as newest_from
    from memberships
    {{ join_golden_customer('memberships.customer_id') }}

),

-- Who gained two levels on one day, as a customer of several profiles can, counts as a top member if either is the top.
members as (

    select
        held.customer_id,
        max(case when held.membership_level = profile.top_membership_level then 1 else 0 end) as is_top
    from held
    cross join profile
    where held.level_from = held.newest_from
    group by held.customer_id

),

-- A level that nobody ever held is most likely called otherwise in these data.
top_level as (

    select
        coalesce(
            max(case when held.membership_level = profile.top_membership_level then 1 else 0 end), 0
        ) = 1 as is_top_level_known
    from held
    cross join profile

),

bought as (

    select
        orders.customer_id,
        min(orders.order_date) as first_purchase_on,
        max(orders.order_date) as last_purchase_on
    from orders
    cross join profile
    cross join run_parameters
    where
        orders.is_purchase
        and orders.order_date > {{ add_months('run_parameters.as_of_date', '-profile.rfm_window_months') }}
    group by orders.customer_id

),

counted as (

    select
        count(*) as members,
        sum(members.is_top) as top_members,
        count(bought.customer_id) as buying_members,
        sum(case when bought.last_purchase_on > bought.first_purchase_on then 1 else 0 end) as repeat_members
    from members
    left join bought on members.customer_id = bought.customer_id

)

select
    counted.*,
    top_level.is_top_level_known
from counted
cross join top_level
