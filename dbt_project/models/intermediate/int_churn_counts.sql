{% set rules = rule_rows('tier_rules') %}
{% set schemes = rules | map(attribute='scheme') | unique | list %}
{% set history = ref('int_tier_history') %}
{% set attributes = ['region', 'channel', 'industry'] %}
{% set counts = [
    'customers_at_start', 'churned_customers', 'reactivated_customers', 'new_customers', 'customers_at_end',
    'lapsed_customers_at_end',
] %}
{% set sums = ['revenue_before', 'gross_retained_revenue', 'net_retained_revenue'] %}

-- A large table that is read twice is read by its name: engines copy a shared CTE.
with months as (

    select * from {{ ref('int_churn_months') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

revenue_changes as (

    select * from {{ ref('int_revenue_changes') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

first_orders as (

    select
        customer_id,
        region,
        channel
    from orders
    where order_number = 1

),

described as (

    select
        customers.customer_id,
        coalesce(customers.region, first_orders.region, 'unknown') as region,
        coalesce(customers.source_channel, first_orders.channel, 'unknown') as channel,
        coalesce(customers.industry, 'unknown') as industry
    from customers
    left join first_orders on customers.customer_id = first_orders.customer_id

),

openings as (

    select
        months.month_end,
        history.customer_id,
        case profile.primary_scheme
            {% for scheme in schemes %}
            when {{ sql_text(scheme) }} then history.tier_{{ loop.index }}
            {% endfor %}
        end as tier,
        history.last_purchase_on is not null as had_bought,
        coalesce(
            {{ days_between('history.last_purchase_on', 'months.opening_on') }} < profile.active_window_days, false
        ) as was_active
    from {{ history }} as history
    inner join months on history.snapshot_on = months.opening_on
    cross join profile

),

closings as (

    select
        months.month_end,
        history.customer_id,
        history.last_purchase_on is not null as has_bought,
        coalesce(
            {{ days_between('history.last_purchase_on', 'months.closing_on') }} < profile.active_window_days, false
        ) as is_active
    from {{ history }} as history
    inner join months on history.snapshot_on = months.closing_on
    cross join profile

),

-- Nobody leaves the history: who was known at the start is known at the end.
paired as (

    select
        closings.month_end,
        closings.customer_id,
        closings.has_bought,
        closings.is_active,
        coalesce(openings.tier, 'entered') as tier,
        coalesce(openings.had_bought, false) as had_bought,
        coalesce(openings.was_active, false) as was_active
    from closings
    left join openings
        on closings.customer_id = openings.customer_id and closings.month_end = openings.month_end
    where closings.has_bought or openings.was_active

),

customer_counts as (

    select
        paired.month_end,
        paired.tier,
        {% for attribute in attributes %}
        described.{{ attribute }},
        {% endfor %}
        sum(case when paired.was_active then 1 else 0 end) as customers_at_start,
        sum(case when paired.was_active and not paired.is_active then 1 else 0 end) as churned_customers,
        sum(case when paired.is_active and not paired.was_active and paired.had_bought then 1 else 0 end)
            as reactivated_customers,
        sum(case when paired.is_active and not paired.had_bought then 1 else 0 end) as new_customers,
        sum(case when paired.is_active then 1 else 0 end) as customers_at_end,
        sum(case when paired.has_bought and not paired.is_active then 1 else 0 end) as lapsed_customers_at_end
    from paired
    inner join described on paired.customer_id = described.customer_id
    group by
        {% for attribute in attributes %}
        described.{{ attribute }},
        {% endfor %}
        paired.month_end,
        paired.tier

),

-- The tier when the later of the two periods began. A day that the history does not hold gives no row.
revenue_sums as (

    select
        revenue_changes.month_end,
        case profile.primary_scheme
            {% for scheme in schemes %}
            when {{ sql_text(scheme) }} then history.tier_{{ loop.index }}
            {% endfor %}
        end as tier,
        {% for attribute in attributes %}
        described.{{ attribute }},
        {% endfor %}
        sum(revenue_changes.revenue_before) as revenue_before,
        sum(least(revenue_changes.revenue_now, revenue_changes.revenue_before)) as gross_retained_revenue,
        sum(revenue_changes.revenue_now) as net_retained_revenue
    from revenue_changes
    inner join {{ history }} as history
        on
            revenue_changes.customer_id = history.customer_id
            and revenue_changes.opening_on = history.snapshot_on
    inner join described on revenue_changes.customer_id = described.customer_id
    cross join profile
    where revenue_changes.revenue_before > 0
    group by
        {% for attribute in attributes %}
        described.{{ attribute }},
        {% endfor %}
        case profile.primary_scheme
            {% for scheme in schemes %}
            when {{ sql_text(scheme) }} then history.tier_{{ loop.index }}
            {% endfor %}
        end,
        revenue_changes.month_end

),

combined as (

    select
        {% for attribute in attributes %}
        {{ attribute }},
        {% endfor %}
        {% for count in counts %}
        {{ count }},
        {% endfor %}
        {% for amount in sums %}
        cast(0 as decimal(18, 2)) as {{ amount }},
        {% endfor %}
        tier,
        month_end
    from customer_counts
    union all
    select
        {% for attribute in attributes %}
        {{ attribute }},
        {% endfor %}
        {% for count in counts %}
        0 as {{ count }},
        {% endfor %}
        {% for amount in sums %}
        {{ amount }},
        {% endfor %}
        tier,
        month_end
    from revenue_sums

),

by_dimension as (

    {{ stacked('combined', ['month_end'] + counts + sums, [
        {'dimension': "'all'", 'dimension_value': "'all'"},
        {'dimension': "'tier'", 'dimension_value': 'tier'},
        {'dimension': "'region'", 'dimension_value': 'region'},
        {'dimension': "'channel'", 'dimension_value': 'channel'},
        {'dimension': "'industry'", 'dimension_value': 'industry'},
    ]) }}
    -- A month in which nobody was a customer stands in the table, too.
    union all
    select
        month_end,
        {% for name in counts + sums %}
        0 as {{ name }},
        {% endfor %}
        'all' as dimension,
        'all' as dimension_value
    from months

),

summed as (

    select
        {% for count in counts %}
        cast(sum(by_dimension.{{ count }}) as integer) as {{ count }},
        {% endfor %}
        {% for amount in sums %}
        cast(sum(by_dimension.{{ amount }}) as decimal(18, 2)) as {{ amount }},
        {% endfor %}
        by_dimension.month_end,
        by_dimension.dimension,
        by_dimension.dimension_value
    from by_dimension
    group by by_dimension.month_end, by_dimension.dimension, by_dimension.dimension_value

),

-- With a longer period the revenue reaches further back than the customers' states do.
movement_openings as (

    select distinct
        month_end,
        opening_on
    from {{ ref('int_movement_months') }}

),

snapshots as (

    select * from {{ ref('int_snapshot_dates') }}

),

marked as (

    select
        summed.*,
        months.is_mature,
        snapshots.snapshot_on is not null as is_revenue_known
    from summed
    inner join months on summed.month_end = months.month_end
    left join movement_openings on summed.month_end = movement_openings.month_end
    left join snapshots on movement_openings.opening_on = snapshots.snapshot_on

)

select * from marked
