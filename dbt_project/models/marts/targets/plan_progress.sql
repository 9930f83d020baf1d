with objectives as (

    {{ profile_rows(ref('plan_objectives'), 'rule_rows.plan_type') }}

),

measured as (

    select
        metrics.*,
        metrics.actual is null or coalesce(metrics.denominator < profile.target_min_count, false) as is_too_few
    from {{ ref('metric_values') }} as metrics
    cross join {{ ref('int_profile') }} as profile
    where
        metrics.is_mature
        and (metrics.actual is not null or metrics.missing_reason in ('too_few_responses'))

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- What was measured within the plan, up to its end; and the last before it, for a plan that names no baseline.
compared as (

    select
        objectives.objective_id,
        measured.period_end,
        measured.actual,
        measured.is_too_few,
        measured.period_end >= objectives.starts_on as is_within,
        row_number() over (
            partition by
                objectives.objective_id, measured.period_end >= objectives.starts_on, measured.is_too_few
            order by measured.period_end desc
        ) as place
    from objectives
    inner join measured
        on
            objectives.metric = measured.metric
            and objectives.scheme = measured.scheme
            and objectives.tier = measured.tier
            and objectives.period_type = measured.period_type
    where measured.period_end <= objectives.ends_on

),

newest as (

    select
        objective_id,
        max(case when is_within and not is_too_few then actual end) as actual,
        max(case when is_within and not is_too_few then period_end end) as measured_until,
        max(case when not is_within and not is_too_few then actual end) as actual_before,
        max(case when is_within and is_too_few then 1 else 0 end) as has_too_few
    from compared
    where place = 1
    group by objective_id

),

filled as (

    select
        objectives.*,
        newest.actual,
        newest.measured_until,
        newest.has_too_few,
        coalesce(objectives.baseline, newest.actual_before) as baseline_value,
        run_parameters.as_of_date,
        {{ metric_unit('objectives.metric') }} as unit,
        {{ rounded(
            'least(1, greatest(0, cast(' ~ days_between('objectives.starts_on', 'run_parameters.as_of_date')
            ~ ' + 1 as double) / (' ~ days_between('objectives.starts_on', 'objectives.ends_on') ~ ' + 1)))',
            6
        ) }} as elapsed_share
    from objectives
    cross join run_parameters
    left join newest on objectives.objective_id = newest.objective_id

),

judged as (

    select
        *,
        {{ target_status('actual', 'target', 'direction', 'null', 'null') }} as target_state,
        {{ target_status('baseline_value', 'target', 'direction', 'null', 'null') }} = 'met' as is_met_at_start
    from filled

),

-- What began at its target or beyond has no way to go but to stay: away from the target would count as forward.
measured_out as (

    select
        *,
        case
            when not is_met_at_start
                then {{ rounded('(actual - baseline_value) / nullif(target - baseline_value, 0)', 6) }}
        end as way_share
    from judged

)

select
    plan_type,
    objective_id,
    objective,
    measures,
    owner,
    starts_on,
    ends_on,
    metric,
    scheme,
    tier,
    period_type,
    unit,
    direction,
    baseline_value as baseline,
    target,
    actual,
    measured_until,
    {{ metric_gap('unit', 'actual', 'target') }} as gap,
    way_share,
    elapsed_share,
    case
        when as_of_date < starts_on then 'not_started'
        when actual is null and as_of_date >= ends_on then 'plan_over'
        when actual is null and has_too_few = 1 then 'too_few'
        when actual is null then 'no_data'
        when target_state = 'met' then 'reached'
        when as_of_date >= ends_on then 'missed'
        when baseline_value is null then 'no_baseline'
        when way_share >= elapsed_share then 'on_track'
        else 'behind'
    end as status,
    resources,
    expected_effect,
    milestones,
    rule_id,
    as_of_date
from measured_out
