{{ config(materialized='table') }}
{% set is_increment = is_increment() %}
{% set parameters = ref('profile_parameters') %}

with {% if is_increment %}
parameters as (

    {{ profile_rows(parameters, 'rule_rows.parameter') }}

),

rates_changed as (

    select
        upper(trim(rates.currency)) as currency,
        min(rates.rate_date) as first_day,
        {{ add_days('max(rates.rate_date)', 'max(parameters.value)') }} as last_day
    from {{ source('news', 'fx_rates') }} as rates
    cross join parameters
    where parameters.parameter = 'fx_max_age_days'
    group by upper(trim(rates.currency))

),

{% endif %}changed as (

    {% if is_increment %}
    select order_id from {{ source('news', 'orders') }}
    union distinct
    -- A return that is delivered again for another order is no longer one of the order that it was for.
    select delivered.order_id
    from {{ source('raw', 'returns') }} as delivered
    inner join {{ source('news', 'returns') }} as later on delivered.return_id = later.return_id
    union distinct
    select order_id from {{ source('news', 'order_items') }}
    union distinct
    select order_items.order_id
    from {{ source('raw', 'order_items') }} as order_items
    inner join {{ source('news', 'products') }} as products on order_items.product_id = products.product_id
    union distinct
    -- A rate holds for its own day and some days more; orders of the days between two new ones are looked at too.
    select orders.order_id
    from {{ source('released', 'fct_orders') }} as orders
    inner join rates_changed on orders.source_currency = rates_changed.currency
    where
        orders.source_currency != orders.currency
        and orders.order_date between rates_changed.first_day and rates_changed.last_day
    {% else %}
    select cast(null as {{ dbt.type_string() }}) as order_id
    from {{ source('raw', 'run_parameters') }}
    where false
    {% endif %}

)

select * from changed
where order_id is not null
