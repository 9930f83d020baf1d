{% set measures = {"recency": "recency_days", "frequency": "scored_frequency", "monetary": "scored_monetary"} %}
{% set cuts = range(1, score_bins()) %}
{% set shares = [] %}
{% for cut in cuts %}{% do shares.append(cut / score_bins()) %}{% endfor %}

with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- Scores of equal counts need no cut-offs.
buyers as (

    select snapshots.*
    from snapshots
    inner join profile on profile.score_convention = 'quantile'
    where snapshots.last_purchase_on is not null

),

-- Type 7.
quantiles as (

    select
        {% for measure, column in measures.items() %}
        {{ quantiles('cast(' ~ column ~ ' as double)', shares) }} as {{ measure }}_quantiles,
        {% endfor %}
        snapshot_on
    from buyers
    group by snapshot_on

),

-- With what the profile adds to them (the R package rfm adds 1). Values have two decimals at most, so six decimals hold
-- a quantile exactly and cut off what binary fractions add: a tie must not fall below its quantile.
cutoffs as (

    select
        {% for measure in measures %}{% for cut in cuts %}
        {{ rounded(nth_quantile('quantiles.' ~ measure ~ '_quantiles', cut) ~ ' + profile.score_cut_offset', 6) }}
            as {{ measure }}_cut_{{ cut }},
        {% endfor %}{% endfor %}
        quantiles.snapshot_on
    from quantiles
    cross join profile

)

select * from cutoffs
