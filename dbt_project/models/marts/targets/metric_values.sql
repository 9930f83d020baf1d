with tier_periods as (

    select * from {{ ref('retention_by_tier') }}

),

churn as (

    select * from {{ ref('churn_metrics') }}
    where dimension = 'all'

),

base as (

    select * from {{ ref('customer_base_metrics') }}

),

satisfaction as (

    select * from {{ ref('satisfaction_metrics') }}
    where dimension = 'all'

),

activation as (

    select * from {{ ref('activation_metrics') }}
    where dimension in ('all', 'tier')

),

service as (

    select * from {{ ref('service_metrics') }}
    where period_type = 'week' and (dimension = 'all' or (dimension = 'ticket_type' and dimension_value = 'complaint'))

),

profile as (

    select * from {{ ref('int_profile') }}

),

members as (

    select * from {{ ref('int_member_counts') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

tier_rates as (

    {{ stacked(
        'tier_periods',
        ['scheme', 'tier', 'period_type', 'period_start', 'period_end'],
        [
            {
                'metric': sql_text('retention_rate'),
                'actual': 'retention_rate',
                'numerator': 'retained_customers',
                'denominator': 'customers_at_start',
            },
            {
                'metric': sql_text('tier_churn_rate'),
                'actual': 'cast(customers_at_start - retained_customers as double) / customers_at_start',
                'numerator': 'customers_at_start - retained_customers',
                'denominator': 'customers_at_start',
            },
            {
                'metric': sql_text('repurchase_rate'),
                'actual': 'repurchase_rate',
                'numerator': 'repeat_buyers',
                'denominator': 'buyers',
            },
        ]
    ) }}

),

tier_growth as (

    select
        later.scheme,
        later.tier,
        later.period_type,
        later.period_start,
        later.period_end,
        {{ rounded('later.repurchase_rate / nullif(earlier.repurchase_rate, 0) - 1', 6) }} as actual,
        least(later.buyers, coalesce(earlier.buyers, 0)) as buyers,
        case when later.repurchase_rate is null then 'no_data' else 'no_earlier_period' end as why_missing
    from tier_periods as later
    left join tier_periods as earlier
        on
            later.scheme = earlier.scheme
            and later.tier = earlier.tier
            and earlier.period_type = 'month'
            and {{ add_months('later.period_start', -3) }} = earlier.period_start
    where later.period_type = 'month'

),

cross_sell as (

    select
        later.month_end,
        later.cross_sell_share,
        later.cross_sell_customers,
        later.category_customers,
        least(later.category_customers, coalesce(earlier.category_customers, 0)) as compared_customers,
        later.is_mature,
        {{ rounded('later.cross_sell_share / nullif(earlier.cross_sell_share, 0) - 1', 6) }} as growth
    from base as later
    left join base as earlier
        on {{ add_months(month_start('later.month_end'), -3) }} = {{ month_start('earlier.month_end') }}

),

all_values as (

    select
        metric,
        scheme,
        tier,
        period_type,
        period_start,
        period_end,
        actual,
        numerator,
        denominator,
        true as is_mature,
        case when actual is null then 'no_data' end as missing_reason
    from tier_rates
    union all
    select
        'repurchase_growth_3m_rate' as metric,
        scheme,
        tier,
        period_type,
        period_start,
        period_end,
        actual,
        cast(null as integer) as numerator,
        buyers as denominator,
        true as is_mature,
        case when actual is null then why_missing end as missing_reason
    from tier_growth
    union all
    select
        'churn_rate' as metric,
        'all' as scheme,
        'all' as tier,
        'month' as period_type,
        {{ month_start('month_end') }} as period_start,
        month_end as period_end,
        churn_rate as actual,
        churned_customers as numerator,
        customers_at_start as denominator,
        is_mature,
        case when churn_rate is null then 'no_data' end as missing_reason
    from churn
    union all
    select
        survey_type || '_score' as metric,
        'all' as scheme,
        'all' as tier,
        period_type,
        period_start,
        period_end,
        score as actual,
        case survey_type
            when 'nps' then positive_responses - negative_responses
            when 'csat' then positive_responses
        end as numerator,
        responses as denominator,
        is_mature,
        missing_reason
    from satisfaction
    union all
    select
        case when service.dimension = 'all' then 'resolution_rate' else 'complaint_resolution_rate' end as metric,
        'all' as scheme,
        'all' as tier,
        'week' as period_type,
        service.week_start as period_start,
        {{ add_days('service.week_start', 6) }} as period_end,
        service.resolution_rate as actual,
        service.resolved as numerator,
        service.tickets - service.undecided as denominator,
        service.is_mature,
        service.resolution_missing_reason as missing_reason
    from service
    union all
    select
        'timely_rate' as metric,
        'all' as scheme,
        'all' as tier,
        'week' as period_type,
        service.week_start as period_start,
        {{ add_days('service.week_start', 6) }} as period_end,
        service.timely_rate as actual,
        service.met as numerator,
        service.met + service.breached as denominator,
        service.is_mature,
        service.timely_missing_reason as missing_reason
    from service
    where service.dimension = 'all'
    union all
    select
        activation.measure || '_rate' as metric,
        case activation.dimension when 'tier' then profile.primary_scheme else 'all' end as scheme,
        activation.dimension_value as tier,
        'month' as period_type,
        activation.{{ quoted('month') }} as period_start,
        {{ add_days(add_months('activation.' ~ quoted('month'), 1), -1) }} as period_end,
        activation.rate as actual,
        activation.returned_customers as numerator,
        activation.touched_customers as denominator,
        activation.is_mature,
        case
            when activation.missing_reason = 'history_too_short' then 'no_earlier_period'
            when activation.rate is null then 'no_data'
        end as missing_reason
    from activation
    cross join profile
    union all
    select
        'cross_sell_share' as metric,
        'all' as scheme,
        'all' as tier,
        'month' as period_type,
        {{ month_start('month_end') }} as period_start,
        month_end as period_end,
        cross_sell_share as actual,
        cross_sell_customers as numerator,
        category_customers as denominator,
        is_mature,
        case when cross_sell_share is null then 'no_data' end as missing_reason
    from cross_sell
    union all
    select
        'cross_sell_growth_3m_rate' as metric,
        'all' as scheme,
        'all' as tier,
        'month' as period_type,
        {{ month_start('month_end') }} as period_start,
        month_end as period_end,
        growth as actual,
        cast(null as integer) as numerator,
        compared_customers as denominator,
        is_mature,
        case
            when cross_sell_share is null then 'no_data'
            when growth is null then 'no_earlier_period'
        end as missing_reason
    from cross_sell
    union all
    select
        'ltv_growth_rate' as metric,
        'all' as scheme,
        'all' as tier,
        'month' as period_type,
        {{ month_start('month_end') }} as period_start,
        month_end as period_end,
        lifetime_revenue_growth_rate as actual,
        cast(null as integer) as numerator,
        least(customers_12m, customers_12m_before) as denominator,
        is_mature,
        case growth_missing_reason
            when 'too_little_history' then growth_missing_reason
            when 'no_purchases' then 'no_earlier_period'
            when 'month_not_over' then 'no_data'
        end as missing_reason
    from base
    union all
    select
        'member_repurchase_rate' as metric,
        'all' as scheme,
        'all' as tier,
        'as_of' as period_type,
        run_parameters.as_of_date as period_start,
        run_parameters.as_of_date as period_end,
        cast(members.repeat_members as double) / nullif(members.buying_members, 0) as actual,
        cast(members.repeat_members as integer) as numerator,
        cast(members.buying_members as integer) as denominator,
        true as is_mature,
        case when members.buying_members = 0 then 'no_data' end as missing_reason
    from members
    cross join run_parameters
    union all
    select
        'top_member_share' as metric,
        'all' as scheme,
        'all' as tier,
        'as_of' as period_type,
        run_parameters.as_of_date as period_start,
        run_parameters.as_of_date as period_end,
        case
            when members.is_top_level_known then cast(members.top_members as double) / nullif(members.members, 0)
        end as actual,
        case when members.is_top_level_known then cast(members.top_members as integer) end as numerator,
        cast(members.members as integer) as denominator,
        true as is_mature,
        case
            when members.members = 0 then 'no_data'
            when not members.is_top_level_known then 'top_level_never_seen'
        end as missing_reason
    from members
    cross join run_parameters
    -- No entity tells which suggestion a customer took up: the target stands and waits for a source.
    union all
    select
        'suggestion_adoption_rate' as metric,
        'all' as scheme,
        'all' as tier,
        'as_of' as period_type,
        as_of_date as period_start,
        as_of_date as period_end,
        cast(null as double) as actual,
        cast(null as integer) as numerator,
        cast(null as integer) as denominator,
        true as is_mature,
        'no_source' as missing_reason
    from run_parameters

)

select
    all_values.metric,
    all_values.scheme,
    all_values.tier,
    all_values.period_type,
    all_values.period_start,
    all_values.period_end,
    {{ metric_unit('all_values.metric') }} as unit,
    cast(all_values.actual as double) as actual,
    cast(all_values.numerator as integer) as numerator,
    cast(all_values.denominator as integer) as denominator,
    all_values.is_mature,
    all_values.missing_reason,
    run_parameters.as_of_date
from all_values
cross join run_parameters
