{% set cohort = ['period_type', 'dimension', 'dimension_value', 'cohort_period'] %}
{% set so_far %}
partition by cells.basis, cells.{{ cohort | join(', cells.') }} order by cells.period_number
            rows between unbounded preceding and current row
{%- endset %}

with counts as (

    select * from {{ ref('int_cohort_counts') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

brackets as (

    {{ profile_rows(ref('retention_brackets'), '1') }}

),

definitions as (

    select * from {{ ref('retention_definitions') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

cohorts as (

    select
        {{ cohort | join(', ') }},
        sum(last_seen_customers) as cohort_size,
        case period_type
            when 'month' then {{ add_days(add_months('cohort_period', 1), -1) }}
            when 'quarter' then {{ add_days(add_months('cohort_period', 3), -1) }}
            when 'week' then {{ add_days('cohort_period', 6) }}
        end as cohort_ends_on
    from counts
    where basis = 'period'
    group by {{ cohort | join(', ') }}

),

periods as (

    select distinct
        'month' as period_type,
        month_start as period_start,
        month_end as period_end
    from dates
    union all
    select distinct
        'quarter' as period_type,
        {{ quarter_start('month_start') }} as period_start,
        {{ add_days(add_months(quarter_start('month_start'), 3), -1) }} as period_end
    from dates
    union all
    select distinct
        'week' as period_type,
        {{ week_start('date_day') }} as period_start,
        {{ add_days(week_start('date_day'), 6) }} as period_end
    from dates

),

-- Every period from the cohort's own to the as-of day's, whether anybody came back in it or not; and every range of
-- days that has begun for some customer of the cohort. A range is over when it is for the customer who came last.
cells as (

    select
        'period' as basis,
        cohorts.{{ cohort | join(', cohorts.') }},
        cohorts.cohort_size,
        {{ period_number('cohorts.period_type', 'cohorts.cohort_period', 'periods.period_start') }} as period_number,
        cast(null as integer) as from_days,
        cast(null as integer) as until_days,
        periods.period_end <= run_parameters.as_of_date as is_mature,
        run_parameters.as_of_date
    from cohorts
    cross join run_parameters
    inner join periods
        on cohorts.period_type = periods.period_type and cohorts.cohort_period <= periods.period_start
    union all
    select
        'bracket' as basis,
        cohorts.{{ cohort | join(', cohorts.') }},
        cohorts.cohort_size,
        brackets.bracket_number as period_number,
        brackets.from_days,
        brackets.until_days,
        {{ add_days('cohorts.cohort_ends_on', 'brackets.until_days') }} <= run_parameters.as_of_date as is_mature,
        run_parameters.as_of_date
    from cohorts
    cross join run_parameters
    inner join brackets
        on {{ add_days('cohorts.cohort_period', 'brackets.from_days') }} <= run_parameters.as_of_date

),

counted as (

    select
        cells.*,
        coalesce(active.customers, 0) as active_customers,
        -- Active in this period or later: all whose last period is this one or a later one.
        cells.cohort_size + coalesce(active.last_seen_customers, 0)
        - sum(coalesce(active.last_seen_customers, 0)) over ({{ so_far }}) as still_active_customers,
        coalesce(active.revenue, 0) as revenue,
        sum(coalesce(active.revenue, 0)) over ({{ so_far }}) as cumulative_revenue,
        coalesce(active.margin_amount, 0) as margin_amount,
        sum(coalesce(active.margin_amount, 0)) over ({{ so_far }}) as cumulative_margin_amount,
        coalesce(active.uncosted_purchases, 0) = 0 as is_margin_known,
        sum(coalesce(active.uncosted_purchases, 0)) over ({{ so_far }}) = 0 as is_cumulative_margin_known
    from cells
    left join counts as active
        on
            cells.basis = active.basis
            {% for column in cohort + ['period_number'] %}
            and cells.{{ column }} = active.{{ column }}
            {% endfor %}

),

by_definition as (

    select
        counted.*,
        definitions.definition,
        case
            when definitions.counts_later_periods then counted.still_active_customers
            else counted.active_customers
        end as retained_customers
    from counted
    inner join definitions on counted.basis = definitions.basis

)

select
    cohort_period,
    period_type,
    definition,
    dimension,
    dimension_value,
    cast(period_number as integer) as period_number,
    from_days,
    until_days,
    cast(cohort_size as integer) as cohort_size,
    cast(retained_customers as integer) as retained_customers,
    cast(retained_customers as double) / cohort_size as retention_rate,
    cast(revenue as decimal(18, 2)) as revenue,
    cast(cumulative_revenue as decimal(18, 2)) as cumulative_revenue,
    {{ to_decimal('cast(cumulative_revenue as double) / cohort_size') }} as cumulative_revenue_per_customer,
    case when is_margin_known then cast(margin_amount as decimal(18, 2)) end as margin_amount,
    case when is_cumulative_margin_known then cast(cumulative_margin_amount as decimal(18, 2)) end
        as cumulative_margin_amount,
    case
        when is_cumulative_margin_known
            then {{ to_decimal('cast(cumulative_margin_amount as double) / cohort_size') }}
    end as cumulative_margin_per_customer,
    case when not is_cumulative_margin_known then 'cost_unknown' end as margin_missing_reason,
    is_mature,
    as_of_date
from by_definition
