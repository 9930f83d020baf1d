{{ config(materialized='view') }}

with statistics as (

    select * from {{ ref('int_value_statistics') }}

),

horizons as (

    select * from {{ ref('int_value_horizons') }}

),

models as (

    select * from {{ ref('int_value_models') }}

),

alive as (

    select
        statistics.*,
        models.*,
        {{ probability_alive(
            'models', 'statistics.repeat_purchase_days', 'statistics.span_days', 'statistics.age_days'
        ) }} as p_alive
    from statistics
    cross join models
    where models.bg_nbd_fit_id is not null

),

scored as (

    select
        alive.customer_id,
        alive.p_alive,
        alive.p_alive * horizons.purchases_30d as expected_purchases_30d,
        alive.p_alive * horizons.purchases_90d as expected_purchases_90d,
        alive.p_alive * horizons.purchases_365d as expected_purchases_365d,
        alive.p_alive * horizons.discounted_purchases_12m as discounted_purchases_12m,
        (alive.bg_nbd_alpha + {{ in_weeks('alive.age_days') }}) * 7
        * (power(cast(2 as double), 1 / (alive.bg_nbd_r + alive.repeat_purchase_days)) - 1) as next_order_days,
        alive.gamma_gamma_p
        * (alive.gamma_gamma_v + alive.repeat_purchase_days * coalesce(alive.repeat_day_spend, 0))
        / (alive.gamma_gamma_p * alive.repeat_purchase_days + alive.gamma_gamma_q - 1) as expected_spend
    from alive
    inner join horizons
        on alive.repeat_purchase_days = horizons.repeat_purchase_days and alive.age_days = horizons.age_days

)

select * from scored
