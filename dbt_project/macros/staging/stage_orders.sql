{# Orders as staged: the newest version of each, once placed. among: a relation of the order_ids to look at; none: all. #}
{% macro stage_orders(among=none) -%}
    select
        -- ids
        newest.order_id,
        newest.customer_id,

        -- descriptions: a source without a status delivers finished orders
        coalesce(newest.status, 'completed') as status,
        newest.channel,
        nullif(upper(trim(newest.currency)), '') as currency,
        newest.region,

        -- amounts, in the order's currency
        newest.amount as gross_amount,
        newest.discount_amount,

        -- days and instants
        newest.ordered_at,
        cast(newest.ordered_at as date) as order_date,
        newest.updated_at
    from (
        {{ newest_version('orders', ['order_id'], has_updated_at=true, among=among) }}
    ) as newest
    cross join {{ source('raw', 'run_parameters') }} as run_parameters
    where cast(newest.ordered_at as date) <= run_parameters.as_of_date
{%- endmacro %}
