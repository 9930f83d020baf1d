{% set keys = ['metric'] + board_dimensions() %}

with bounds as (

    select * from {{ ref('int_board_bounds') }}

),

spans as (

    select
        {{ keys | join(', ') }},
        counts_from,
        counts_until,
        cast(numerator as decimal(18, 2)) as numerator,
        cast(numerator as decimal(38, 4)) as squared,
        denominator
    from {{ ref('int_board_states') }}
    union all
    select
        {{ keys | join(', ') }},
        counts_from,
        counts_until,
        numerator,
        squared,
        denominator
    from {{ ref('int_board_events') }}

),

-- All that was there before the first day that is counted is there on it.
clipped as (

    select
        {% for key in keys %}
        spans.{{ key }},
        {% endfor %}
        greatest(spans.counts_from, bounds.counted_from) as counts_from,
        spans.counts_until,
        bounds.as_of_date,
        spans.numerator,
        spans.squared,
        spans.denominator
    from spans
    cross join bounds

),

unfolded as (

    {{ stacked('clipped', keys + ['as_of_date'], [
        {
            'changed_on': 'counts_from', 'numerator': 'numerator', 'squared': 'squared',
            'denominator': 'denominator',
        },
        {
            'changed_on': 'counts_until', 'numerator': '-numerator', 'squared': '-squared',
            'denominator': '-denominator',
        },
    ]) }}

),

summed as (

    select
        {{ keys | join(', ') }},
        changed_on,
        cast(sum(numerator) as decimal(24, 2)) as numerator,
        cast(sum(squared) as decimal(38, 4)) as squared,
        cast(sum(denominator) as bigint) as denominator
    from unfolded
    where changed_on <= as_of_date
    group by {{ keys | join(', ') }}, changed_on

)

select * from summed
