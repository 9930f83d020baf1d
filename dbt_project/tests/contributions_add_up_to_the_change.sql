-- What the values of a dimension add is the change of the metric, but for the decimals that are shown.
with summed as (

    select
        metric,
        dimension,
        sum(contribution) as contribution
    from {{ ref('kpi_contributions') }}
    group by metric, dimension

)

select
    summed.metric,
    summed.dimension,
    summed.contribution,
    board.trend_7d
from summed
inner join {{ ref('kpi_board') }} as board on summed.metric = board.metric
where abs(summed.contribution - board.trend_7d) > 0.001
