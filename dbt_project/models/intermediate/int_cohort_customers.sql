{% set schemes = rule_rows('tier_rules') | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}

with first_purchases as (

    select
        customer_id,
        order_id,
        order_date,
        channel,
        region
    from {{ ref('fct_orders') }}
    where order_number = 1

),

rhythm as (

    select * from {{ ref('int_purchase_rhythm') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

touches as (

    select * from {{ ref('fct_touches') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Lines are many, first purchases few.
spend_by_category as (

    select
        first_purchases.customer_id,
        products.category,
        sum(items.line_amount) as line_amount
    from items
    inner join first_purchases on items.order_id = first_purchases.order_id
    inner join products on items.product_id = products.product_id
    where products.category is not null
    group by first_purchases.customer_id, products.category

),

first_categories as (

    select
        customer_id,
        {{ top_value('category', 'line_amount') }} as category
    from spend_by_category
    group by customer_id

),

campaign_touches as (

    select
        touches.customer_id,
        touches.campaign_id,
        row_number() over (partition by touches.customer_id order by touches.touched_at, touches.touch_id) as place
    from touches
    cross join profile
    inner join first_purchases on touches.customer_id = first_purchases.customer_id
    where
        touches.campaign_id is not null
        -- Who was left out of a campaign to compare with was not touched by it.
        and not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}
        and touches.touched_on <= first_purchases.order_date
        and touches.touched_on >= {{ add_days('first_purchases.order_date', '-profile.campaign_days') }}

),

first_campaigns as (

    select
        customer_id,
        campaign_id
    from campaign_touches
    where place = 1

),

-- At the close of the month of the first purchase; that month's end has to be over and still in the history.
acquisition_tiers as (

    select
        history.customer_id,
        case profile.primary_scheme
            {% for scheme in schemes %}
            when {{ sql_text(scheme) }} then history.tier_{{ loop.index }}
            {% endfor %}
            else cast(null as {{ dbt.type_string() }})
        end as tier
    from {{ history }} as history
    cross join profile
    inner join first_purchases
        on
            history.customer_id = first_purchases.customer_id
            and history.snapshot_on
            = {{ add_days(add_months(month_start('first_purchases.order_date'), 1), -1) }}

),

-- What the first purchase itself says does not change any more; the profile's word may.
described as (

    select
        first_purchases.customer_id,
        rhythm.first_purchase_on,
        rhythm.second_purchase_on,
        rhythm.last_purchase_on,
        rhythm.first_lapsed_on,
        coalesce(first_purchases.channel, customers.source_channel, 'unknown') as channel,
        coalesce(first_purchases.region, customers.region, 'unknown') as region,
        coalesce(acquisition_tiers.tier, 'unknown') as acquisition_tier,
        coalesce(first_categories.category, 'unknown') as first_category,
        coalesce(first_campaigns.campaign_id, 'unknown') as first_campaign
    from first_purchases
    inner join rhythm on first_purchases.customer_id = rhythm.customer_id
    left join customers on first_purchases.customer_id = customers.customer_id
    left join acquisition_tiers on first_purchases.customer_id = acquisition_tiers.customer_id
    left join first_categories on first_purchases.customer_id = first_categories.customer_id
    left join first_campaigns on first_purchases.customer_id = first_campaigns.customer_id

),

numbered as (

    select
        *,
        cast(dense_rank() over (order by {{ cohort_dimensions() | join(', ') }}) as integer) as combination
    from described

)

select * from numbered
