with marks as (

    select
        *,
        {{ quoted('month') }} as month_start
    from {{ ref('program_health_measures') }}

),

scores as (

    {{ program_scores('marks') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

summed as (

    select
        month_start,
        is_complete,
        min(rule_id) as rule_id,
        {{ to_decimal(
            'cast(sum(case when score is not null then dimension_weight * score end) as double)'
            ~ ' / cast(sum(case when score is not null then dimension_weight end) as double)',
            18, 12
        ) }} as score,
        cast(sum(case when score is not null then dimension_weight end) as double) as known_weight,
        {{ joined_in_order('case when score is null then dimension end', 'dimension_rank', ',') }}
            as missing_dimensions
    from scores
    group by month_start, is_complete

),

weakest as (

    select
        month_start,
        dimension,
        score
    from scores
    where score is not null
    qualify row_number() over (partition by month_start order by score, dimension_rank) = 1

),

worst as (

    select
        marks.month_start,
        marks.measure,
        marks.marks,
        marks.advice
    from marks
    inner join weakest on marks.month_start = weakest.month_start and marks.dimension = weakest.dimension
    where marks.marks is not null
    qualify row_number() over (partition by marks.month_start order by marks.marks, marks.measure_rank) = 1

),

known_measures as (

    select
        month_start,
        {{ joined_texts('measure') }} as measures
    from marks
    where marks is not null
    group by month_start

),

missing as (

    select
        month_start,
        {{ joined_in_order('measure', 'dimension_rank * 1000 + measure_rank', ',') }} as missing_measures
    from marks
    where marks is null
    group by month_start

),

paired as (

    select
        summed.month_start,
        case when earlier.score is not null then {{ rounded('cast(earlier.score as double)', 8) }} end
            as previous_score,
        case
            when summed.score is null then 'no_data'
            when earlier.score is null then 'no_earlier_period'
            when known_measures.measures != measures_before.measures then 'other_measures'
        end as change_missing_reason,
        summed.score - earlier.score as score_change
    from summed
    left join summed as earlier on {{ add_months('summed.month_start', -1) }} = earlier.month_start
    left join known_measures on summed.month_start = known_measures.month_start
    left join known_measures as measures_before on earlier.month_start = measures_before.month_start

),

-- With the same measures at both ends, what each moved adds up to the change.
moved as (

    select
        later.month_start,
        later.measure,
        {{ rounded(
            'cast(later.dimension_weight as double) / summed.known_weight'
            ~ ' * cast(later.measure_weight as double)'
            ~ ' / cast(sum(later.measure_weight) over (partition by later.month_start, later.dimension) as double)'
            ~ ' * cast(later.marks - earlier.marks as double)',
            6
        ) }} as points,
        later.dimension_rank * 1000 + later.measure_rank as place
    from marks as later
    inner join marks as earlier
        on
            later.measure = earlier.measure
            and {{ add_months('later.month_start', -1) }} = earlier.month_start
    inner join summed on later.month_start = summed.month_start
    inner join paired on later.month_start = paired.month_start
    where later.marks is not null and earlier.marks is not null and paired.change_missing_reason is null

),

movers as (

    select
        moved.month_start,
        moved.measure,
        moved.points
    from moved
    inner join paired on moved.month_start = paired.month_start
    where moved.points * cast(paired.score_change as double) > 0
    qualify row_number() over (partition by moved.month_start order by abs(moved.points) desc, moved.place) = 1

)

select
    summed.month_start as {{ quoted('month') }},
    {{ rounded('cast(summed.score as double)', 8) }} as score,
    case
        when summed.score >= profile.program_excellent_from then 'excellent'
        when summed.score >= profile.program_good_from then 'good'
        when summed.score is not null then 'to_improve'
    end as grade,
    weakest.dimension as weakest_dimension,
    worst.measure as weakest_measure,
    case when worst.marks < 100 then worst.advice when worst.measure is not null then 'keep_going' end as advice,
    summed.missing_dimensions,
    missing.missing_measures,
    paired.previous_score,
    case when paired.change_missing_reason is null then {{ rounded('cast(paired.score_change as double)', 8) }} end
        as score_change,
    movers.measure as moved_by,
    movers.points as moved_by_points,
    paired.change_missing_reason,
    case when summed.score is null then 'no_data' end as missing_reason,
    summed.is_complete,
    coalesce(
        summed.rule_id || ': ' || {{ as_text('summed.score', 4) }} || ', excellent from '
        || {{ as_text('profile.program_excellent_from', 0) }} || ', good from '
        || {{ as_text('profile.program_good_from', 0) }} || coalesce('; without ' || missing.missing_measures, ''),
        summed.rule_id || ': no measure has data'
    ) as reason,
    summed.rule_id,
    run_parameters.as_of_date
from summed
cross join profile
cross join run_parameters
inner join paired on summed.month_start = paired.month_start
left join weakest on summed.month_start = weakest.month_start
left join worst on summed.month_start = worst.month_start
left join missing on summed.month_start = missing.month_start
left join movers on summed.month_start = movers.month_start
