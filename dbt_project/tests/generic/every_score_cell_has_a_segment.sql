{# Cells of recency, frequency and monetary score (111 to 555) that no row of a profile's segment table holds. #}
{% test every_score_cell_has_a_segment(model) %}
with scores as (

    {% for score in range(1, score_bins() + 1) -%}
    select {{ score }} as score{% if not loop.last %} union all{% endif %}
    {% endfor %}

),

cells as (

    select
        profiles.profile,
        r.score as r_score,
        f.score as f_score,
        m.score as m_score
    from (select distinct profile from {{ model }}) as profiles
    cross join scores as r
    cross join scores as f
    cross join scores as m

)

select cells.*
from cells
left join {{ model }} as segments
    on
        cells.profile = segments.profile
        and cells.r_score between segments.r_min and segments.r_max
        and cells.f_score between segments.f_min and segments.f_max
        and cells.m_score between segments.m_min and segments.m_max
where segments.segment is null
{% endtest %}
