{% set counts = ['touched_customers', 'returned_customers', 'untouched_customers', 'untouched_returned_customers'] %}

with responses as (

    select * from {{ ref('int_silent_responses') }}

),

months as (

    select * from {{ ref('int_churn_months') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

lifecycle_months as (

    select month_end from {{ ref('int_lifecycle_months') }}
    where is_shown

),

targets as (

    {{ profile_rows(
        ref('targets'), 'rule_rows.scheme, rule_rows.tier, rule_rows.metric, rule_rows.period_type'
    ) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

counted as (

    select
        month_end,
        measure,
        tier,
        channel,
        campaign,
        sum(case when is_touched then 1 else 0 end) as touched_customers,
        sum(case when is_touched and has_returned then 1 else 0 end) as returned_customers,
        sum(case when is_touched then 0 else 1 end) as untouched_customers,
        sum(case when not is_touched and has_returned then 1 else 0 end) as untouched_returned_customers
    from responses
    group by month_end, measure, tier, channel, campaign

),

measures as (

    select 'activation' as measure
    union all
    select 'win_back' as measure

),

-- Every month stands in the table, also one in which nobody was silent.
all_counts as (

    {{ stacked('counted', ['month_end', 'measure'] + counts, [
        {'dimension': "'all'", 'dimension_value': "'all'"},
        {'dimension': "'tier'", 'dimension_value': 'tier'},
        {'dimension': "'touch_channel'", 'dimension_value': 'channel'},
        {'dimension': "'campaign'", 'dimension_value': 'campaign'},
    ]) }}
    union all
    select
        months.month_end,
        measures.measure,
        0 as touched_customers,
        0 as returned_customers,
        0 as untouched_customers,
        0 as untouched_returned_customers,
        'all' as dimension,
        'all' as dimension_value
    from months
    cross join measures

),

-- Who was not touched had no channel and no campaign.
summed as (

    select
        {% for count in counts %}
        cast(sum({{ count }}) as integer) as {{ count }},
        {% endfor %}
        month_end,
        measure,
        dimension,
        dimension_value
    from all_counts
    where dimension_value is not null
    group by month_end, measure, dimension, dimension_value

),

described as (

    select
        summed.*,
        summed.dimension in ('all', 'tier') as has_untouched,
        months.opening_on,
        lifecycle_months.month_end is not null or summed.measure = 'win_back' as is_state_known,
        case when summed.measure = 'win_back' then profile.win_back_days else profile.activation_days end
            as return_days,
        case when summed.measure = 'win_back' then 'win_back_rate' else 'activation_rate' end as metric,
        case when summed.dimension = 'tier' then profile.primary_scheme else 'all' end as target_scheme
    from summed
    cross join profile
    inner join months on summed.month_end = months.month_end
    left join lifecycle_months on months.opening_on = lifecycle_months.month_end

),

compared as (

    select
        described.*,
        cast(targets.target as double) as target_rate,
        case
            when not described.is_state_known then 'history_too_short'
            when described.touched_customers = 0 then 'nobody_touched'
        end as missing_reason
    from described
    left join targets
        on
            described.metric = targets.metric
            and described.target_scheme = targets.scheme
            and described.dimension_value = targets.tier
            and described.dimension in ('all', 'tier')

),

rated as (

    select
        *,
        case when is_state_known then touched_customers end as touched,
        case when is_state_known then returned_customers end as returned,
        case when is_state_known and has_untouched then untouched_customers end as untouched,
        case when is_state_known and has_untouched then untouched_returned_customers end as untouched_returned,
        case when missing_reason is null then cast(returned_customers as double) / touched_customers end as rate
    from compared

)

select
    {{ month_start('rated.month_end') }} as {{ quoted('month') }},
    rated.measure,
    rated.dimension,
    rated.dimension_value,
    rated.touched as touched_customers,
    rated.returned as returned_customers,
    rated.rate,
    rated.missing_reason,
    rated.target_rate,
    {{ gap_points('rated.rate', 'rated.target_rate') }} as gap_points,
    rated.untouched as untouched_customers,
    rated.untouched_returned as untouched_returned_customers,
    case
        when rated.has_untouched and rated.is_state_known
            then cast(rated.untouched_returned as double) / nullif(rated.untouched, 0)
    end as untouched_rate,
    rated.return_days,
    {{ add_days('rated.month_end', 'rated.return_days') }} <= run_parameters.as_of_date as is_mature,
    'M5' as rule_id,
    run_parameters.as_of_date
from rated
cross join run_parameters
