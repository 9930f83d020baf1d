{# Order lines as staged: the newest version of each. among: a relation of the order_ids to look at; none: all. #}
{% macro stage_order_items(among=none) -%}
    select
        -- ids
        newest.order_id,
        newest.line_no,
        newest.product_id,

        -- numbers
        newest.quantity,
        newest.unit_price,
        newest.line_amount,
        newest.discount_amount
    from (
        {{ newest_version('order_items', ['order_id', 'line_no'], among=among) }}
    ) as newest
{%- endmacro %}
