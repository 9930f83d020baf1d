{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}

with bounds as (

    select * from {{ ref('int_board_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

first_orders as (

    select
        customer_id,
        region,
        channel
    from {{ ref('fct_orders') }}
    where order_number = 1

),

tiers as (

    select
        history.customer_id,
        case profile.primary_scheme
            {% for scheme in schemes %}
            when {{ sql_text(scheme) }} then history.tier_{{ loop.index }}
            {% endfor %}
        end as tier,
        {% if 'product_preference' in schemes %}
        history.tier_{{ schemes.index('product_preference') + 1 }} as category
        {% else %}
        cast(null as {{ dbt.type_string() }}) as category
        {% endif %}
    from {{ history }} as history
    inner join bounds on history.snapshot_on = bounds.tiers_on
    cross join profile

),

described as (

    select
        customers.customer_id,
        coalesce(tiers.tier, 'entered') as tier,
        coalesce(customers.region, first_orders.region, 'unknown') as region,
        coalesce(customers.source_channel, first_orders.channel, 'unknown') as channel,
        coalesce(tiers.category, 'unknown') as category
    from customers
    left join first_orders on customers.customer_id = first_orders.customer_id
    left join tiers on customers.customer_id = tiers.customer_id

)

select * from described
