{{ config(materialized='view') }}

with current_stages as (

    select * from {{ ref('int_lifecycle_current') }}

),

kept as (

    select * from {{ ref('int_lifecycle_kept') }}

),

since_last_purchase as (

    select * from {{ ref('int_lifecycle_since_last_purchase') }}

),

recent as (

    select * from {{ ref('int_lifecycle_recent') }}

),

whole as (

    select * from {{ ref('int_lifecycle_whole') }}

),

-- Without another stage since the release gone on from, a stage that was shown there goes on; any other began after it.
gone_on as (

    select
        kept.customer_id,
        case
            when since_last_purchase.is_settled then since_last_purchase.stage_since
            when current_stages.lifecycle_stage = kept.stage_before then kept.since_before
            else kept.look_from
        end as stage_since
    from kept
    inner join current_stages on kept.customer_id = current_stages.customer_id
    left join since_last_purchase on kept.customer_id = since_last_purchase.customer_id

),

replayed as (

    select
        customer_id,
        stage_since
    from since_last_purchase
    where is_settled and customer_id not in (select kept.customer_id from kept)
    union all
    select
        customer_id,
        stage_since
    from recent
    where is_settled
    union all
    select
        customer_id,
        stage_since
    from whole

),

found as (

    select * from gone_on
    union all
    select * from replayed

)

select * from found
