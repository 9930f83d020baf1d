{# R4 gives scores 1 to 5; the segments of rfm_segments.csv are written in them. #}
{% macro score_bins() -%}{{ return(5) }}{%- endmacro %}

{# How many of a measure's quantile cut-offs a value reaches: 0 to bins - 1 (half-open bins, a tie goes up). #}
{% macro cuts_reached(column, measure) -%}
    (
        {%- for cut in range(1, score_bins()) %}
        case when {{ column }} >= {{ measure }}_cut_{{ cut }} then 1 else 0 end{% if not loop.last %} +{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
