with targets as (

    {{ profile_rows(
        ref('targets'), 'rule_rows.scheme, rule_rows.tier, rule_rows.metric, rule_rows.period_type'
    ) }}

),

measured as (

    select * from {{ ref('metric_values') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- A target whose metric nobody measured stands with a row of its own.
matched as (

    select
        targets.scheme,
        targets.tier,
        targets.metric,
        targets.period_type,
        coalesce(measured.period_start, run_parameters.as_of_date) as period_start,
        coalesce(measured.period_end, run_parameters.as_of_date) as period_end,
        {{ metric_unit('targets.metric') }} as unit,
        targets.target,
        targets.direction,
        measured.actual,
        measured.numerator,
        measured.denominator,
        targets.warn_at,
        targets.alarm_at,
        targets.expected_low,
        targets.expected_high,
        coalesce(measured.is_mature, true) as is_mature,
        case when measured.metric is null then 'no_data' else measured.missing_reason end as missing_reason,
        targets.owner,
        targets.rule_id,
        profile.target_min_count,
        run_parameters.as_of_date
    from targets
    cross join run_parameters
    cross join profile
    left join measured
        on
            targets.metric = measured.metric
            and targets.scheme = measured.scheme
            and targets.tier = measured.tier
            and targets.period_type = measured.period_type

),

judged as (

    select
        *,
        {{ metric_gap('unit', 'actual', 'target') }} as gap,
        case
            when not is_mature then 'not_ripe'
            when missing_reason in ('too_few_responses') then 'too_few'
            when actual is not null and denominator < target_min_count then 'too_few'
            else {{ target_status('actual', 'target', 'direction', 'warn_at', 'alarm_at') }}
        end as status,
        actual between expected_low and expected_high as is_as_expected,
        row_number() over (
            partition by scheme, tier, metric, period_type
            order by case when is_mature then 0 else 1 end, period_end desc
        ) = 1 as is_latest
    from matched

)

select
    scheme,
    tier,
    metric,
    period_type,
    period_start,
    period_end,
    unit,
    target,
    direction,
    actual,
    numerator,
    denominator,
    gap,
    status,
    warn_at,
    alarm_at,
    expected_low,
    expected_high,
    is_as_expected,
    is_latest,
    missing_reason,
    owner,
    rule_id,
    rule_id || ': ' || metric || ' '
    || coalesce(
        {{ as_text('actual', 4) }}
        || coalesce(' (' || {{ as_text('numerator', 0) }} || ' of ' || {{ as_text('denominator', 0) }} || ')', ''),
        'is missing (' || missing_reason || ')'
    )
    || case when direction = 'at_most' then ', at most ' else ', at least ' end || {{ as_text('target', 4) }}
    || coalesce(', alarm at ' || {{ as_text('alarm_at', 4) }}, '')
    || case
        when status = 'too_few' and actual is not null
            then ', not judged with fewer than ' || {{ as_text('target_min_count', 0) }}
        else ''
    end as reason,
    as_of_date
from judged
