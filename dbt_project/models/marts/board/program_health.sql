with measures as (

    select * from {{ ref('program_health_measures') }}

),

scores as (

    {{ program_scores('measures') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

weighed as (

    select
        *,
        sum(case when score is not null then dimension_weight else 0 end) over (partition by month_start)
            as known_weight
    from scores

)

select
    weighed.month_start as {{ quoted('month') }},
    weighed.dimension,
    cast(weighed.dimension_rank as integer) as dimension_rank,
    cast(weighed.dimension_weight as double) as weight,
    case
        when weighed.score is null then cast(0 as double)
        else {{ rounded(
            'cast(weighed.dimension_weight as double) / nullif(cast(weighed.known_weight as double), 0)', 8
        ) }}
    end as effective_weight,
    {{ rounded('cast(weighed.score as double)', 8) }} as score,
    '{' || weighed.measures || '}' as measures,
    weighed.missing_measures,
    weighed.is_complete,
    weighed.rule_id,
    run_parameters.as_of_date
from weighed
cross join run_parameters
