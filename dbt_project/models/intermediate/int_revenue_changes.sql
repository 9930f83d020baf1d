{% set customer_months = ref('int_customer_months') %}

-- A large table that is read twice is read by its name: engines copy a shared CTE.
with movement_months as (

    select * from {{ ref('int_movement_months') }}

),

paired as (

    select
        customer_months.customer_id,
        movement_months.month_end,
        movement_months.period_start,
        movement_months.opening_on,
        sum(case when movement_months.is_before then customer_months.revenue else 0 end) as revenue_before,
        sum(case when movement_months.is_before then 0 else customer_months.revenue end) as revenue_now
    from {{ customer_months }} as customer_months
    inner join movement_months on customer_months.month_start = movement_months.activity_month
    where customer_months.revenue > 0
    group by
        customer_months.customer_id,
        movement_months.month_end,
        movement_months.period_start,
        movement_months.opening_on

),

firsts as (

    select
        months.customer_id,
        min(months.month_start) as first_month
    from {{ customer_months }} as months
    where months.revenue > 0
    group by months.customer_id

),

moved as (

    select
        paired.customer_id,
        paired.month_end,
        paired.opening_on,
        cast(paired.revenue_before as decimal(18, 2)) as revenue_before,
        cast(paired.revenue_now as decimal(18, 2)) as revenue_now,
        case
            when paired.revenue_before = 0 and firsts.first_month >= paired.period_start then 'new'
            when paired.revenue_before = 0 then 'reactivated'
            when paired.revenue_now = 0 then 'churned'
            when paired.revenue_now > paired.revenue_before then 'expansion'
            when paired.revenue_now < paired.revenue_before then 'contraction'
            else 'unchanged'
        end as movement
    from paired
    inner join firsts on paired.customer_id = firsts.customer_id

)

select * from moved
