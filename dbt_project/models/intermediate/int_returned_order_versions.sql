{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['order_id in (select order_id from intermediate.int_changed_order_ids)']
) }}
{% set changed = ref('int_changed_order_ids') %}

with orders as (

    select * from {{ ref('fct_orders') }}
    {% if is_increment() %}
    where order_id in (select ids.order_id from {{ changed }} as ids)
    {% endif %}

),

returns as (

    select * from {{ ref('stg_returns') }}

),

returned_orders as (

    select orders.*
    from orders
    inner join {{ ref('int_order_returns') }} as order_returns on orders.order_id = order_returns.order_id

),

-- A return can be dated before its order by mistake; it counts from the order on.
changes as (

    select
        order_id,
        order_date as valid_from,
        cast(0 as decimal(18, 2)) as returned_amount
    from returned_orders
    union all
    select
        returns.order_id,
        greatest(returns.returned_on, returned_orders.order_date) as valid_from,
        returns.returned_amount
    from returns
    inner join returned_orders on returns.order_id = returned_orders.order_id

),

daily as (

    select
        order_id,
        valid_from,
        sum(returned_amount) as returned_amount
    from changes
    group by order_id, valid_from

),

accumulated as (

    select
        order_id,
        valid_from,
        lead(valid_from) over (partition by order_id order by valid_from) as valid_until,
        sum(returned_amount) over (
            partition by order_id order by valid_from rows between unbounded preceding and current row
        ) as returned_amount
    from daily

),

versions as (

    select
        returned_orders.order_id,
        returned_orders.customer_id,
        returned_orders.order_date,
        accumulated.valid_from,
        accumulated.valid_until,
        -- What came back so far is converted as one sum, so that the last version is what fct_orders says.
        cast(
            returned_orders.gross_amount - {{ converted('accumulated.returned_amount', 'returned_orders.fx_rate') }}
            as decimal(18, 2)
        ) as net_amount,
        returned_orders.discount_amount,
        {{ is_purchase('returned_orders.status', 'returned_orders.source_amount', 'accumulated.returned_amount') }}
            as is_purchase
    from accumulated
    inner join returned_orders on accumulated.order_id = returned_orders.order_id

),

compared as (

    select
        *,
        lag(is_purchase) over (partition by order_id order by valid_from) as was_purchase,
        lag(case when is_purchase then net_amount else 0 end) over (partition by order_id order by valid_from)
            as spend_before
    from versions

)

select
    order_id,
    customer_id,
    order_date,
    valid_from,
    valid_until,
    net_amount,
    discount_amount,
    is_purchase,
    coalesce(was_purchase != is_purchase, false) as is_undone,
    cast(case when is_purchase then net_amount else 0 end - coalesce(spend_before, 0) as decimal(18, 2)) as spend_change
from compared
