with figures as (

    select * from {{ ref('int_program_figures') }}

),

months as (

    select * from {{ ref('int_program_months') }}

),

measures as (

    {{ profile_rows(ref('program_measures'), 'rule_rows.measure') }}

),

dimensions as (

    {{ profile_rows(ref('program_dimensions'), 'rule_rows.dimension') }}

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
        figures.numerator,
        figures.denominator,
        figures.figure,
        figures.missing_reason,
        case
            when figures.figure is not null
                then {{ to_decimal(
                    '100 * least(1, greatest(0, (figures.figure - measures.zero_mark)'
                    ~ ' / (measures.full_mark - measures.zero_mark)))',
                    18, 12
                ) }}
        end as marks
    from months
    inner join figures on months.month_start = figures.month_start
    inner join measures on figures.measure = measures.measure
    inner join dimensions on measures.dimension = dimensions.dimension
    where measures.weight > 0 and dimensions.weight > 0

)

select * from marked
