{#
  A SELECT of one row per month and dimension from rows of program_health_measures: the weighted mean of the marks that are
  there, its measures as members of a JSON object, and those that are missing. Decimals, so that the order of measures
  changes nothing and a score of 80 is 80 on every engine.
#}
{% macro program_scores(relation) -%}
    select
        {{ quoted('month') }} as month_start,
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
            "'\"' || measure || '\": {\"value\": ' || coalesce(" ~ as_text(quoted('value'), 6) ~ ", 'null')"
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
    from {{ relation }}
    group by {{ quoted('month') }}, is_complete, dimension, dimension_rank, dimension_weight
{%- endmacro %}
