{% set measures = {"recency": "recency_days", "frequency": "scored_frequency", "monetary": "scored_monetary"} %}

with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

-- Type-7 quantiles. Values have two decimals at most, so six decimals hold a quantile exactly and cut off what
-- binary fractions add: a value that ties with its quantile must not fall below it.
quantiles as (

    select
        snapshot_on
        {%- for measure, column in measures.items() %}
        {%- for cut in range(1, score_bins()) %},
        round(
            percentile_cont({{ cut / score_bins() }}) within group (order by cast({{ column }} as double)), 6
        ) as {{ measure }}_cut_{{ cut }}
        {%- endfor %}
        {%- endfor %}
    from snapshots
    where last_purchase_on is not null
    group by snapshot_on

)

select * from quantiles
