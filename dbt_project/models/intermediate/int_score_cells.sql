with scores as (

    {% for score in range(1, score_bins() + 1) -%}
    select {{ score }} as score
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

segments as (

    {{ profile_rows(ref('rfm_segments'), '1') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

-- R5, rounded where binary fractions end: a score that is 80 on paper must meet "at least 80".
weighted as (

    select
        r.score as r_score,
        f.score as f_score,
        m.score as m_score,
        {{ rounded(
            '100.0 * (profile.recency_weight * (r.score - 1) + profile.frequency_weight * (f.score - 1)'
            ~ ' + profile.monetary_weight * (m.score - 1))'
            ~ ' / ((profile.recency_weight + profile.frequency_weight + profile.monetary_weight)'
            ~ ' * ' ~ (score_bins() - 1) ~ ')',
            6
        ) }} as rfm_score
    from scores as r
    cross join scores as f
    cross join scores as m
    cross join profile

),

segmented as (

    select
        weighted.*,
        segments.segment as rfm_segment,
        segments.rule_id as segment_rule_id
    from weighted
    left join segments
        on
            weighted.r_score between segments.r_min and segments.r_max
            and weighted.f_score between segments.f_min and segments.f_max
            and weighted.m_score between segments.m_min and segments.m_max
    qualify row_number() over (
        partition by weighted.r_score, weighted.f_score, weighted.m_score order by segments.segment_rank
    ) = 1

)

select * from segmented
