with customers as (

    select customer_id from {{ ref('dim_customers') }}

),

statistics as (

    select * from {{ ref('int_value_statistics') }}

),

scores as (

    select * from {{ ref('int_value_scores') }}

),

models as (

    select * from {{ ref('int_value_models') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- One share for all: the margin of a customer's few orders says little of the next ones.
costed as (

    select
        cast(sum(revenue_amount) as double) as revenue_amount,
        cast(sum(costed_amount) as double) as costed_amount,
        cast(sum(margin_amount) as double) as margin_amount
    from statistics

),

margins as (

    select
        case
            when costed.costed_amount >= profile.clv_margin_coverage * costed.revenue_amount
                then costed.margin_amount / nullif(costed.costed_amount, 0)
        end as margin_share
    from costed
    cross join profile

),

valued as (

    select
        customers.customer_id,
        cast(coalesce(statistics.revenue_amount, 0) as decimal(18, 2)) as revenue_lifetime,
        case when statistics.is_margin_known then cast(statistics.margin_amount as decimal(18, 2)) end
            as margin_lifetime,
        {{ to_decimal('cast(statistics.revenue_amount as double) / statistics.purchases') }} as avg_order_value,
        scores.p_alive,
        case when scores.p_alive is not null then statistics.repeat_purchase_days = 0 end as is_p_alive_assumed,
        scores.expected_purchases_30d,
        scores.expected_purchases_90d,
        scores.expected_purchases_365d,
        {{ to_decimal('scores.expected_spend') }} as expected_order_value,
        case when scores.expected_spend is not null then statistics.repeat_purchase_days = 0 end
            as is_order_value_assumed,
        {{ to_decimal(
            'scores.discounted_purchases_12m * scores.expected_spend * coalesce(margins.margin_share, 1)'
        ) }} as clv_12m,
        case
            when scores.expected_spend is not null
                then case when margins.margin_share is null then 'revenue' else 'margin' end
        end as clv_basis,
        -- Told of those alone who likelier buy again than not: the median is that of a customer who does.
        case
            when scores.p_alive < profile.value_next_order_min_p_alive then 'likely_left'
            when scores.next_order_days > profile.value_next_order_max_days then 'too_far'
        end as next_order_missing_reason,
        case
            when
                scores.p_alive >= profile.value_next_order_min_p_alive
                and scores.next_order_days <= profile.value_next_order_max_days
                then
                    {{ add_days(
                        'run_parameters.as_of_date',
                        'ceil(least(scores.next_order_days, profile.value_next_order_max_days))'
                    ) }}
        end as predicted_next_order_on,
        case when scores.customer_id is not null then models.bg_nbd_fit_id end as model_run_id,
        case when scores.expected_spend is not null then models.gamma_gamma_fit_id end as spend_model_run_id,
        case
            when statistics.customer_id is null then 'never_bought'
            else coalesce(models.bg_nbd_missing_reason, models.gamma_gamma_missing_reason)
        end as missing_reason,
        run_parameters.as_of_date
    from customers
    left join statistics on customers.customer_id = statistics.customer_id
    left join scores on customers.customer_id = scores.customer_id
    cross join models
    cross join profile
    cross join margins
    cross join run_parameters

),

placed as (

    select
        *,
        case
            when clv_12m is not null
                then cume_dist() over (partition by clv_12m is null order by clv_12m)
        end as clv_percentile
    from valued

)

select
    customer_id,
    revenue_lifetime,
    margin_lifetime,
    avg_order_value,
    {{ rounded('p_alive', 6) }} as p_alive,
    is_p_alive_assumed,
    {{ rounded('expected_purchases_30d', 6) }} as expected_purchases_30d,
    {{ rounded('expected_purchases_90d', 6) }} as expected_purchases_90d,
    {{ rounded('expected_purchases_365d', 6) }} as expected_purchases_365d,
    expected_order_value,
    is_order_value_assumed,
    clv_12m,
    clv_basis,
    {{ rounded('clv_percentile', 6) }} as clv_percentile,
    predicted_next_order_on,
    case when predicted_next_order_on is null then coalesce(next_order_missing_reason, missing_reason) end
        as next_order_missing_reason,
    model_run_id,
    spend_model_run_id,
    missing_reason,
    as_of_date
from placed
