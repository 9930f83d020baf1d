{% set measures = {"recency": "recency_days", "frequency": "scored_frequency", "monetary": "scored_monetary"} %}

with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Type-7 quantiles, and what the profile adds to them (the R package rfm adds 1). Values have two decimals at most, so
-- six decimals hold a quantile exactly and cut off what binary fractions add: a tie must not fall below its quantile.
quantiles as (

    select
        {% for measure, column in measures.items() %}{% for cut in range(1, score_bins()) %}
        round(
            percentile_cont({{ cut / score_bins() }}) within group (order by cast(snapshots.{{ column }} as double))
            + max(profile.score_cut_offset),
            6
        ) as {{ measure }}_cut_{{ cut }},
        {% endfor %}{% endfor %}
        snapshots.snapshot_on
    from snapshots
    cross join profile
    where snapshots.last_purchase_on is not null
    group by snapshots.snapshot_on

)

select * from quantiles
