{% set dimensions = cohort_dimensions() %}
{% set sums %}
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        cast(sum(margin_amount) as decimal(18, 2)) as margin_amount,
        sum(uncosted_purchases) as uncosted_purchases
{%- endset %}

with customers as (

    select * from {{ ref('int_cohort_customers') }}

),

combinations as (

    select * from {{ ref('int_cohort_combinations') }}

),

activity as (

    select * from {{ ref('int_cohort_activity') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

bounds as (

    select
        {{ add_days(week_start('run_parameters.as_of_date'), '7 - 7 * profile.cohort_weeks') }} as first_week,
        {{ add_months(month_start('run_parameters.as_of_date'), '1 - profile.cohort_split_months') }} as split_from
    from run_parameters
    cross join profile

),

by_period_type as (

    {{ stacked(
        'customers', ['customer_id', 'combination'], periods_by_type('first_purchase_on', 'last_purchase_on')
    ) }}

),

-- Combination 0 is split by nothing.
members as (

    select
        by_period_type.customer_id,
        by_period_type.period_type,
        by_period_type.cohort_period,
        case
            when by_period_type.cohort_period >= bounds.split_from then by_period_type.combination
            else 0
        end as combination,
        {{ period_number(
            'by_period_type.period_type', 'by_period_type.cohort_period', 'by_period_type.last_period'
        ) }} as last_period_number
    from by_period_type
    cross join bounds
    where by_period_type.period_type != 'week' or by_period_type.cohort_period >= bounds.first_week

),

months as (

    select
        customer_id,
        activity_month as period_start,
        {{ sums }}
    from activity
    group by customer_id, activity_month

),

quarters as (

    select
        customer_id,
        {{ quarter_start('period_start') }} as period_start,
        {{ sums }}
    from months
    group by customer_id, {{ quarter_start('period_start') }}

),

young as (

    select customer_id from members
    where period_type = 'week'

),

-- Weeks lie across months, so that they are counted from the orders; of young customers alone, who are few.
week_orders as (

    select
        orders.customer_id,
        {{ week_start('orders.order_date') }} as period_start,
        orders.net_amount as revenue,
        orders.margin_amount,
        case when orders.margin_amount is null then 1 else 0 end as uncosted_purchases
    from orders
    cross join bounds
    where
        orders.is_purchase
        and orders.order_date >= bounds.first_week
        and orders.customer_id in (select young.customer_id from young)

),

weeks as (

    select
        customer_id,
        period_start,
        {{ sums }}
    from week_orders
    group by customer_id, period_start

),

brackets as (

    select
        customer_id,
        bracket_number,
        {{ sums }}
    from activity
    where bracket_number is not null
    group by customer_id, bracket_number

),

{% for period_type, source in {'month': 'months', 'quarter': 'quarters', 'week': 'weeks'}.items() %}
active_in_{{ source }} as (

    select
        'period' as basis,
        members.period_type,
        members.cohort_period,
        {{ period_number('members.period_type', 'members.cohort_period', source ~ '.period_start') }} as period_number,
        members.combination,
        count(*) as customers,
        0 as last_seen_customers,
        {{ sums }}
    from {{ source }}
    inner join members
        on {{ source }}.customer_id = members.customer_id and members.period_type = {{ sql_text(period_type) }}
    group by
        members.period_type,
        members.cohort_period,
        {{ source }}.period_start,
        members.combination

),

{% endfor %}
active_in_brackets as (

    select
        'bracket' as basis,
        members.period_type,
        members.cohort_period,
        brackets.bracket_number as period_number,
        members.combination,
        count(*) as customers,
        0 as last_seen_customers,
        {{ sums }}
    from brackets
    inner join members on brackets.customer_id = members.customer_id
    group by members.period_type, members.cohort_period, brackets.bracket_number, members.combination

),

-- Whose last period is which; all of them together are the cohort.
last_seen as (

    select
        'period' as basis,
        period_type,
        cohort_period,
        last_period_number as period_number,
        combination,
        0 as customers,
        count(*) as last_seen_customers,
        cast(0 as decimal(18, 2)) as revenue,
        cast(0 as decimal(18, 2)) as margin_amount,
        0 as uncosted_purchases
    from members
    group by period_type, cohort_period, last_period_number, combination

),

counted as (

    select * from active_in_months
    union all
    select * from active_in_quarters
    union all
    select * from active_in_weeks
    union all
    select * from active_in_brackets
    union all
    select * from last_seen

),

split as (

    select
        counted.*,
        combinations.{{ dimensions | join(', combinations.') }}
    from counted
    left join combinations on counted.combination = combinations.combination

),

by_dimension as (

    {{ stacked(
        'split',
        ['basis', 'period_type', 'cohort_period', 'period_number', 'customers', 'last_seen_customers', 'revenue',
            'margin_amount', 'uncosted_purchases'],
        values_by_dimension(dimensions)
    ) }}

),

grouped as (

    select
        basis,
        period_type,
        dimension,
        dimension_value,
        cohort_period,
        period_number,
        sum(customers) as customers,
        sum(last_seen_customers) as last_seen_customers,
        {{ sums }}
    from by_dimension
    where dimension_value is not null
    group by basis, period_type, dimension, dimension_value, cohort_period, period_number

)

select * from grouped
