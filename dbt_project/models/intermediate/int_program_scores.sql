with marks as (

    select * from {{ ref('int_program_marks') }}

),

summed as (

    select
        month_start,
        is_complete,
        dimension,
        dimension_rank,
        dimension_weight,
        min(rule_id) as rule_id,
        {{ to_decimal(
            'cast(sum(case when marks is not null then measure_weight * marks end) as double)'
            ~ ' / cast(sum(case when marks is not null then measure_weight end) as double)',
            18, 12
        ) }} as score,
        {{ joined_in_order(
            "'\"' || measure || '\": {\"value\": ' || coalesce(" ~ as_text('figure', 6) ~ ", 'null')"
            ~ " || ', \"numerator\": ' || coalesce(" ~ as_text('numerator', 0) ~ ", 'null')"
            ~ " || ', \"denominator\": ' || coalesce(" ~ as_text('denominator', 0) ~ ", 'null')"
            ~ " || ', \"zero_mark\": ' || " ~ as_text('zero_mark', 6)
            ~ " || ', \"full_mark\": ' || " ~ as_text('full_mark', 6)
            ~ " || ', \"weight\": ' || " ~ as_text('measure_weight', 6)
            ~ " || ', \"marks\": ' || coalesce(" ~ as_text('marks', 4) ~ ", 'null')"
            ~ " || ', \"missing_reason\": ' || coalesce('\"' || missing_reason || '\"', 'null') || '}'",
            'measure_rank',
            ', '
        ) }} as measures,
        {{ joined_in_order('case when marks is null then measure end', 'measure_rank', ',') }} as missing_measures
    from marks
    group by month_start, is_complete, dimension, dimension_rank, dimension_weight

)

select * from summed
