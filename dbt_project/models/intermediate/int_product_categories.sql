{{ config(materialized=changed_in_place(), incremental_strategy='replace', incremental_predicates=['true']) }}

with products as (

    select
        product_id,
        category
    from {{ ref('dim_products') }}

),

{% if is_increment() %}
-- A product that is gone stays for one run, without a category.
compared as (

    select
        coalesce(products.product_id, former.product_id) as product_id,
        products.category,
        {{ differs('products.category', 'former.category') }} as is_changed
    from products
    full outer join {{ this }} as former on products.product_id = former.product_id
    where products.product_id is not null or former.category is not null

)
{% else %}
compared as (

    select
        product_id,
        category,
        false as is_changed
    from products

)
{% endif %}

select * from compared
