{% set week_end = add_days(week_start('answers.responded_on'), 6) %}
{% set month_end = add_days(add_months(month_start('answers.responded_on'), 1), -1) %}
{% set kept = [
    'survey_type', 'is_on_scale', 'is_positive', 'is_negative', 'score', 'score_min', 'score_max', 'statistic'
] %}

with answers as (

    select * from {{ ref('fct_survey_responses') }}

),

scales as (

    select * from {{ ref('survey_scales') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

benchmarks as (

    {{ profile_rows(
        ref('satisfaction_benchmarks'),
        'rule_rows.survey_type, rule_rows.dimension, rule_rows.dimension_value'
    ) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- Of the tiers a period ends with, the newest that the month-end history holds; of a running period, those of today.
judged as (

    select
        answers.response_id,
        answers.customer_id,
        answers.survey_type,
        coalesce(answers.touchpoint, 'unknown') as touchpoint,
        coalesce(answers.channel, 'unknown') as channel,
        coalesce(answers.region, customers.region, 'unknown') as region,
        answers.score,
        scales.score_min,
        scales.score_max,
        scales.statistic,
        answers.score between scales.score_min and scales.score_max as is_on_scale,
        answers.score >= scales.positive_from as is_positive,
        answers.score <= scales.negative_until as is_negative,
        {{ week_start('answers.responded_on') }} as week_first_day,
        {{ week_end }} as week_last_day,
        {{ month_start('answers.responded_on') }} as month_first_day,
        {{ month_end }} as month_last_day,
        case
            when {{ week_end }} <= run_parameters.as_of_date
                then {{ add_days(month_start(add_days(week_end, 1)), -1) }}
        end as week_tier_on,
        case when {{ month_end }} <= run_parameters.as_of_date then {{ month_end }} end as month_tier_on,
        {{ week_start('answers.responded_on') }}
        > {{ add_days(week_start('run_parameters.as_of_date'), '-7 * profile.satisfaction_weeks') }} as is_recent_week,
        {{ month_start('answers.responded_on') }}
        > {{ add_months(month_start('run_parameters.as_of_date'), '-profile.satisfaction_months') }} as is_recent_month
    from answers
    cross join run_parameters
    cross join profile
    inner join scales on answers.survey_type = scales.survey_type
    left join customers on answers.customer_id = customers.customer_id

),

recent as (

    select * from judged
    where is_recent_week or is_recent_month

),

tiers_today as (

    select
        customer_id,
        tier
    from {{ ref('customer_tiers') }}
    where is_primary_scheme

),

tiers_then as (

    select
        history.customer_id,
        history.month_end,
        history.tier
    from {{ ref('customer_tier_history') }} as history
    inner join profile on history.scheme = profile.primary_scheme

),

-- Who is anonymous has no tier: null, which the dimension leaves out.
tiered as (

    select
        recent.*,
        case
            when recent.customer_id is not null
                then coalesce(
                    of_week.tier, case when recent.week_tier_on is null then tiers_today.tier end, 'unknown'
                )
        end as week_tier,
        case
            when recent.customer_id is not null
                then coalesce(
                    of_month.tier, case when recent.month_tier_on is null then tiers_today.tier end, 'unknown'
                )
        end as month_tier
    from recent
    left join tiers_today on recent.customer_id = tiers_today.customer_id
    left join tiers_then as of_week
        on recent.customer_id = of_week.customer_id and recent.week_tier_on = of_week.month_end
    left join tiers_then as of_month
        on recent.customer_id = of_month.customer_id and recent.month_tier_on = of_month.month_end

),

{% set groups = [] %}
{% for period_type in ['week', 'month'] %}
{% for dimension, value in {
    'all': sql_text('all'), 'touchpoint': 'touchpoint', 'channel': 'channel', 'region': 'region',
    'tier': period_type ~ '_tier'
}.items() %}
{% do groups.append({
    'period_type': sql_text(period_type),
    'period_start': period_type ~ '_first_day',
    'period_end': period_type ~ '_last_day',
    'is_recent': 'is_recent_' ~ period_type,
    'dimension': sql_text(dimension),
    'dimension_value': value
}) %}
{% endfor %}
{% endfor %}
spread as (

    {{ stacked('tiered', kept, groups) }}

),

grouped as (

    select
        period_type,
        period_start,
        period_end,
        survey_type,
        dimension,
        dimension_value,
        min(score_min) as score_min,
        min(score_max) as score_max,
        min(statistic) as statistic,
        sum(case when is_on_scale then 1 else 0 end) as responses,
        sum(case when is_on_scale then 0 else 1 end) as off_scale_responses,
        sum(case when is_on_scale and is_positive then 1 else 0 end) as positive,
        sum(case when is_on_scale and is_negative then 1 else 0 end) as negative,
        sum(case when is_on_scale then score else 0 end) as total,
        sum(case when is_on_scale then score * score else 0 end) as squares
    from spread
    where is_recent and dimension_value is not null
    group by period_type, period_start, period_end, survey_type, dimension, dimension_value

),

sized as (

    select
        grouped.*,
        profile.satisfaction_interval_z as z,
        profile.satisfaction_min_responses as least_responses,
        grouped.responses < profile.satisfaction_min_responses as is_too_small,
        sum(case when grouped.dimension = 'all' then grouped.responses else 0 end) over (
            partition by grouped.period_type, grouped.period_start, grouped.survey_type
        ) as all_responses,
        sum(
            case when grouped.responses >= profile.satisfaction_min_responses then grouped.responses else 0 end
        ) over (
            partition by grouped.period_type, grouped.period_start, grouped.survey_type, grouped.dimension
        ) as shown_responses,
        row_number() over (
            partition by
                grouped.period_type, grouped.period_start, grouped.survey_type, grouped.dimension,
                grouped.responses >= profile.satisfaction_min_responses
            order by grouped.responses, grouped.dimension_value
        ) as place
    from grouped
    cross join profile

),

-- What a dimension does not show follows from the total by subtraction. Where that is a handful of answers, the
-- smallest group that could be shown is held back with them.
guarded as (

    select
        *,
        case
            when is_too_small then 'too_few_responses'
            when
                dimension != 'all'
                and place = 1
                and all_responses > shown_responses
                and all_responses - shown_responses < least_responses
                then 'protects_small_group'
        end as missing_reason
    from sized

),

-- A group that is not shown has no counts either: they would give its score away.
counted as (

    select
        *,
        case when missing_reason is null then responses end as n,
        case when missing_reason is null then positive end as promoters,
        case when missing_reason is null then negative end as detractors
    from guarded

),

scored as (

    select
        *,
        case statistic
            when 'net_share' then cast(100 * (promoters - detractors) as double) / n
            when 'positive_share' then cast(promoters as double) / n
            when 'mean' then cast(total as double) / n
        end as score,
        case statistic
            when 'net_share' then 100 * {{ net_share_bound('-', 'promoters', 'detractors', 'n', 'z') }}
            when 'positive_share' then {{ share_bound('-', 'promoters', 'n', 'z') }}
            when 'mean' then {{ mean_bound('-', 'total', 'squares', 'n', 'z') }}
        end as low,
        case statistic
            when 'net_share' then 100 * {{ net_share_bound('+', 'promoters', 'detractors', 'n', 'z') }}
            when 'positive_share' then {{ share_bound('+', 'promoters', 'n', 'z') }}
            when 'mean' then {{ mean_bound('+', 'total', 'squares', 'n', 'z') }}
        end as high,
        case statistic when 'net_share' then -100 when 'positive_share' then 0 else score_min end as least_score,
        case statistic when 'net_share' then 100 when 'positive_share' then 1 else score_max end as greatest_score
    from counted

)

select
    scored.period_type,
    scored.period_start,
    scored.period_end,
    scored.survey_type,
    scored.dimension,
    scored.dimension_value,
    cast(scored.responses as integer) as responses,
    cast(scored.off_scale_responses as integer) as off_scale_responses,
    scored.score,
    cast(scored.promoters as integer) as positive_responses,
    cast(scored.n - scored.promoters - scored.detractors as integer) as neutral_responses,
    cast(scored.detractors as integer) as negative_responses,
    case
        when scored.low is not null
            then {{ rounded('least(scored.score, greatest(scored.low, scored.least_score))', 6) }}
    end as ci_low,
    case
        when scored.high is not null
            then {{ rounded('greatest(scored.score, least(scored.high, scored.greatest_score))', 6) }}
    end as ci_high,
    cast(benchmarks.benchmark as double) as benchmark,
    {{ rounded('scored.score - benchmarks.benchmark', 6) }} as gap,
    scored.is_too_small,
    scored.missing_reason,
    scored.period_end <= run_parameters.as_of_date as is_mature,
    run_parameters.as_of_date
from scored
cross join run_parameters
left join benchmarks
    on
        scored.survey_type = benchmarks.survey_type
        and scored.dimension = benchmarks.dimension
        and scored.dimension_value = benchmarks.dimension_value
