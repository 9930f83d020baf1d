{{ config(materialized='table' if target.type == 'spark' else 'view') }}

with rules as (

    select * from {{ ref('int_alert_rules') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

answers as (

    select
        responses.customer_id,
        responses.responded_on,
        coalesce(responses.region, customers.region, 'unknown') as region,
        responses.score <= scales.negative_until as is_negative,
        responses.survey_type,
        {{ satisfaction_points('responses.score', 'scales.score_min', 'scales.score_max') }} as points
    from {{ ref('fct_survey_responses') }} as responses
    inner join {{ ref('survey_scales') }} as scales on responses.survey_type = scales.survey_type
    left join {{ ref('dim_customers') }} as customers on responses.customer_id = customers.customer_id
    where responses.score between scales.score_min and scales.score_max

),

tickets as (

    select
        tickets.*,
        coalesce(customers.region, 'unknown') as region,
        cast(tickets.first_response_at as date) as first_response_on
    from {{ ref('fct_tickets') }} as tickets
    left join {{ ref('dim_customers') }} as customers on tickets.customer_id = customers.customer_id

),

-- Few orders came to nothing, or came back without a word of what: they are looked up instead of all others.
odd_orders as (

    select
        order_id,
        status = 'returned' as is_returned
    from orders
    where status not in ('completed', 'returned') or (status = 'returned' and returned_amount = 0)

),

lines as (

    select
        items.order_id,
        items.product_id,
        items.order_date,
        coalesce(odd_orders.is_returned, false) as is_returned
    from {{ ref('fct_order_items') }} as items
    left join odd_orders on items.order_id = odd_orders.order_id
    where coalesce(odd_orders.is_returned, true) and items.product_id is not null

),

asked as (

    select distinct metric
    from rules
    where metric in ('return_rate', 'product_complaint_rate')

),

sold as (

    select
        product_id,
        order_date,
        cast(count(*) as integer) as line_count,
        cast(sum(case when is_returned then 1 else 0 end) as decimal(18, 2)) as returned_count
    from lines
    group by product_id, order_date

),

product_rules as (

    select max(lookback_days) as lookback_days
    from rules
    where metric = 'product_complaint_rate'

),

complained_orders as (

    select
        tickets.ticket_id,
        tickets.category,
        tickets.received_on,
        orders.order_id
    from tickets
    cross join product_rules
    inner join orders
        on
            tickets.customer_id = orders.customer_id
            and orders.order_date between
            {{ add_days('tickets.received_on', '-product_rules.lookback_days') }} and tickets.received_on
    where tickets.ticket_type = 'complaint'
    qualify row_number() over (partition by tickets.ticket_id order by orders.ordered_at desc, orders.order_id desc) = 1

),

facts as (

    select
        'negative_share' as metric,
        region as subject_id,
        responded_on as fact_on,
        cast(null as {{ dbt.type_string() }}) as category,
        1 as counted,
        cast(case when is_negative then 1 else 0 end as decimal(18, 2)) as measure
    from answers
    union all
    select
        'purchase_drop_rate' as metric,
        customer_id as subject_id,
        order_date as fact_on,
        cast(null as {{ dbt.type_string() }}) as category,
        1 as counted,
        cast(0 as decimal(18, 2)) as measure
    from orders
    where is_purchase
    union all
    select
        'interaction_drop_rate' as metric,
        customer_id as subject_id,
        occurred_on as fact_on,
        cast(null as {{ dbt.type_string() }}) as category,
        1 as counted,
        cast(0 as decimal(18, 2)) as measure
    from {{ ref('fct_interactions') }}
    where customer_id is not null
    union all
    select
        'negative_feedback' as metric,
        customer_id as subject_id,
        responded_on as fact_on,
        cast(null as {{ dbt.type_string() }}) as category,
        1 as counted,
        cast(0 as decimal(18, 2)) as measure
    from answers
    where is_negative and customer_id is not null
    union all
    select
        'negative_feedback' as metric,
        customer_id as subject_id,
        cast(responded_at as date) as fact_on,
        cast(null as {{ dbt.type_string() }}) as category,
        1 as counted,
        cast(0 as decimal(18, 2)) as measure
    from {{ ref('fct_touches') }}
    where feedback = 'negative' and responded_at is not null and customer_id is not null
    union all
    select
        'satisfaction_drop' as metric,
        customer_id as subject_id,
        responded_on as fact_on,
        survey_type as category,
        1 as counted,
        points as measure
    from answers
    where customer_id is not null
    union all
    select
        'complaints' as metric,
        customer_id as subject_id,
        received_on as fact_on,
        category,
        1 as counted,
        cast(0 as decimal(18, 2)) as measure
    from tickets
    where ticket_type = 'complaint' and customer_id is not null
    union all
    select
        'slow_response_share' as metric,
        region as subject_id,
        first_response_on as fact_on,
        category,
        1 as counted,
        cast(first_response_minutes as decimal(18, 2)) as measure
    from tickets
    where first_response_on is not null
    union all
    select
        'low_rating_share' as metric,
        {{ quoted('owner') }} as subject_id,
        resolved_on as fact_on,
        category,
        1 as counted,
        cast(satisfaction_score as decimal(18, 2)) as measure
    from tickets
    where satisfaction_score is not null and resolved_on is not null and {{ quoted('owner') }} is not null
    union all
    select
        asked.metric,
        sold.product_id as subject_id,
        sold.order_date as fact_on,
        cast(null as {{ dbt.type_string() }}) as category,
        sold.line_count as counted,
        case when asked.metric = 'return_rate' then sold.returned_count else cast(0 as decimal(18, 2)) end as measure
    from sold
    cross join asked
    union all
    select
        'return_rate' as metric,
        product_id as subject_id,
        returned_on as fact_on,
        cast(null as {{ dbt.type_string() }}) as category,
        0 as counted,
        cast(1 as decimal(18, 2)) as measure
    from {{ ref('int_board_returned_lines') }}
    where product_id is not null
    union all
    select
        'product_complaint_rate' as metric,
        lines.product_id as subject_id,
        complained_orders.received_on as fact_on,
        complained_orders.category,
        0 as counted,
        cast(1 as decimal(18, 2)) as measure
    from complained_orders
    inner join lines on complained_orders.order_id = lines.order_id
    group by complained_orders.ticket_id, lines.product_id, complained_orders.received_on, complained_orders.category
    union all
    select
        'revenue_without_consent' as metric,
        customer_id as subject_id,
        order_date as fact_on,
        cast(null as {{ dbt.type_string() }}) as category,
        1 as counted,
        net_amount as measure
    from orders
    where
        is_purchase
        and customer_id in (
            select gates.customer_id from {{ ref('int_alert_gates') }} as gates
            inner join rules on gates.rule_id = rules.rule_id and rules.metric = 'revenue_without_consent'
        )

)

select * from facts
