{% set kept = ['tier', 'region', 'channel', 'category', 'happened_on'] %}

with metrics as (

    select * from {{ ref('int_board_metrics') }}

),

bounds as (

    select * from {{ ref('int_board_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

customers as (

    select * from {{ ref('int_board_customers') }}

),

scales as (

    select * from {{ ref('survey_scales') }}

),

-- An order's own region goes before its customer's.
orders as (

    select
        orders.order_id,
        orders.order_date,
        orders.status,
        orders.is_purchase,
        orders.net_amount,
        orders.returned_amount,
        customers.tier,
        coalesce(orders.region, customers.region) as region,
        coalesce(orders.channel, 'unknown') as channel
    from {{ ref('fct_orders') }} as orders
    inner join customers on orders.customer_id = customers.customer_id
    inner join bounds on orders.order_date > bounds.events_from

),

lines as (

    select
        items.order_id,
        items.line_no,
        items.product_id,
        items.line_amount,
        products.category
    from {{ ref('fct_order_items') }} as items
    inner join bounds on items.order_date > bounds.events_from
    left join {{ ref('dim_products') }} as products on items.product_id = products.product_id

),

-- The category that most of an order's money goes to is the order's.
main_categories as (

    select
        order_id,
        {{ top_value('category', 'amount') }} as category
    from (
        select
            order_id,
            category,
            sum(line_amount) as amount
        from lines
        where category is not null
        group by order_id, category
    ) as spent
    group by order_id

),

purchases as (

    select
        orders.tier,
        orders.region,
        orders.channel,
        coalesce(main_categories.category, 'unknown') as category,
        orders.order_date as happened_on,
        orders.net_amount,
        cast(orders.net_amount * orders.net_amount as decimal(36, 4)) as squared
    from orders
    left join main_categories on orders.order_id = main_categories.order_id
    where orders.is_purchase

),

-- An order without lines is one line of an unknown category.
sold as (

    select
        orders.tier,
        orders.region,
        orders.channel,
        coalesce(lines.category, 'unknown') as category,
        orders.order_date as happened_on,
        case when orders.status = 'returned' and orders.returned_amount = 0 then 1 else 0 end as is_returned
    from orders
    left join lines on orders.order_id = lines.order_id
    where orders.status in ('completed', 'returned')

),

returned_lines as (

    select
        customers.tier,
        coalesce(orders.region, customers.region) as region,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(products.category, 'unknown') as category,
        returned.returned_on as happened_on
    from {{ ref('int_board_returned_lines') }} as returned
    inner join bounds on returned.returned_on > bounds.events_from
    inner join {{ ref('fct_orders') }} as orders on returned.order_id = orders.order_id
    inner join customers on orders.customer_id = customers.customer_id
    left join {{ ref('dim_products') }} as products on returned.product_id = products.product_id

),

answers as (

    select
        answers.survey_type,
        coalesce(customers.tier, 'unknown') as tier,
        coalesce(answers.region, customers.region, 'unknown') as region,
        coalesce(answers.channel, 'unknown') as channel,
        cast(null as {{ dbt.type_string() }}) as category,
        answers.responded_on as happened_on,
        case when answers.score >= scales.positive_from then 1 else 0 end as is_positive,
        case when answers.score <= scales.negative_until then 1 else 0 end as is_negative
    from {{ ref('fct_survey_responses') }} as answers
    inner join scales on answers.survey_type = scales.survey_type
    inner join bounds on answers.responded_on > bounds.events_from
    left join customers on answers.customer_id = customers.customer_id
    where answers.score between scales.score_min and scales.score_max

),

-- A ticket is decided when it is settled or when its promise is broken, whichever comes first.
all_tickets as (

    select
        coalesce(customers.tier, 'unknown') as tier,
        coalesce(customers.region, 'unknown') as region,
        coalesce(tickets.channel, 'unknown') as channel,
        coalesce(tickets.category, 'unknown') as category,
        tickets.ticket_type,
        tickets.received_on,
        case
            when tickets.is_breached
                then coalesce(
                    cast(tickets.resolution_due_at as date), cast(tickets.resolved_at as date), tickets.received_on
                )
            else cast(tickets.resolved_at as date)
        end as happened_on,
        cast(tickets.resolved_at as date) as resolved_on,
        case when tickets.is_met then 1 else 0 end as is_met,
        coalesce(tickets.is_met or tickets.is_breached, false) as has_promise
    from {{ ref('ticket_sla') }} as tickets
    left join customers on tickets.customer_id = customers.customer_id

),

tickets as (

    select * from all_tickets
    where happened_on is not null

),

complaints as (

    select
        tier,
        region,
        channel,
        category,
        received_on as happened_on
    from all_tickets
    where ticket_type = 'complaint'

),

plans as (

    select
        touch_plans.plan_id,
        case when touch_plans.scheme = profile.primary_scheme then touch_plans.tier else 'unknown' end as tier,
        cast(null as {{ dbt.type_string() }}) as region,
        touch_plans.channel,
        cast(null as {{ dbt.type_string() }}) as category,
        touch_plans.planned_on as happened_on,
        touch_plans.planned_count
    from {{ ref('stg_touch_plans') }} as touch_plans
    inner join bounds on touch_plans.planned_on > bounds.events_from
    cross join profile

),

made as (

    select
        plans.tier,
        plans.region,
        plans.channel,
        plans.category,
        plans.happened_on,
        greatest(touches.touched_on, plans.happened_on) as made_on
    from {{ ref('fct_touches') }} as touches
    inner join plans on touches.plan_id = plans.plan_id
    cross join profile
    where not {{ is_holdout('touches.variant', 'profile.holdout_variant') }}

),

-- What counts from its day on, until the window has passed it by.
happened as (

    {{ stacked('purchases', kept, [
        {
            'metric': sql_text('revenue_30d'), 'numerator': 'net_amount', 'squared': 'squared',
            'denominator': '0',
        },
        {
            'metric': sql_text('average_order_value'), 'numerator': 'net_amount', 'squared': 'squared',
            'denominator': '1',
        },
    ]) }}
    union all
    select
        {{ kept | join(', ') }},
        'return_rate' as metric,
        is_returned as numerator,
        is_returned as squared,
        1 as denominator
    from sold
    union all
    select
        {{ kept | join(', ') }},
        'return_rate' as metric,
        1 as numerator,
        1 as squared,
        0 as denominator
    from returned_lines
    union all
    select
        {{ kept | join(', ') }},
        'negative_feedback_rate' as metric,
        is_negative as numerator,
        is_negative as squared,
        1 as denominator
    from answers
    union all
    select
        {{ kept | join(', ') }},
        'nps_score' as metric,
        is_positive - is_negative as numerator,
        is_positive + is_negative as squared,
        1 as denominator
    from answers
    where survey_type = 'nps'
    union all
    select
        {{ kept | join(', ') }},
        'csat_score' as metric,
        is_positive as numerator,
        is_positive as squared,
        1 as denominator
    from answers
    where survey_type = 'csat'
    union all
    select
        {{ kept | join(', ') }},
        'complaints_7d' as metric,
        1 as numerator,
        1 as squared,
        0 as denominator
    from complaints
    union all
    select
        {{ kept | join(', ') }},
        'timely_rate' as metric,
        is_met as numerator,
        is_met as squared,
        1 as denominator
    from tickets
    where has_promise
    union all
    select
        {{ kept | join(', ') }},
        'resolution_rate' as metric,
        0 as numerator,
        0 as squared,
        1 as denominator
    from tickets
    union all
    select
        {{ kept | join(', ') }},
        'touch_completion_rate' as metric,
        0 as numerator,
        0 as squared,
        planned_count as denominator
    from plans

),

windowed as (

    select
        happened.tier,
        happened.region,
        happened.channel,
        happened.category,
        happened.metric,
        happened.happened_on as counts_from,
        {{ add_days('happened.happened_on', 'metrics.window_days') }} as counts_until,
        happened.numerator,
        happened.squared,
        happened.denominator
    from happened
    inner join metrics on happened.metric = metrics.metric

),

-- What is done later counts from then on, in the window of what it belongs to.
done_later as (

    select
        tickets.tier,
        tickets.region,
        tickets.channel,
        tickets.category,
        'resolution_rate' as metric,
        tickets.happened_on,
        greatest(tickets.resolved_on, tickets.happened_on) as counts_from
    from tickets
    where tickets.resolved_on is not null
    union all
    select
        tier,
        region,
        channel,
        category,
        'touch_completion_rate' as metric,
        happened_on,
        made_on as counts_from
    from made

),

followed as (

    select
        done_later.tier,
        done_later.region,
        done_later.channel,
        done_later.category,
        done_later.metric,
        done_later.counts_from,
        {{ add_days('done_later.happened_on', 'metrics.window_days') }} as counts_until,
        1 as numerator,
        1 as squared,
        0 as denominator
    from done_later
    inner join metrics on done_later.metric = metrics.metric

),

-- The last month that is over stands until the next one is.
cadences as (

    select
        cadence.tier,
        cast(null as {{ dbt.type_string() }}) as region,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as category,
        metrics.metric,
        cadence.month_end as counts_from,
        {{ add_days(add_months(month_start('cadence.month_end'), 2), -1) }} as counts_until,
        cadence.customers_contacted as numerator,
        cadence.customers_contacted as squared,
        cadence.customers_due as denominator
    from {{ ref('int_cadence_contacts') }} as cadence
    inner join {{ ref('int_churn_months') }} as months on cadence.month_end = months.month_end
    inner join profile on cadence.scheme = profile.contact_scheme
    inner join metrics on metrics.metric = 'cadence_kept_rate'
    where months.is_mature

),

spans as (

    select * from windowed
    union all
    select * from followed
    union all
    select * from cadences

),

grouped as (

    select
        spans.metric,
        spans.tier,
        spans.region,
        spans.channel,
        spans.category,
        spans.counts_from,
        spans.counts_until,
        cast(sum(spans.numerator) as decimal(18, 2)) as numerator,
        cast(sum(spans.squared) as decimal(38, 4)) as squared,
        sum(spans.denominator) as denominator
    from spans
    cross join bounds
    where
        spans.counts_until > spans.counts_from
        and spans.counts_until > bounds.counted_from
        and spans.counts_from <= bounds.as_of_date
    group by
        spans.metric,
        spans.tier,
        spans.region,
        spans.channel,
        spans.category,
        spans.counts_from,
        spans.counts_until

)

select * from grouped
