{% set is_asked = 'preferred_category' in asked_metrics() | join(' ') %}

with items as (

    select * from {{ ref('fct_order_items') }}
    where {{ is_asked }}

),

products as (

    select * from {{ ref('int_product_categories') }}
    where category is not null

),

versions as (

    select * from {{ ref('int_order_versions') }}
    where is_purchase

),

days as (

    select * from {{ ref('int_snapshot_days') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- Days on which nothing is described anew need no look.
windows as (

    select min(rfm_window_opens_after) as opens_after
    from {{ ref('int_snapshot_dates') }}
    where is_rebuilt

),

-- An order's lines by category: products are few and lines many, so that they meet before the orders' versions do.
by_order as (

    select
        items.order_id,
        products.category,
        sum(items.line_amount) as line_amount
    from items
    cross join windows
    inner join products on items.product_id = products.product_id
    where items.order_date > windows.opens_after
    group by items.order_id, products.category

),

grouped as (

    select
        versions.customer_id,
        by_order.category,
        ordered.edge_on as ordered_by,
        begun.edge_on as counts_from,
        coalesce(ended.edge_on, {{ add_days('run_parameters.as_of_date', 1) }}) as counts_until,
        cast(sum(by_order.line_amount) as decimal(18, 2)) as line_amount
    from by_order
    cross join run_parameters
    inner join versions on by_order.order_id = versions.order_id
    inner join days as ordered on versions.order_date = ordered.date_day
    inner join days as begun on versions.valid_from = begun.date_day
    left join days as ended on versions.valid_until = ended.date_day
    where ended.edge_on is null or begun.edge_on < ended.edge_on
    group by
        versions.customer_id,
        by_order.category,
        ordered.edge_on,
        begun.edge_on,
        coalesce(ended.edge_on, {{ add_days('run_parameters.as_of_date', 1) }})

)

select * from grouped
