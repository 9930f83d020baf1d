with months as (

    select * from {{ ref('int_program_months') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

measures as (

    {{ profile_rows(ref('program_measures'), 'rule_rows.measure') }}

),

dimensions as (

    {{ profile_rows(ref('program_dimensions'), 'rule_rows.dimension') }}

),

-- A week counts in the month that its last day lies in.
weeks as (

    select
        {{ month_start(
            'least(' ~ add_days('completeness.week_start', 6) ~ ', run_parameters.as_of_date)'
        ) }} as month_start,
        completeness.{{ quoted('rows') }} as asked_values,
        completeness.missing
    from {{ ref('completeness') }} as completeness
    cross join run_parameters

),

filled as (

    select
        month_start,
        coalesce(sum(asked_values), 0) as asked_values,
        coalesce(sum(asked_values - missing), 0) as present_values
    from weeks
    group by month_start

),

carried_out as (

    select
        {{ month_start('touch_date') }} as month_start,
        sum(actual_count) as actual_count,
        sum(planned_count) as planned_count
    from {{ ref('touch_execution') }}
    where is_planned
    group by {{ month_start('touch_date') }}

),

served as (

    select
        week_start as month_start,
        met,
        met + breached as due
    from {{ ref('service_metrics') }}
    where period_type = 'month' and dimension = 'all'

),

recommended as (

    select
        period_start as month_start,
        score,
        positive_responses - negative_responses as net_promoters,
        responses,
        missing_reason
    from {{ ref('satisfaction_metrics') }}
    where period_type = 'month' and survey_type = 'nps' and dimension = 'all'

),

changes as (

    select * from {{ ref('stg_strategy_changes') }}

),

-- What was decided for a scheme on one day is one step of the strategy, however many tiers it names.
approved as (

    select
        {{ month_start('cast(approved_at as date)') }} as month_start,
        count(distinct scheme || ' ' || cast(changed_on as {{ dbt.type_string() }})) as iterations
    from changes
    where approved_at is not null
    group by {{ month_start('cast(approved_at as date)') }}

),

first_change as (

    select min(changed_on) as changed_on from changes

),

agreement as (

    select * from {{ ref('int_tier_agreement') }}

),

alignment as (

    select * from {{ ref('int_resource_alignment') }}

),

core as (

    {{ profile_rows(ref('program_core_metrics'), '1') }}

),

-- A figure of too few says nothing, before or now (decision 59).
measured as (

    select
        metrics.metric,
        metrics.scheme,
        metrics.tier,
        metrics.period_start,
        metrics.actual
    from {{ ref('metric_values') }} as metrics
    cross join profile
    where
        metrics.period_type = 'month'
        and metrics.is_mature
        and metrics.actual is not null
        and coalesce(metrics.denominator >= profile.target_min_count, true)

),

-- Compared in millionths, as targets are.
compared as (

    select
        months.month_start,
        case
            when core.direction = 'at_most' and round(later.actual * 1000000) < round(earlier.actual * 1000000) then 1
            when core.direction = 'at_least' and round(later.actual * 1000000) > round(earlier.actual * 1000000) then 1
            else 0
        end as is_better
    from months
    cross join core
    inner join measured as later
        on
            core.metric = later.metric
            and core.scheme = later.scheme
            and core.tier = later.tier
            and months.month_start = later.period_start
    inner join measured as earlier
        on
            core.metric = earlier.metric
            and core.scheme = earlier.scheme
            and core.tier = earlier.tier
            and {{ add_months('months.month_start', -1) }} = earlier.period_start
    where months.is_complete

),

improved as (

    select
        month_start,
        sum(is_better) as better_metrics,
        count(*) as compared_metrics
    from compared
    group by month_start

),

figures as (

    select
        'completeness' as measure,
        months.month_start,
        filled.present_values as numerator,
        filled.asked_values as denominator,
        cast(filled.present_values as double) / nullif(filled.asked_values, 0) as figure,
        case
            when filled.month_start is null then 'not_kept'
            when filled.asked_values = 0 then 'no_data'
        end as missing_reason
    from months
    left join filled on months.month_start = filled.month_start
    union all
    select
        'tier_agreement' as measure,
        months.month_start,
        agreement.agreeing_customers as numerator,
        agreement.judged_customers as denominator,
        cast(agreement.agreeing_customers as double) / nullif(agreement.judged_customers, 0) as figure,
        case
            when not months.is_complete then 'month_not_over'
            when not agreement.is_expected then 'no_expected_ranges'
            when not agreement.is_held then 'history_too_short'
            when agreement.judged_customers = 0 then 'no_data'
            when agreement.judged_customers < profile.target_min_count then 'too_few'
        end as missing_reason
    from months
    cross join profile
    left join agreement on months.month_start = agreement.month_start
    union all
    select
        'plan_completion' as measure,
        months.month_start,
        carried_out.actual_count as numerator,
        carried_out.planned_count as denominator,
        cast(carried_out.actual_count as double) / nullif(carried_out.planned_count, 0) as figure,
        case when coalesce(carried_out.planned_count, 0) = 0 then 'no_data' end as missing_reason
    from months
    left join carried_out on months.month_start = carried_out.month_start
    union all
    select
        'resource_alignment' as measure,
        months.month_start,
        cast(null as bigint) as numerator,
        cast(null as bigint) as denominator,
        alignment.aligned_share as figure,
        case
            when not alignment.is_budgeted then 'no_budgets'
            when not alignment.is_kept then 'not_kept'
            when alignment.aligned_share is null then 'no_data'
        end as missing_reason
    from months
    inner join alignment on months.month_start = alignment.month_start
    union all
    select
        'timely_rate' as measure,
        months.month_start,
        served.met as numerator,
        served.due as denominator,
        cast(served.met as double) / nullif(served.due, 0) as figure,
        case
            when served.month_start is null then 'no_data'
            when served.due = 0 then 'nothing_due'
            when served.due < profile.target_min_count then 'too_few'
        end as missing_reason
    from months
    cross join profile
    left join served on months.month_start = served.month_start
    union all
    select
        'nps_score' as measure,
        months.month_start,
        recommended.net_promoters as numerator,
        recommended.responses as denominator,
        recommended.score as figure,
        case
            when recommended.month_start is null then 'no_data'
            when recommended.missing_reason is not null then recommended.missing_reason
            when recommended.responses < profile.target_min_count then 'too_few'
        end as missing_reason
    from months
    cross join profile
    left join recommended on months.month_start = recommended.month_start
    union all
    select
        'strategy_iterations' as measure,
        months.month_start,
        coalesce(approved.iterations, 0) as numerator,
        cast(null as bigint) as denominator,
        cast(coalesce(approved.iterations, 0) as double) as figure,
        case
            when not months.is_complete then 'month_not_over'
            when coalesce(first_change.changed_on > months.month_end, true) then 'no_data'
        end as missing_reason
    from months
    cross join first_change
    left join approved on months.month_start = approved.month_start
    union all
    select
        'core_metrics_improving' as measure,
        months.month_start,
        improved.better_metrics as numerator,
        improved.compared_metrics as denominator,
        cast(improved.better_metrics as double) / nullif(improved.compared_metrics, 0) as figure,
        case
            when not months.is_complete then 'month_not_over'
            when improved.month_start is null then 'no_earlier_period'
        end as missing_reason
    from months
    left join improved on months.month_start = improved.month_start

),

known as (

    select
        measure,
        month_start,
        cast(numerator as bigint) as numerator,
        cast(denominator as bigint) as denominator,
        case when missing_reason is null then figure end as figure,
        missing_reason
    from figures

),

-- A share of the way from no marks to full ones, in trillionths: noise of the last binary digit decides no grade.
marked as (

    select
        months.month_start,
        months.is_complete,
        dimensions.dimension,
        dimensions.dimension_rank,
        dimensions.weight as dimension_weight,
        measures.measure,
        measures.measure_rank,
        measures.weight as measure_weight,
        measures.zero_mark,
        measures.full_mark,
        measures.advice,
        measures.rule_id,
        known.numerator,
        known.denominator,
        known.figure,
        known.missing_reason,
        case
            when known.figure is not null
                then {{ to_decimal(
                    '100 * least(1, greatest(0, (known.figure - measures.zero_mark)'
                    ~ ' / (measures.full_mark - measures.zero_mark)))',
                    18, 12
                ) }}
        end as marks
    from months
    inner join known on months.month_start = known.month_start
    inner join measures on known.measure = measures.measure
    inner join dimensions on measures.dimension = dimensions.dimension
    where measures.weight > 0 and dimensions.weight > 0

)

select
    marked.month_start as {{ quoted('month') }},
    marked.measure,
    marked.dimension,
    cast(marked.dimension_rank as integer) as dimension_rank,
    cast(marked.measure_rank as integer) as measure_rank,
    cast(marked.dimension_weight as decimal(9, 6)) as dimension_weight,
    cast(marked.measure_weight as decimal(9, 6)) as measure_weight,
    {{ rounded('marked.figure', 8) }} as {{ quoted('value') }},
    marked.numerator,
    marked.denominator,
    marked.zero_mark,
    marked.full_mark,
    marked.marks,
    marked.missing_reason,
    marked.advice,
    marked.is_complete,
    marked.rule_id,
    run_parameters.as_of_date
from marked
cross join run_parameters
