with statistics as (

    select * from {{ ref('int_value_statistics') }}

),

models as (

    select * from {{ ref('int_value_models') }}
    where bg_nbd_fit_id is not null

),

fit_nodes as (

    select * from {{ ref('stg_value_fit_nodes') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- What a customer will buy if it is alive hangs on two whole numbers: few pairs stand for all customers.
asked as (

    select distinct
        repeat_purchase_days,
        age_days
    from statistics

),

nodes as (

    select
        fit_nodes.repeat_purchase_days,
        fit_nodes.dropout_probability,
        fit_nodes.node_weight
    from fit_nodes
    inner join models on fit_nodes.fit_id = models.bg_nbd_fit_id

),

most as (

    select max(repeat_purchase_days) as repeat_purchase_days
    from nodes

),

scaled as (

    select
        asked.repeat_purchase_days,
        asked.age_days,
        least(asked.repeat_purchase_days, most.repeat_purchase_days) as node_purchase_days,
        models.bg_nbd_alpha + {{ in_weeks('asked.age_days') }} as scale_weeks,
        models.bg_nbd_r + asked.repeat_purchase_days as shape
    from asked
    cross join models
    cross join most

),

integrated as (

    select
        scaled.repeat_purchase_days,
        scaled.age_days,
        {{ expected_purchases_columns() }}
    from scaled
    inner join nodes on scaled.node_purchase_days = nodes.repeat_purchase_days
    group by scaled.repeat_purchase_days, scaled.age_days

),

-- A purchase counts at the end of its twelfth of the year.
discounted as (

    select
        integrated.repeat_purchase_days,
        integrated.age_days,
        integrated.purchases_30d,
        integrated.purchases_90d,
        integrated.purchases_12m as purchases_365d,
        {{ discounted_purchases('integrated', 'profile.clv_annual_discount_rate') }} as discounted_purchases_12m
    from integrated
    cross join profile

)

select * from discounted
