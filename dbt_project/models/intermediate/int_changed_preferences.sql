{% set changed = ref('int_changed_order_ids') %}
{% set is_asked = 'preferred_category' in asked_metrics() | join(' ') %}
{# Named here, since dbt reads dependencies where nothing is an increment yet. #}
{% set items = ref('fct_order_items') %}
{% set products = ref('dim_products') %}

{% if is_increment() and is_asked %}
with before as (

    select
        items.order_id,
        items.order_date,
        products.category,
        sum(items.line_amount) as line_amount
    from {{ source('released', 'fct_order_items') }} as items
    left join {{ source('released', 'dim_products') }} as products on items.product_id = products.product_id
    where items.order_id in (select ids.order_id from {{ changed }} as ids)
    group by items.order_id, items.order_date, products.category

),

after as (

    select
        items.order_id,
        items.order_date,
        products.category,
        sum(items.line_amount) as line_amount
    from {{ items }} as items
    left join {{ products }} as products on items.product_id = products.product_id
    where items.order_id in (select ids.order_id from {{ changed }} as ids)
    group by items.order_id, items.order_date, products.category

),

compared as (

    select
        coalesce(before.order_id, after.order_id) as order_id,
        case
            when {{ differs('before.line_amount', 'after.line_amount') }}
                then least(before.order_date, after.order_date)
        end as changed_from
    from before
    full outer join after
        on
            before.order_id = after.order_id
            and before.order_date = after.order_date
            and coalesce(before.category, '') = coalesce(after.category, '')

)
{% else %}
with compared as (

    select
        cast(null as {{ dbt.type_string() }}) as order_id,
        as_of_date as changed_from
    from {{ source('raw', 'run_parameters') }}
    where false

)
{% endif %}

select * from compared
where changed_from is not null
